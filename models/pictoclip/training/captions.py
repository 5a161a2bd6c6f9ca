"""Captions of scenes, and which other scene would fit the same caption. Pure text: no torch, no pictures."""

import numpy as np

from lexicon import COLOUR_NAMES, plural, with_article

NUMBERS = {2: ['two', '2', 'a pair of', 'a couple of'], 3: ['three', '3'], 4: ['four', '4']}
FILLERS = [
    'a picture of {}',
    'the {}',
    '{} icon',
    '{} emoji',
    'photo of {}',
    'show me {}',
    'find {}',
    'my {}',
    'some {}',
    'drawing of {}',
    'an image with {}',
    'where is the {}',
    'i am searching for {}',
    'i want to see {}',
    'pictures showing {}',
    'please find {} for me',
    'any {} here',
    'image of {}',
]
RELATIONS = {'pair-across': ('left of', 'right of'), 'pair-down': ('above', 'below')}


def caption_scene(scene, lexicon, rng):
    """-> (caption, facts): what a scene must satisfy to fit the caption, as pairs such as ('covers', bool[concepts]),
    ('count', 3), ('colour', 'red'), ('background', 'blue'), ('order', None)."""
    parts, facts = name_repeated(scene, lexicon, rng) if scene.repeated else name_objects(scene, lexicon, rng)
    caption = join(parts, scene, facts, rng)
    if scene.background and rng.random() < (0.06 if scene.background == 'white' else 0.2):
        facts.append(('background', scene.background))
        caption += rng.choice([' on a {} background', ' on {}', ', {} background']).format(scene.background)
    return caption, facts


def name_repeated(scene, lexicon, rng):
    """Several of one kind: "three foxes", "many foxes" """
    term = lexicon.pick_term(scene.objects[0].concept, rng, 0.15)
    facts, count = [('covers', lexicon.covers(term))], len(scene.objects)
    if rng.random() < 0.15:
        return [rng.choice(['many ', 'some ', '']) + plural(term)], facts
    return [f'{rng.choice(NUMBERS[count])} {plural(term)}'], facts + [('count', count)]


def name_objects(scene, lexicon, rng):
    """One part per object, with its colour now and then: ["a red fox", "cloud"]"""
    parts, facts = [], []
    for thing in scene.objects:
        term = lexicon.pick_term(thing.concept, rng, 0.3 if len(scene.objects) == 1 else 0.15)
        facts.append(('covers', lexicon.covers(term)))
        if thing.colour and thing.colour not in term and rng.random() < (0.85 if thing.tinted else 0.2):
            facts.append(('colour', thing.colour))
            term = f'{thing.colour} {term}'
        parts.append(with_article(term) if rng.random() < 0.6 else term)
    return parts, facts


def join(parts, scene, facts, rng):
    """The parts as one caption; adds the fact of an order where it tells one."""
    if len(parts) == 1:
        return rng.choice(FILLERS).format(parts[0]) if rng.random() < 0.2 else parts[0]
    relation = RELATIONS.get(scene.layout)
    if relation and rng.random() < 0.15:
        facts.append(('order', None))
        if rng.random() < 0.5:
            return f'{parts[0]} {relation[0]} {parts[1]}'
        return f'{parts[1]} {relation[1]} {parts[0]}'
    parts = rng.sample(parts, len(parts))
    if len(parts) == 2:
        return rng.choice(['{} next to {}', '{} and {}', '{} with {}', '{} beside {}', '{}, {}']).format(*parts)
    return ', '.join(parts[:-1]) + rng.choice([' and ', ', ']) + parts[-1]


def also_fits(scenes, facts):
    """bool[scenes, captions]: the scene satisfies the caption of another scene too, so it is no negative of it."""
    shows = np.zeros((len(scenes), len(facts[0][0][1])), np.float32)
    for row, scene in enumerate(scenes):
        shows[row, [thing.concept for thing in scene.objects]] = 1
    fits = np.ones((len(scenes), len(facts)), bool)
    for column, needs in enumerate(facts):
        for kind, value in needs:
            fits[:, column] &= satisfying(kind, value, scenes, shows)
        if sum(kind == 'colour' for kind, _ in needs) >= 2:  # the same colours on the other objects do not fit
            fits[:, column] = False
    np.fill_diagonal(fits, False)
    return fits


def satisfying(kind, value, scenes, shows):
    """bool[scenes]: which scenes satisfy one fact. shows float[scenes, concepts]"""
    if kind == 'covers':
        return shows @ value.astype(np.float32) > 0
    if kind == 'count':
        return np.array([scene.repeated and len(scene.objects) == value for scene in scenes])
    if kind == 'colour':
        return np.array([any(thing.colour == value for thing in scene.objects) for scene in scenes])
    if kind == 'background':
        return np.array([scene.background == value for scene in scenes])
    return np.zeros(len(scenes), bool)  # orders are never taken to fit elsewhere


def segment_phrases(things, lexicon, rng):
    """A phrase for every object, with its colour where it has one -> (phrases, also_fits bool[objects, phrases], for
    each phrase the colour in it that was painted, or None)"""
    phrases, covers, colours = [], [], []
    for thing in things:
        term = lexicon.pick_term(thing.concept, rng, 0.15)
        coloured = thing.colour and thing.colour not in term and rng.random() < (0.8 if thing.tinted else 0.15)
        phrases.append(f'{thing.colour} {term}' if coloured else term)
        covers.append(lexicon.covers(term))
        colours.append(thing.colour if coloured else None)
    fits = np.stack(covers)[:, [thing.concept for thing in things]].T
    own = np.array([thing.colour or '' for thing in things])
    for column, colour in enumerate(colours):
        if colour:
            fits[:, column] &= own == colour
    np.fill_diagonal(fits, False)
    painted = [colour if thing.tinted else None for thing, colour in zip(things, colours)]
    return phrases, fits, painted


def painted_in_caption(scene, facts):
    """The colour in the caption of a thing that stands alone and was painted, or None"""
    named = [value for kind, value in facts if kind == 'colour']
    alone = len(scene.objects) == 1 and scene.objects[0].tinted
    return named[0] if alone and named and ('background', named[0]) not in facts else None


def colour_twins(texts, painted, rng):
    """Of each text with a painted colour a twin that names another one -> (twins, rows of their texts)"""
    rows = [row for row, colour in enumerate(painted) if colour]
    others = [rng.choice([name for name in COLOUR_NAMES if name != painted[row]]) for row in rows]
    return [texts[row].replace(painted[row], other, 1) for row, other in zip(rows, others)], rows
