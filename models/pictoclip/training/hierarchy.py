"""What WordNet adds to the lexicon: other names of a concept's thing, the kinds that it belongs to, narrower words.

A concept is tied to the noun sense whose gloss the teacher finds most like the concept's label and tags. From there the
other lemmas of the sense name the concept too, every sense above names a kind that covers it, and every noun whose usual
sense lies below it ("cheddar") is answered by it.
"""

import re
from dataclasses import dataclass, field

import numpy as np

THINGS = {'animals-nature', 'food-drink', 'objects', 'travel-places', 'activities'}  # "red apple" is an apple here
WIDEST = 0.2  # kinds that cover a larger share of all concepts say nothing
BY_NAME, BY_GROUP, BY_TAG = 1.0, 0.7, 0.4  # how far a sense is trusted that was looked up by this
LIKEST, LIKE_ENOUGH = 0.25, 0.35  # least cosine of a gloss to the concept, by name and by group or tag
GROUNDED = 0.05  # bonus of senses for concrete things
CONCRETE = {'04', '05', '06', '08', '11', '13', '15', '17', '18', '19', '20', '27', '28'}  # WordNet's files of things


@dataclass
class Sense:
    """One noun sense: WordNet's file number, lemmas, offsets of the senses right above it, gloss."""

    topic: str
    lemmas: list
    above: list
    gloss: str
    below: list = field(default_factory=list)

    @property
    def is_concrete(self):
        return self.topic in CONCRETE


def plain(lemma):
    return re.sub(r'\(\w+\)$', '', lemma).replace('_', ' ').lower()


def read_senses(folder='/usr/share/wordnet'):
    """-> {offset: Sense} of all nouns"""
    senses = {}
    for line in open(f'{folder}/data.noun'):
        if line.startswith('  '):
            continue
        facts, gloss = line.split(' | ', 1)
        fields = facts.split(' ')
        count = int(fields[3], 16)
        pointers = fields[5 + 2 * count :]
        above = [pointers[4 * k + 1] for k in range((len(pointers) - 1) // 4) if pointers[4 * k] in ('@', '@i')]
        lemmas = [plain(lemma) for lemma in fields[4 : 4 + 2 * count : 2]]
        senses[fields[0]] = Sense(fields[1], lemmas, above, gloss.split(';')[0].strip())
    for offset, sense in senses.items():
        for other in sense.above:
            senses[other].below.append(offset)
    return senses


def read_index(folder='/usr/share/wordnet'):
    """-> {lemma: offsets of its senses, the most usual first}"""
    index = {}
    for line in open(f'{folder}/index.noun'):
        if not line.startswith('  '):
            fields = line.split()
            index[plain(fields[0])] = [part for part in fields[4:] if re.fullmatch(r'\d{8}', part)]
    return index


def nouns_of(concept, name, index):
    """The lemma by which a name may be looked up, in a list: all of it, or its longest ending where it is a thing."""
    words = name.lower().replace('-', ' ').replace('\u2019', "'").split(' ')
    starts = range(len(words)) if concept['group'] in THINGS else [0]
    endings = [' '.join(words[start:]) for start in starts]
    known = [form for ending in endings for form in (ending, ending.removesuffix('s')) if form in index]
    return known[:1]


def lookups(concept, names, tags, index):
    """-> [(lemma, weight)] under which WordNet may know a concept"""
    own = [(noun, BY_NAME) for name in names for noun in nouns_of(concept, name, index)]
    group = [(word, BY_GROUP) for word in concept['subgroup'].split('-') if word in index]
    return own + group + [(tag, BY_TAG) for tag in tags if tag in index]


def tie_concepts(lexicon, senses, index, encode):
    """-> for every concept {offset of a sense: weight}: of each lemma the sense whose gloss is most like the concept.
    encode: texts -> unit vectors"""
    asked = [lookups(*row, index) for row in zip(lexicon.concepts, lexicon.names, lexicon.tags)]
    offsets = sorted({offset for row in asked for noun, _ in row for offset in index[noun]})
    glosses = encode([f'{", ".join(senses[o].lemmas)}: {senses[o].gloss}' for o in offsets])
    row_of = {offset: row for row, offset in enumerate(offsets)}
    concepts = encode([', '.join([names[0], *tags[:8]]) for names, tags in zip(lexicon.names, lexicon.tags)])
    return [tie(vector, row, lambda o: glosses[row_of[o]], senses, index) for vector, row in zip(concepts, asked)]


def tie(vector, row, gloss_of, senses, index):
    """The senses of one concept: {offset: weight}"""
    ties = {}
    for noun, weight in row:
        scores = {o: float(vector @ gloss_of(o)) + GROUNDED * senses[o].is_concrete for o in index[noun]}
        best = max(scores, key=scores.get)
        if scores[best] > (LIKEST if weight == BY_NAME else LIKE_ENOUGH):
            ties[best] = max(ties.get(best, 0), weight)
    return ties


def names_and_kinds(ties, senses):
    """-> {lemma: {concept that it names or covers: weight}}"""
    members = {}
    for concept, row in enumerate(ties):
        for offset, weight in row.items():
            for sense in all_above(offset, senses):
                for lemma in senses[sense].lemmas:
                    own = members.setdefault(lemma, {})
                    own[concept] = max(own.get(concept, 0), weight)
    return {lemma: some for lemma, some in members.items() if sum(some.values()) <= WIDEST * len(ties)}


def all_above(offset, senses):
    """A sense and all that are above it"""
    reached, edge = set(), [offset]
    while edge:
        current = edge.pop()
        if current not in reached:
            reached.add(current)
            edge += senses[current].above
    return reached


def narrower_words(ties, senses, index):
    """-> {lemma whose usual sense lies below a concept's: {concept right above it: 1}}"""
    nearest = {}
    for concept, row in enumerate(ties):
        for offset in [offset for offset, weight in row.items() if weight == BY_NAME]:
            nearest.setdefault(offset, {})[concept] = BY_NAME
    members, edge, seen = {}, list(nearest), set(nearest)
    while edge:
        current = edge.pop(0)
        for below in senses[current].below:
            if below in seen:
                continue
            seen.add(below)
            nearest[below] = nearest[current]
            edge.append(below)
            for lemma in senses[below].lemmas:
                if index.get(lemma, [None])[0] == below:
                    members.setdefault(lemma, {}).update(nearest[current])
    return members


def wordnet_terms(lexicon, encode):
    """-> ({phrase of up to three words: {concept: weight}} of names and kinds, and the same of narrower words)"""
    senses, index = read_senses(), read_index()
    ties = tie_concepts(lexicon, senses, index, encode)
    wide, narrow = names_and_kinds(ties, senses), narrower_words(ties, senses, index)
    own = {lemma: some for lemma, some in wide.items() if is_plain(lemma, 3)}
    known = own.keys() | lexicon.term_row.keys()
    return own, {lemma: some for lemma, some in narrow.items() if is_plain(lemma, 2) and lemma not in known}


def is_plain(lemma, words):
    """Letters only, and of so many words at most"""
    return re.fullmatch(r"[a-z][a-z' -]{1,28}", lemma) and lemma.count(' ') < words
