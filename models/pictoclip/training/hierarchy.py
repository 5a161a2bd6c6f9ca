"""What WordNet adds to the lexicon: other names of a concept's thing, the kinds that it belongs to, narrower words.

A concept is tied to the noun sense whose gloss the teacher finds most like the concept's label and tags, with a preference
for the topic of its group: by glosses alone the horse is cavalry and the wolf a cruel person. From there the other lemmas of
the sense name the concept too, every sense above names a kind that covers it, and every noun that a picture would show in
a sense below it ("cheddar") is answered by it.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

THINGS = {'animals-nature', 'food-drink', 'objects', 'travel-places', 'activities'}  # "red apple" is an apple here
WIDEST = 0.2  # kinds that cover a larger share of all concepts say nothing
BY_NAME, BY_ENDING, BY_GROUP, BY_TAG = 1.0, 0.95, 0.7, 0.4  # how far a sense is trusted that was looked up by this
MANY = 6  # most concepts tied to an ending's sense or below it; with more it is a kind: a tram is no "utility vehicle"
LIKEST, LIKE_ENOUGH = 0.25, 0.35  # least likeness of a gloss to the concept, by name and by group or tag
GROUNDED = 0.05  # added to the cosine of senses for concrete things: together the likeness
AT_HOME = 0.3  # preference, where senses are compared, for the topic that a concept's group is about
HOMES = {  # WordNet's files of topics, by the beginning of the subgroup's name: the longest counts
    'animal': {'05'}, 'plant': {'20'}, 'food': {'13', '20'}, 'drink': {'13'}, 'dishware': {'06'}, 'transport': {'06'},
    'transport-sign': set(), 'place': {'06'}, 'place-geographic': {'17', '15'}, 'sky': {'17', '19'}, 'hotel': {'06'},
}  # fmt: skip
DRAWN = {'05', '06', '13', '20'}  # animals, artefacts, food, plants
RARE = 3  # uses of a noun's usual sense in WordNet's tagged texts below which another may be meant
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
        above = [pointers[4 * k + 1] for k in range(len(pointers) // 4) if pointers[4 * k] in ('@', '@i')]
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


def read_uses(folder='/usr/share/wordnet'):
    """-> {(lemma, number of its noun sense from 1): how often WordNet's tagged texts use it}"""
    uses = {}
    for line in open(f'{folder}/cntlist.rev'):
        key, number, count = line.split()
        lemma, _, part = key.partition('%')
        if part.startswith('1:'):
            uses[plain(lemma), int(number)] = int(count)
    return uses


def drawn_sense(lemma, offsets, senses, uses):
    """The offset of the sense in which a picture would show a noun: the usual one or, where texts hardly use that, the
    first of a thing that is often drawn. A canary is a bird here, not an informer."""
    if uses.get((lemma, 1), 0) >= RARE:
        return offsets[0]
    return next((offset for offset in offsets if senses[offset].topic in DRAWN), offsets[0])


def home_of(concept):
    """The topics in which the things of a concept's group stand"""
    found = [name for name in HOMES if concept['subgroup'].startswith(name)]
    if found:
        return HOMES[max(found, key=len)]
    return {'06'} if concept['group'] == 'objects' else set()


def spelling(name):
    return name.lower().replace('-', ' ').replace('\u2019', "'")


def nouns_of(concept, name, index):
    """The lemma by which a name may be looked up, in a list: all of it, or its longest ending where it is a thing."""
    words = spelling(name).split(' ')
    starts = range(len(words)) if concept['group'] in THINGS else [0]
    endings = [' '.join(words[start:]) for start in starts]
    known = [form for ending in endings for form in (ending, ending.removesuffix('s')) if form in index]
    return known[:1]


def lookups(concept, names, tags, index):
    """-> [(lemma, weight)] under which WordNet may know a concept, its names first"""
    spelt = {form for name in names for form in (spelling(name), spelling(name).removesuffix('s'))}
    nouns = [noun for name in names for noun in nouns_of(concept, name, index)]
    own = [(noun, BY_NAME if noun in spelt else BY_ENDING) for noun in nouns]
    group = [(word, BY_GROUP) for word in concept['subgroup'].split('-') if word in index]
    return own + group + [(tag, BY_TAG) for tag in tags if tag in index]


def tie_concepts(lexicon, senses, index, encode):
    """-> for every concept {offset of a sense: weight}: of each lemma the sense whose gloss is most like the concept.
    encode: texts -> unit vectors"""
    asked = [lookups(*row, index) for row in zip(lexicon.concepts, lexicon.names, lexicon.tags)]
    offsets = sorted({offset for row in asked for noun, _ in row for offset in index[noun]})
    glosses = encode([f'{", ".join(senses[o].lemmas)}: {senses[o].gloss}' for o in offsets])
    row_of = {offset: row for row, offset in enumerate(offsets)}
    vectors = encode([', '.join([names[0], *tags[:8]]) for names, tags in zip(lexicon.names, lexicon.tags)])
    ties = []
    for concept, names, vector, row in zip(lexicon.concepts, lexicon.names, vectors, asked):
        likeness = {
            offset: float(vector @ glosses[row_of[offset]]) + GROUNDED * senses[offset].is_concrete
            for noun, _ in row
            for offset in index[noun]
        }
        home = {offset for offset in likeness if senses[offset].topic in home_of(concept)}
        ties.append(tie([(noun, weight, index[noun]) for noun, weight in row], likeness, home, spelling(names[0])))
    return ties


def tie(row, likeness, home, label):
    """The senses of one concept: {offset: weight}. row [(lemma, weight, offsets)], names first; likeness {offset: to the
    concept}; home: offsets of its group's topic. A tag that is a word of the label counts as its name where it is more
    like the concept than what the names mean at home: a cheese wedge is a cheese."""
    ties, named = {}, 0
    for noun, weight, offsets in row:
        best = max(offsets, key=lambda offset: likeness[offset] + AT_HOME * (offset in home))
        if likeness[best] <= (LIKEST if weight >= BY_ENDING else LIKE_ENOUGH):
            continue
        if weight == BY_TAG and likeness[best] > named and best in home and noun in label.split(' '):
            weight = BY_NAME
        if weight >= BY_ENDING and (weight == BY_NAME or best in home):
            named = max(named, 1 if noun == label else likeness[best])
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


def narrower_words(ties, senses, index, uses):
    """-> {lemma that is drawn in a sense below a concept's: {concept right above it: 1}}. uses: see read_uses"""
    covered = Counter(sense for row in ties for sense in set().union(*(all_above(offset, senses) for offset in row)))
    nearest = {}
    for concept, row in enumerate(ties):
        for offset, weight in row.items():
            if weight == BY_NAME or (weight == BY_ENDING and covered[offset] <= MANY):
                nearest.setdefault(offset, {})[concept] = BY_NAME
    members, edge, seen = {}, list(nearest), set(nearest)
    while edge:
        current = edge.pop(0)
        for lower in senses[current].below:
            if lower in seen:
                continue
            seen.add(lower)
            nearest[lower] = nearest[current]
            edge.append(lower)
            for lemma in senses[lower].lemmas:
                if lemma in index and drawn_sense(lemma, index[lemma], senses, uses) == lower:
                    members.setdefault(lemma, {}).update(nearest[current])
    return members


def wordnet_terms(lexicon, encode):
    """-> ({phrase of up to three words: {concept: weight}} of names and kinds, and the same of narrower words)"""
    senses, index = read_senses(), read_index()
    ties = tie_concepts(lexicon, senses, index, encode)
    wide, narrow = names_and_kinds(ties, senses), narrower_words(ties, senses, index, read_uses())
    own = {lemma: some for lemma, some in wide.items() if is_plain(lemma, 3)}
    known = own.keys() | lexicon.term_row.keys()
    return own, {lemma: some for lemma, some in narrow.items() if is_plain(lemma, 2) and lemma not in known}


def is_plain(lemma, words):
    """Letters only, and of so many words at most"""
    return re.fullmatch(r"[a-z][a-z' -]{1,28}", lemma) and lemma.count(' ') < words
