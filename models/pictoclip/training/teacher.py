"""The teacher of words: MiniLM sentence vectors of a wide vocabulary, and the target space that is made from them.

Writes to the work folder: vocabulary.json {own, phrases, words}, phrases.npy float16[P, 384], space.npz (mean, basis).
Sources: labels and tags of the concepts, Debian's wamerican and wordnet-base.
"""

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers

from lexicon import COLOUR_NAMES
from tokenizer import words_of

DIMENSION = 256
WHITENING = 0.35  # 0 = plain principal axes, 1 = all axes equally long; the ranking hardly depends on it
WORD_ROWS = 40960  # rows of the text tower's word table, row 0 = unknown word
CONCRETE = {'04', '05', '06', '08', '11', '13', '15', '17', '18', '19', '20', '27', '28'}  # WordNet's files of things
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


def wordnet_nouns(folder='/usr/share/wordnet'):
    """Nouns for things, of one to three words, in the order of WordNet's file."""
    for line in open(f'{folder}/data.noun'):
        fields = line.split(' ')
        if line.startswith('  ') or fields[1] not in CONCRETE:
            continue
        for k in range(int(fields[3], 16)):
            lemma = fields[4 + 2 * k].replace('_', ' ').lower()
            if re.fullmatch(r"[a-z][a-z' -]{2,24}", lemma) and lemma.count(' ') < 3:
                yield lemma


def wordnet_counts(folder='/usr/share/wordnet'):
    """{lemma: how often WordNet's tagged texts use it}; it orders the word list."""
    counts = {}
    for line in open(f'{folder}/cntlist.rev'):
        key, _, count = line.split()
        lemma = key.split('%')[0].replace('_', ' ')
        counts[lemma] = counts.get(lemma, 0) + int(count)
    return counts


def wide_vocabulary(lexicon, dictionary='/usr/share/dict/american-english'):
    """-> (phrases, own, coloured): first the `own` terms of the concepts, up to `coloured` coloured labels, then
    dictionary words and nouns."""
    own = list(lexicon.terms)
    coloured = [f'{colour} {names[0]}' for names in lexicon.names for colour in COLOUR_NAMES if colour not in names[0]]
    english = [word for word in open(dictionary).read().split('\n') if re.fullmatch('[a-z]{3,14}', word)]
    known = list(dict.fromkeys(own + coloured))
    return list(dict.fromkeys(known + english + list(wordnet_nouns()))), len(own), len(known)


def choose_words(phrases, own):
    """The words with their own row: those of all terms, then by use in WordNet's texts, things before others."""
    first = [word for phrase in phrases[:own] for word in words_of(phrase)]
    counts, nouns = wordnet_counts(), set(wordnet_nouns())
    rest = {word for phrase in phrases[own:] if ' ' not in phrase for word in words_of(phrase)}
    ranked = sorted(
        rest, key=lambda word: (word not in counts, word not in nouns, -counts.get(word, 0), len(word), word)
    )
    return list(dict.fromkeys(first + GLUE + ranked))[: WORD_ROWS - 1]


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
    """Encodes the wide vocabulary (about 155,000 phrases, 3 minutes on 2 cores) and writes it."""
    phrases, own, coloured = wide_vocabulary(lexicon)
    print(len(phrases), 'phrases,', own, 'terms of concepts', flush=True)
    vectors = MiniLM(folder).encode(phrases)
    np.save(f'{work}/phrases.npy', vectors.astype(np.float16))
    np.savez(f'{work}/space.npz', **make_space(vectors))
    with open(f'{work}/vocabulary.json', 'w') as file:
        json.dump({'own': own, 'coloured': coloured, 'phrases': phrases, 'words': choose_words(phrases, own)}, file)
