"""Golden values for a tokenizer in another language: strings and the rows that tokenizer.py gives them."""

import json

from tokenizer import Tokenizer

STRINGS = [
    '',
    ' ',
    '...',
    'fox',
    'Fox',
    'a red car',
    'A RED CAR!',
    "the dog's ball",
    'the dog’s ball',
    "rock'n'roll",
    'café au lait',
    'cafe\u0301',
    'naïve façade',
    'Ærøskøbing',
    'Straße',
    'İstanbul',
    'ΣΊΣΥΦΟΣ',
    'Кошка',
    'ёлка',
    '寿司',
    '赤い車',
    'さくら',
    'カメラ',
    '자동차',
    'סוס',
    'ไทย',
    'हिन्दी',
    '🦊 fox',
    '👩‍🚀',
    '𝒜lpha',
    'one_two-three',
    'e-mail',
    't-shirt',
    '3rd place medal',
    '½ pizza',
    'x² + y²',
    '١٢٣',
    'first,second;third',
    'tab\tand\nline',
    'xyzzyqwrt',
    'flibbertigibbet',
    'pneumonoultramicroscopicsilicovolcanoconiosis',
    'two pizzas on a blue background next to a very small green bicycle and many other things',
    'i am searching for a picture of a fox, an owl and a hedgehog',
    '1234567890123456789012345',
    'a',
    'é',
    'zoo' * 30,
    'l’arbre de Noël',
    "l'arbre",
    '目がハートの笑顔',
    'ガラス・カメラ',
    '䷀ 々x ー',
    'दिल के साथ चेहरा',
    'Ёлка и кошка',
]


def golden_tokens(words):
    """One line per string: {text, words, ngrams}, each encoded alone; trailing zeros of the n-grams are left out."""
    tokenizer, lines = Tokenizer(words), []
    for text in STRINGS:
        rows, ngrams = tokenizer.encode([text])
        kept = [[gram for gram in grams if gram] for grams in ngrams[0].tolist()]
        lines.append(json.dumps({'text': text, 'words': rows[0].tolist(), 'ngrams': kept}, ensure_ascii=False))
    return '[\n' + ',\n'.join(lines) + '\n]\n'
