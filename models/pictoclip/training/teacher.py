"""The teacher of words: MiniLM sentence vectors of a wide vocabulary, and the target space that is made from them.

Writes to the work folder: vocabulary.json {own, coloured, phrases, words, kinds, narrower}, phrases.npy and glosses.npy
float16[P, 384], space.npz (mean, basis). Sources: labels and tags of the concepts, Debian's wamerican and wordnet-base.
"""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers

from hierarchy import drawn_sense, plain, read_senses, read_uses, wordnet_terms
from languages import SENTENCES, labels_and_keywords
from lexicon import COLOUR_NAMES
from tokenizer import words_of

DIMENSION = 256
WHITENING = 0.35  # 0 = plain principal axes, 1 = all axes equally long; the ranking hardly depends on it
WORD_ROWS = 49152  # rows of the text tower's word table, row 0 = unknown word
KEYWORD_ROWS = 8000  # of them for words that stand in keywords of other languages, but in no label
GLOSSED = ('noun', 'adj', 'verb')  # WordNet's files whose words are explained to the teacher
GLUE = ['a', 'an', 'of', 'the', 'and', 'with', 'on', 'in', 'for']


class MiniLM:
    """all-MiniLM-L6-v2 from a folder with tokenizer.json and model_fp16_weights.onnx or model.onnx."""

    def __init__(self, folder, threads=2):
        self.tokenizer = tokenizers.Tokenizer.from_file(f'{folder}/tokenizer.json')
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(32)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        self.session = onnxruntime.InferenceSession(find_weights(folder), options, providers=['CPUExecutionProvider'])

    def encode(self, texts, batch=256):
        """-> float32[len(texts), 384], L2-normalised. Texts of one length share a batch: padding costs nothing."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(texts)), key=lambda i: len(ids[i]))
        out = np.zeros((len(texts), 384), np.float32)
        for start in range(0, len(texts), batch):
            rows = order[start : start + batch]
            out[rows] = self.run([ids[row] for row in rows])
        return out

    def run(self, ids):
        """Token ids of one batch -> float32[B, 384]; token outputs are averaged and normalised here."""
        padded = np.zeros((len(ids), max(map(len, ids))), np.int64)
        mask = np.zeros_like(padded)
        for row, tokens in enumerate(ids):
            padded[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        out = self.session.run(None, {'input_ids': padded, 'attention_mask': mask, 'token_type_ids': 0 * padded})[0]
        if out.ndim == 3:
            out = (out * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        return out / np.linalg.norm(out, axis=1, keepdims=True)


def find_weights(folder):
    """The ONNX file of the folder, wherever the package keeps it."""
    found = sorted(Path(folder).rglob('*.onnx'), key=lambda path: path.stat().st_size)
    if not found:
        raise FileNotFoundError(
            f'[teacher] no weights: got no .onnx file in {folder}, expected all-MiniLM-L6-v2. See README.md.'
        )
    return str(found[-1])


def wordnet_nouns():
    """Nouns for things, of one to three words, in the order of WordNet's file."""
    lemmas = [lemma for sense in read_senses().values() if sense.is_concrete for lemma in sense.lemmas]
    return [lemma for lemma in lemmas if re.fullmatch(r"[a-z][a-z' -]{2,24}", lemma) and lemma.count(' ') < 3]


def wordnet_counts(folder='/usr/share/wordnet'):
    """{lemma: how often WordNet's tagged texts use it}; it orders the word list."""
    counts = {}
    for line in open(f'{folder}/cntlist.rev'):
        key, _, count = line.split()
        lemma = key.split('%')[0].replace('_', ' ')
        counts[lemma] = counts.get(lemma, 0) + int(count)
    return counts


def first_glosses(folder='/usr/share/wordnet'):
    """{lemma: [gloss for each part of speech that it is]}: of the noun sense that a picture would show, of the usual
    adjective and verb"""
    glosses, senses, uses = {}, read_senses(), read_uses()
    for part in GLOSSED:
        texts = {}
        for line in open(f'{folder}/data.{part}'):
            if not line.startswith('  '):
                texts[line[:8]] = re.split('[;"]', line.split(' | ', 1)[1])[0].strip()
        for line in open(f'{folder}/index.{part}'):
            offsets = re.findall(r' (\d{8})\b', line)
            if offsets and not line.startswith('  '):
                lemma = plain(line.split(' ', 1)[0])
                offset = drawn_sense(lemma, offsets, senses, uses) if part == 'noun' else offsets[0]
                glosses.setdefault(lemma, []).append(texts[offset])
    return glosses


