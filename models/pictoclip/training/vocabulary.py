"""The phrases to learn from, each with its place in the shared space, and the sampler of texts as people type them."""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from anchors import Forces, anchor
from captions import FILLERS
from languages import in_colour, in_sentence, labels_and_keywords
from lexicon import COLOUR_NAMES, plural
from teacher import to_space
from tokenizer import words_of

NEAREST = 50000  # English phrases besides terms, kinds and narrower words: the ones that are nearest to any concept
FARTHEST = 12000  # and those that are farthest from all: what no picture shows ("lease giver", "demographics")
TAG_WEIGHT = 0.5  # a concept's vector = its label + TAG_WEIGHT x the mean of its tags
NAMES = Forces(teacher=4.0)  # of labels and their short names, in all languages: pictures teach them as well
KINDS = Forces(teacher=24.0, members=16.0)  # of tags, and of WordNet's other names and kinds; see README.md, step 3
NARROWER = Forces(teacher=24.0, members=10.0)  # of words below a concept, some of which lie below the wrong one
SHARES = {
    'own': 0.17, 'kinds': 0.18, 'narrower': 0.12, 'coloured': 0.08, 'others': 0.14, 'labels': 0.16, 'keywords': 0.07,
    'tinted': 0.03, 'nonsense': 0.05,
}  # fmt: skip
HERE = Path(__file__).resolve().parent
KEYBOARD = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm']


