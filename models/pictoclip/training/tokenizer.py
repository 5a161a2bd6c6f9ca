"""Text -> the rows that the text tower reads. The TypeScript tokenizer has the same rules; tokens.json ties them."""

import re
import unicodedata
import zlib

import numpy as np

MAX_WORDS = 12
MAX_NGRAMS = 20
NGRAM_ROWS = 16384
ACCENTS = re.compile('[\u0300-\u036f]')
SCRIPTS = {'han': ('\u3400', '\u9fff'), 'hiragana': ('\u3040', '\u309f'), 'katakana': ('\u30a0', '\u30ff')}
POSSESSIVE = re.compile(r"['\u2019](?=[st]\b)")


def words_of(text):
    """Lower case, accents dropped, "dog's" read as "dogs"; at most MAX_WORDS words. A word is a run of letters, marks and
    digits of any script; scripts without spaces are cut smaller: every Han character, every run of hiragana or katakana."""
    plain = ACCENTS.sub('', unicodedata.normalize('NFD', POSSESSIVE.sub('', text.lower())))
    words, before = [], None
    for letter in unicodedata.normalize('NFC', plain):
        kind = kind_of(letter)
        if kind and kind == before != 'han':
            words[-1] += letter
        elif kind:
            words.append(letter)
        before = kind
    return words[:MAX_WORDS]


def kind_of(letter):
    """The script, as far as words end where it changes; None for what is no part of a word"""
    if unicodedata.category(letter)[0] not in 'LMN':
        return None
    return next((name for name, (first, last) in SCRIPTS.items() if first <= letter <= last), 'other')


def ngrams_of(word):
    """Rows 1..NGRAM_ROWS-1 of the character 3-, 4- and 5-grams (in code points) of <word>, at most MAX_NGRAMS."""
    marked = f'<{word}>'
    grams = [marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1)]
    return [zlib.crc32(gram.encode()) % (NGRAM_ROWS - 1) + 1 for gram in grams[:MAX_NGRAMS]]


class Tokenizer:
    """Words of the list get a row of their own (1..), other words row 0; every word gets its n-gram rows."""

    def __init__(self, words):
        self.row = {word: index + 1 for index, word in enumerate(words)}
        self.known = {}

    def rows_of(self, word):
        """-> (word row, n-gram rows), remembered."""
        if word not in self.known:
            self.known[word] = self.row.get(word, 0), ngrams_of(word)
        return self.known[word]

    def encode(self, texts):
        """The form of the exported model: words int64[B, T] (0 = unknown, -1 = padding),
        ngrams int64[B, T, MAX_NGRAMS] (0 = none), T = words of the longest text, at least 1."""
        index, words, ngrams = self.encode_distinct(texts)
        here = index >= 0
        return np.where(here, words[index], -1), np.where(here[..., None], ngrams[index], 0)

    def encode_distinct(self, texts):
        """The form of training, where each distinct word is embedded once: index int64[B, T] into the words
        (-1 = padding), words int64[U], ngrams int64[U, MAX_NGRAMS]."""
        split = [words_of(text) for text in texts]
        distinct = {}
        index = np.full((len(texts), max(1, *map(len, split))) if split else (0, 1), -1, np.int64)
        for b, words in enumerate(split):
            for t, word in enumerate(words):
                index[b, t] = distinct.setdefault(word, len(distinct))
        rows = np.zeros(max(1, len(distinct)), np.int64)
        ngrams = np.zeros((len(rows), MAX_NGRAMS), np.int64)
        for u, word in enumerate(distinct):
            rows[u], grams = self.rows_of(word)
            ngrams[u, : len(grams)] = grams
        return index, rows, ngrams