def explain(teacher, phrases):
    """Vectors [n, 384] of "word: what it means", the mean over parts of speech; zeros where WordNet has no such word. A
    bare word says too little: "parasol" alone is no umbrella to the teacher, "a handheld source of shade" is one."""
    glosses = first_glosses()
    asked = [
        (row, f'{word}: {gloss}')
        for row, phrase in enumerate(phrases)
        for word in [phrase if phrase in glosses else phrase.removesuffix('s')]
        for gloss in glosses.get(word, [])
    ]
    out, count = np.zeros((len(phrases), 384), np.float32), np.zeros((len(phrases), 1), np.float32)
    rows = np.array([row for row, _ in asked])
    np.add.at(out, rows, teacher.encode([text for _, text in asked]))
    np.add.at(count, rows, 1)
    return out / np.maximum(count, 1)


def wide_vocabulary(lexicon, dictionary='/usr/share/dict/american-english'):
    """-> (phrases, own, coloured): first the `own` terms of the concepts, up to `coloured` coloured labels, then
    dictionary words and nouns."""
    own = list(lexicon.terms)
    coloured = [f'{colour} {names[0]}' for names in lexicon.names for colour in COLOUR_NAMES if colour not in names[0]]
    english = [word for word in open(dictionary).read().split('\n') if re.fullmatch('[a-z]{3,14}', word)]
    known = list(dict.fromkeys(own + coloured))
    return list(dict.fromkeys(known + english + wordnet_nouns())), len(own), len(known)


def choose_words(lexicon, phrases, own, kinds):
    """The words with their own row: those of all terms and kinds, of labels and sentences in other languages, the
    commonest of their keywords, then English words by use in WordNet's texts, things before others."""
    labels, keywords = labels_and_keywords(lexicon)
    sentences = [text for texts in SENTENCES.values() for text in texts]
    first = [word for phrase in [*phrases[:own], *kinds, *labels, *sentences] for word in words_of(phrase)]
    counts = Counter(word for phrase in keywords for word in words_of(phrase))
    common = [word for word, _ in (counts - Counter(dict.fromkeys(first, len(keywords)))).most_common(KEYWORD_ROWS)]
    counts, nouns = wordnet_counts(), set(wordnet_nouns())
    rest = {word for phrase in phrases[own:] if ' ' not in phrase for word in words_of(phrase)}
    ranked = sorted(
        rest, key=lambda word: (word not in counts, word not in nouns, -counts.get(word, 0), len(word), word)
    )
    return list(dict.fromkeys(first + GLUE + common + ranked))[: WORD_ROWS - 1]


def make_space(vectors):
    """The principal axes of the vectors, lengths partly equalised: mean [384], basis [384, DIMENSION]."""
    mean = vectors.mean(0)
    variance, axes = np.linalg.eigh(np.cov((vectors - mean).T))
    top = np.argsort(-variance)[:DIMENSION]
    lengths = variance[top] ** (-WHITENING / 2)
    return {'mean': mean.astype(np.float32), 'basis': (axes[:, top] * lengths / lengths.mean()).astype(np.float32)}


def to_space(vectors, space):
    """MiniLM vectors [n, 384] -> [n, DIMENSION], normalised."""
    out = (np.asarray(vectors, np.float32) - space['mean']) @ space['basis']
    return out / np.linalg.norm(out, axis=-1, keepdims=True)


def teach(lexicon, work, folder):
    """Encodes the wide vocabulary and WordNet's glosses (about 270,000 phrases, 8 minutes on 2 cores) and writes it. A work
    folder that was taught before keeps its space and its words: models have learnt them."""
    teacher, before = MiniLM(folder), Path(work, 'vocabulary.json')
    phrases, own, coloured = wide_vocabulary(lexicon)
    kinds, narrower = wordnet_terms(lexicon, teacher.encode)
    known = set(phrases)
    phrases += [phrase for phrase in [*kinds, *narrower] if phrase not in known]
    print(len(phrases), 'phrases,', own, 'terms of concepts,', len(kinds), 'kinds', flush=True)
    vectors, glosses = teacher.encode(phrases), explain(teacher, phrases)
    if before.exists():
        words = json.loads(before.read_text())['words']
    else:
        words = choose_words(lexicon, phrases, own, kinds)
        np.savez(f'{work}/space.npz', **make_space(vectors))
    stored = dict(own=own, coloured=coloured, phrases=phrases, words=words, kinds=kinds, narrower=narrower)
    np.save(f'{work}/phrases.npy', vectors.astype(np.float16))
    np.save(f'{work}/glosses.npy', glosses.astype(np.float16))
    before.write_text(json.dumps(stored))