class Vocabulary:
    """What teacher.teach wrote, and the texts of other languages: phrases, targets float32[P, D], words."""

    def __init__(self, work, lexicon):
        with open(f'{work}/vocabulary.json') as file:
            stored = json.load(file)
        self.phrases, self.own, self.coloured, self.words = (stored[k] for k in ('phrases', 'own', 'coloured', 'words'))
        self.row = {phrase: row for row, phrase in enumerate(self.phrases)}
        self.label_rows = [self.row[names[0]] for names in lexicon.names]
        self.term_rows = torch.tensor([self.row[term] for term in lexicon.terms])
        self.targets = self.read_teacher(work)
        self.concept_targets = torch.stack([self.concept_target(*pair) for pair in zip(lexicon.names, lexicon.tags)])
        self.nothing = F.normalize(-self.concept_targets.mean(0), dim=0)
        stored['kinds'], stored['narrower'] = self.uncoloured(stored['kinds']), self.uncoloured(stored['narrower'])
        self.kinds = [self.row[kind] for kind in stored['kinds']]
        self.narrower = [self.row[word] for word in stored['narrower']]
        ranked = self.by_likeness({*self.kinds, *self.narrower})
        self.others, in_vain = ranked[:NEAREST], asked_in_vain()
        self.strangers = [row for row in ranked[-FARTHEST:] if self.phrases[row] not in in_vain]
        self.place_known(lexicon, stored)
        self.place_foreign(lexicon)

    def uncoloured(self, members):
        """{phrase: members} without coloured labels: a red fox is to be one that is red, whatever else WordNet calls so"""
        return {phrase: some for phrase, some in members.items() if not self.own <= self.row[phrase] < self.coloured}

    def read_teacher(self, work):
        """The teacher's vectors in the space [P, D]; half of what is neither term nor coloured label is its gloss."""
        space = np.load(f'{work}/space.npz')
        targets = torch.from_numpy(to_space(np.load(f'{work}/phrases.npy'), space))
        glosses = np.load(f'{work}/glosses.npy')
        rows = np.nonzero(glosses.any(1))[0]
        rows = rows[rows >= self.coloured]
        targets[rows] += torch.from_numpy(to_space(glosses[rows], space))
        return F.normalize(targets, dim=1)

    def concept_target(self, names, tags):
        """[D], normalised"""
        label = self.targets[self.row[names[0]]]
        rows = [self.row[tag] for tag in tags if tag != names[0]]
        return F.normalize(label + TAG_WEIGHT * (self.targets[rows].mean(0) if rows else label), dim=0)

    def by_likeness(self, without):
        """Rows of the phrases that are no terms, the one nearest to any concept first. Those in the middle are not
        learnt: they would only cost capacity."""
        rows = torch.tensor([row for row in range(self.coloured, len(self.phrases)) if row not in without])
        likeness = torch.cat([(self.targets[part] @ self.concept_targets.t()).amax(1) for part in rows.split(8192)])
        return rows[likeness.argsort(descending=True)].tolist()

    def place_known(self, lexicon, stored):
        """Moves terms, kinds and narrower words to the concepts that they name, tag, cover or lie below."""
        known = {term: dict.fromkeys(np.nonzero(lexicon.covers(term))[0].tolist(), 1.0) for term in lexicon.terms}
        for kind, members in stored['kinds'].items():
            own = known.setdefault(kind, {})
            for concept, weight in members.items():
                own[int(concept)] = max(own.get(int(concept), 0), weight)
        below = {
            word: {int(concept): weight for concept, weight in members.items()}
            for word, members in stored['narrower'].items()
        }
        names = {name: known.pop(name) for row in lexicon.names for name in row if name in known}
        for some, forces in ((names, NAMES), (known, KINDS), (below, NARROWER)):
            rows = [self.row[phrase] for phrase in some]
            self.targets[rows] = anchor(list(some.values()), self.targets[rows], self.concept_targets, forces)

    def place_foreign(self, lexicon):
        """Appends the labels and keywords of other languages, where nothing but the concepts says what they mean."""
        labels, keywords = labels_and_keywords(lexicon)
        self.languages = {}
        for texts in (labels, keywords):
            for text, foreign in texts.items():
                self.languages[len(self.phrases)] = foreign.languages
                self.phrases.append(text)
        self.labels = range(len(self.phrases) - len(labels) - len(keywords), len(self.phrases) - len(keywords))
        self.keywords = range(self.labels.stop, len(self.phrases))
        placed = anchor([foreign.members for foreign in labels.values()], None, self.concept_targets, NAMES)
        means = [self.concept_targets[list(foreign.members)].mean(0) for foreign in keywords.values()]
        self.targets = torch.cat([self.targets, placed, F.normalize(torch.stack(means), dim=1)])
        self.named = [
            (row, language, concept)
            for row, foreign in zip(self.labels, labels.values())
            for language in foreign.languages
            for concept in foreign.members
        ]

    def word_rows(self, width):
        """First values of the text tower's word rows [words + 1, width]: the word's place, or the mean place of the
        phrases that hold it, on the main axes of the terms. Random rows take several times as long to learn."""
        own = self.targets[: self.own]
        axes = torch.linalg.eigh((own - own.mean(0)).t() @ (own - own.mean(0)))[1].t().flip(0)[:width]
        index = {word: row + 1 for row, word in enumerate(self.words)}
        rows = torch.zeros(len(self.words) + 1, width)
        for phrases in (self.keywords, self.labels):
            for row in phrases:
                for word in words_of(self.phrases[row]):
                    if word in index:
                        rows[index[word]] += axes @ self.targets[row]
        rows = F.normalize(rows, dim=1)
        for word, row in index.items():
            if word in self.row:
                rows[row] = F.normalize(axes @ self.targets[self.row[word]], dim=0)
        return rows / rows[1:].std() * 0.3

    def sample(self, count, rng):
        """-> (texts, targets [count, D])"""
        pairs = [self.draw(rng) for _ in range(count)]
        return [text for text, _ in pairs], torch.stack([target for _, target in pairs])

    def draw(self, rng):
        """One text as people type it, and its place"""
        kind = rng.choices(list(SHARES), SHARES.values())[0]
        if kind == 'tinted':
            return self.tinted(rng)
        if kind == 'nonsense':
            return self.beyond_pictures(rng), self.nothing
        if kind in ('labels', 'keywords'):
            return self.dress_foreign(rng.choice(self.labels if kind == 'labels' else self.keywords), rng)
        rows = {'own': range(self.own), 'coloured': range(self.own, self.coloured)}
        return self.dress(rng.choice(rows[kind] if kind in rows else getattr(self, kind)), rng)

    def beyond_pictures(self, rng):
        """What no picture shows: strings that are no words, strange words alone, two of them"""
        if rng.random() < 0.4:
            return gibberish(rng)
        strange = [self.phrases[rng.choice(self.strangers)] for _ in range(rng.choice([1, 1, 2]))]
        return rng.choice(['{}', 'the {}']).format(rng.choice([' ', ' of ']).join(strange))

    def dress(self, row, rng):
        """An English phrase bare, beside another label, in a sentence, plural, misspelt -> (text, target)"""
        text, target, chance = self.phrases[row], self.targets[row], rng.random()
        if row < self.own and chance < 0.12:
            other = rng.choice(self.label_rows)
            text = rng.choice(['{} and {}', '{}, {}', '{} with {}', '{} {}']).format(text, self.phrases[other])
            target = F.normalize(target + self.targets[other], dim=0)
        elif chance < 0.32:
            text = rng.choice(FILLERS).format(text)
        elif chance < 0.42 and row < self.own:
            text = plural(text)
        elif chance < 0.62:
            text = misspell(text, rng)
        return text, target

    def dress_foreign(self, row, rng):
        """A phrase of another language bare, in a sentence, misspelt -> (text, target)"""
        text, chance = self.phrases[row], rng.random()
        if chance < 0.25:
            text = in_sentence(rng.choice(self.languages[row]), text, rng)
        elif chance < 0.38:
            text = misspell(text, rng)
        return text, self.targets[row]

    def tinted(self, rng):
        """A label of another language with a colour, at the place of the English pair"""
        row, language, concept = rng.choice(self.named)
        colour, english = rng.randrange(len(COLOUR_NAMES)), self.label_rows[concept]
        same = self.row.get(f'{COLOUR_NAMES[colour]} {self.phrases[english]}', english)
        return in_colour(language, self.phrases[row], colour), self.targets[same]


def asked_in_vain():
    """What the evaluation asks to see that nothing answers: it must be strange without having been learnt as such."""
    return set(json.loads((HERE / 'queries.json').read_text())['nonsense'])


def gibberish(rng):
    """One to three strings that are hardly words: letters at random, or keys beside each other. They lie where nothing is."""
    strings = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        keys, length = rng.choice(KEYBOARD), rng.randint(3, 9)
        start = rng.randrange(len(keys) - 2)
        run, soup = keys[start : start + length], ''.join(rng.choices('abcdefghijklmnopqrstuvwxyz', k=length))
        strings.append(rng.choice([run, soup, soup]))
    return ' '.join(strings)


def misspell(text, rng):
    """One letter dropped, doubled, or exchanged with the next."""
    if len(text) < 4:
        return text
    at, how = rng.randrange(1, len(text) - 1), rng.randrange(3)
    if how == 0:
        return text[:at] + text[at + 1 :]
    if how == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
