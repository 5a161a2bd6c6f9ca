"""The teacher's phrases with their targets, and the sampler of texts to learn from."""

import json

import numpy as np
import torch
import torch.nn.functional as F

from captions import FILLERS
from lexicon import plural
from teacher import to_space

NEAREST = 50000  # phrases besides the concepts' own: the ones that are nearest to any concept
TAG_WEIGHT = 0.5  # a concept's vector = its label + TAG_WEIGHT x the mean of its tags


class Vocabulary:
    """What teacher.teach wrote, in the target space: phrases, targets float32[P, D], words."""

    def __init__(self, work, lexicon):
        with open(f'{work}/vocabulary.json') as file:
            stored = json.load(file)
        self.phrases, self.own, self.coloured, self.words = (stored[k] for k in ('phrases', 'own', 'coloured', 'words'))
        self.targets = torch.from_numpy(to_space(np.load(f'{work}/phrases.npy'), np.load(f'{work}/space.npz')))
        self.row = {phrase: row for row, phrase in enumerate(self.phrases)}
        self.label_rows = [self.row[names[0]] for names in lexicon.names]
        self.concept_targets = torch.stack([self.concept_target(*pair) for pair in zip(lexicon.names, lexicon.tags)])
        self.term_rows = torch.tensor([self.row[term] for term in lexicon.terms])
        self.others = self.near_concepts()

    def concept_target(self, names, tags):
        """[D], normalised"""
        label = self.targets[self.row[names[0]]]
        rows = [self.row[tag] for tag in tags if tag != names[0]]
        return F.normalize(label + TAG_WEIGHT * (self.targets[rows].mean(0) if rows else label), dim=0)

    def near_concepts(self):
        """Rows of the NEAREST phrases that are no terms; the others would only cost capacity."""
        rows = torch.arange(self.coloured, len(self.phrases))
        likeness = torch.cat([(self.targets[part] @ self.concept_targets.t()).amax(1) for part in rows.split(8192)])
        return rows[likeness.argsort(descending=True)[:NEAREST]].tolist()

    def word_rows(self, width):
        """First values of the text tower's word rows [words + 1, width]: the teacher's vectors on the main axes of the
        terms. Random rows take several times as long to learn."""
        own = self.targets[: self.own]
        axes = torch.linalg.svd(own - own.mean(0), full_matrices=False)[2][:width]
        rows = torch.zeros(len(self.words) + 1, width)
        for index, word in enumerate(self.words):
            if word in self.row:
                rows[index + 1] = axes @ self.targets[self.row[word]]
        return rows / rows[1:].std() * 0.3

    def sample(self, count, rng):
        """-> (texts, targets [count, D])"""
        pairs = [self.dress(self.pick(rng), rng) for _ in range(count)]
        return [text for text, _ in pairs], torch.stack([target for _, target in pairs])

    def pick(self, rng):
        """A row: terms of concepts 40 %, coloured labels 12 %, other phrases the rest."""
        chance = rng.random()
        if chance < 0.4:
            return rng.randrange(self.own)
        if chance < 0.52:
            return rng.randrange(self.own, self.coloured)
        return rng.choice(self.others)

    def dress(self, row, rng):
        """A phrase as people type it: bare, beside another label, in a sentence, plural, misspelt -> (text, target)"""
        text, target, chance = self.phrases[row], self.targets[row], rng.random()
        if row < self.own and chance < 0.12:
            other = rng.choice(self.label_rows)
            text = rng.choice(['{} and {}', '{}, {}', '{} with {}', '{} {}']).format(text, self.phrases[other])
            target = F.normalize(target + self.targets[other], dim=0)
        elif chance < 0.32:
            text = rng.choice(FILLERS).format(text)
        elif chance < 0.42 and row < self.own:
            text = plural(text)
        elif chance < 0.57:
            text = misspell(text, rng)
        return text, target


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
