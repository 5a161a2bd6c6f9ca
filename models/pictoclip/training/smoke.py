"""Trains twenty steps on a tiny world that it draws itself, exports the result and runs it: does the whole path hold?

python smoke.py        prints one line of JSON; no icon sets, no teacher, no download; under a minute
"""

import json
import random
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from distill_text import distill
from evaluate import Shipped, differences
from export import export
from lexicon import Lexicon
from scenes import ICON_PX, IconBank
from tokens import STRINGS
from train import Pictoclip, Plan, Progress, losses, optimiser_of, step
from vocabulary import Vocabulary
from world import Composer

STEPS = 20
SHAPES = {'disc': 'rund', 'square': 'viereck', 'ring': 'anneau', 'cross': '車', 'stripe': 'полоса', 'frame': 'मेज'}


def draw_shape(name):
    """A white shape on nothing, uint8 RGBA [96, 96, 4]"""
    y, x = np.mgrid[:ICON_PX, :ICON_PX] / ICON_PX * 2 - 1
    radius, widest = np.hypot(x, y), np.maximum(abs(x), abs(y))
    inside = {
        'disc': radius < 0.8,
        'square': widest < 0.7,
        'ring': (radius < 0.8) & (radius > 0.5),
        'cross': (np.minimum(abs(x), abs(y)) < 0.2) & (widest < 0.8),
        'stripe': abs(y) < 0.25,
        'frame': (widest < 0.8) & (widest > 0.5),
    }[name]
    icon = np.zeros((ICON_PX, ICON_PX, 4), np.uint8)
    icon[inside] = (40 + 30 * len(name), 120, 200, 255)
    return icon


def write_world(work):
    """What icons.mjs and teacher.py write, with random numbers in the teacher's place."""
    sets = ['noto', 'emojione-monotone']
    concepts = [
        dict(
            hex=f'{row:x}', label=name, names=[name], tags=['shape'], group='symbols', subgroup='geometric',
            icons=dict.fromkeys(sets, name), languages={'de': {'label': foreign, 'tags': ['Form']}},
        )
        for row, (name, foreign) in enumerate(SHAPES.items())
    ]  # fmt: skip
    (work / 'concepts.json').write_text(json.dumps(concepts))
    for name in sets:
        np.stack([draw_shape(shape) for shape in SHAPES]).tofile(work / f'icons-{name}.bin')
    own = list(Lexicon(work).terms)
    phrases = own + [f'red {name}' for name in SHAPES] + ['thing', 'wheel', 'box']
    stored = dict(
        phrases=phrases, own=len(own), coloured=len(own) + len(SHAPES), words=[*SHAPES, 'red', 'shape', 'thing'],
        kinds={'thing': {'0': 1.0, '1': 1.0}}, narrower={'wheel': {'0': 1.0}},
    )  # fmt: skip
    (work / 'vocabulary.json').write_text(json.dumps(stored))
    vectors = np.random.default_rng(0).normal(size=(len(phrases), 384)).astype(np.float16)
    np.save(work / 'phrases.npy', vectors)
    np.save(work / 'glosses.npy', vectors * 0)
    np.savez(work / 'space.npz', mean=np.zeros(384, np.float32), basis=np.eye(384, 256, dtype=np.float32))
    return sets


def smoke(work):
    """-> {steps, loss of naming the concept at first and at last, bytes of the files, largest difference of a file's output}"""
    sets = write_world(work)
    lexicon = Lexicon(work)
    vocabulary = Vocabulary(work, lexicon)
    model = Pictoclip(vocabulary.concept_targets)
    model.text = distill(vocabulary, 0.02, 0)
    plan = Plan(minutes=1, batch=64)
    optimiser, generator = optimiser_of(model, plan.rate), torch.Generator().manual_seed(0)
    bank, rng = IconBank(work, lexicon, sets), random.Random(0)
    composer = Composer(bank, lexicon, vocabulary, plan.batch, plan.at, 0)
    named = []
    for number in range(STEPS):
        data = composer.make(rng, 64 if number < STEPS // 2 else 96, 0.1)
        parts = step(model, optimiser, losses(model, data, vocabulary, generator, composer.practice), 0.0, 100)
        named.append(parts['concept'])
    Progress(work, plan, None).save(model, STEPS, 0.0)
    sizes = export(work, lexicon, work)
    vectors = Shipped(work).texts(STRINGS)
    return {
        'steps': STEPS,
        'firstLoss': round(named[0], 3),
        'lastLoss': round(float(np.mean(named[-3:])), 3),
        'bytes': sum(sizes.values()),
        'difference': max(differences(work, Shipped(work)).values()),
        'finite': bool(torch.isfinite(vectors).all()),
    }


if __name__ == '__main__':
    torch.set_num_threads(2)
    torch.manual_seed(0)
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(smoke(Path(folder)) | {'seconds': round(time.time() - start)}))
