"""The concepts with their names and tags.

A concept is one pictogram meaning ("red apple"). Every word or phrase that names or tags concepts is a *term*.
"""

import json
import re

import numpy as np

COLOURS = {
    'red': (220, 40, 40),
    'orange': (245, 140, 30),
    'yellow': (250, 210, 50),
    'green': (60, 170, 70),
    'blue': (50, 110, 220),
    'purple': (140, 70, 190),
    'pink': (245, 130, 180),
    'brown': (130, 85, 50),
    'black': (30, 30, 35),
    'white': (245, 245, 245),
    'gray': (145, 145, 150),
}
COLOUR_NAMES = list(COLOURS)


class Lexicon:
    """concepts.json (see icons.mjs) with the terms of every concept and the concepts of every term."""

    def __init__(self, work):
        with open(f'{work}/concepts.json') as file:
            self.concepts = json.load(file)
        self.size = len(self.concepts)
        self.names = [names_of(concept) for concept in self.concepts]
        self.tags = [concept['tags'] for concept in self.concepts]
        members = {}
        for index, concept in enumerate(self.concepts):
            for term in {*self.names[index], *self.tags[index], concept['subgroup'].replace('-', ' ')}:
                members.setdefault(term, set()).add(index)
        self.terms = sorted(members)
        self.term_row = {term: row for row, term in enumerate(self.terms)}
        self.members = np.zeros((len(self.terms), self.size), bool)  # bool[terms, concepts]
        for row, term in enumerate(self.terms):
            self.members[row, list(members[term])] = True
        self.must_not_flip = np.array(
            [
                bool(c['group'] == 'symbols' or re.search('left|right|arrow|clock|thirty', c['label']))
                for c in self.concepts
            ]
        )

    def covers(self, term):
        """bool[concepts]: those that the term names or tags."""
        return self.members[self.term_row[term]]

    def pick_term(self, concept, rng, tag_share):
        """A name of the concept or, with probability tag_share, one of its tags."""
        if self.tags[concept] and rng.random() < tag_share:
            return rng.choice(self.tags[concept])
        return rng.choice(self.names[concept])


def names_of(concept):
    """The names of a concept; "dog face" is also a dog."""
    names = list(concept['names'])
    if concept['group'] == 'animals-nature' and names[0].endswith(' face'):
        names.append(names[0].removesuffix(' face'))
    return names


def with_article(words):
    """fox -> a fox, apple -> an apple"""
    return ('an ' if words[:1] in 'aeiou' else 'a ') + words


def plural(words):
    """fox -> foxes, cherry -> cherries, dog -> dogs; good enough for captions."""
    if re.search('(s|x|ch|sh)$', words):
        return words + 'es'
    if re.search('[^aeiou]y$', words):
        return words[:-1] + 'ies'
    return words + 's'
