"""Training batches: composed scenes with everything that the losses ask for, made by worker processes."""

import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import IterableDataset, get_worker_info

from captions import also_fits, caption_scene, colour_twins, painted_in_caption, segment_phrases
from drawing import Look, compose
from practice import Practice
from scenes import sample_scenes
from tokenizer import Tokenizer

DISTILLED = 192  # vocabulary phrases in each step
SMALLEST = 10  # pixels of the instance map that make an object visible


def visible_objects(instance, scenes):
    """-> (masks float[K, h/2, w/2] = covered share of each cell, picture int64[K], things)"""
    masks, picture, things = [], [], []
    for b, scene in enumerate(scenes):
        for k, thing in enumerate(scene.objects):
            mask = instance[b] == k + 1
            if mask.sum() >= SMALLEST:
                masks.append(mask)
                picture.append(b)
                things.append(thing)
    return F.avg_pool2d(torch.stack(masks)[:, None].float(), 2)[:, 0], torch.tensor(picture), things


def centre_targets(instance):
    """instance [B, h, w] -> heat [B, h, w] (1 at the middle of every visible object, falling off around it) and offset
    [B, 2, h, w] = (x, y) from each object pixel to that middle, in units of h / 4."""
    count, size, _ = instance.shape
    axis = torch.arange(size).float()
    heat, offset = torch.zeros(count, size, size), torch.zeros(count, 2, size, size)
    for k in range(1, int(instance.max()) + 1):
        mask = (instance == k).float()
        rows = (mask.sum((1, 2)) >= SMALLEST).nonzero()[:, 0]
        mask = mask[rows]
        area = mask.sum((1, 2))
        x, y = (mask.sum(1) * axis).sum(1) / area, (mask.sum(2) * axis).sum(1) / area
        spread = (area.sqrt() * 0.09).clamp(1.0, 4.0)[:, None, None]
        away = (axis - x.round()[:, None, None]) ** 2 + (axis[:, None] - y.round()[:, None, None]) ** 2
        heat[rows] = torch.maximum(heat[rows], torch.exp(-away / (2 * spread**2)))
        to_middle = torch.stack(
            [(x[:, None, None] - axis).expand_as(mask), (y[:, None, None] - axis[:, None]).expand_as(mask)], 1
        )
        offset[rows] = torch.where(mask[:, None] > 0, to_middle / (size / 4), offset[rows])
    return heat, offset


class Composer(IterableDataset):
    """Endless batches. `schedule(minutes since the start)` -> (pixels of the side, hardness). `practice` may be taught
    what was named badly."""

    def __init__(self, bank, lexicon, vocabulary, batch, schedule, seed):
        self.bank, self.lexicon, self.vocabulary = bank, lexicon, vocabulary
        self.practice, self.concepts = Practice(lexicon.size), bank.drawn()
        self.batch, self.schedule, self.seed = batch, schedule, seed
        self.tokenizer = Tokenizer(vocabulary.words)
        self.terms_of = [np.nonzero(lexicon.members[:, concept])[0] for concept in range(lexicon.size)]
        self.start = time.time()

    def __iter__(self):
        worker = get_worker_info()
        seed = self.seed + (worker.id if worker else 0)
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        rng = random.Random(seed)
        while True:
            size, hard = self.schedule((time.time() - self.start) / 60)
            yield self.make(rng, size, hard)

    def make(self, rng, size, hard):
        """One batch as a dict of tensors. `index` holds the captions and their twins, the segments' phrases and their
        twins, then distilled; `caption_twins` and `phrase_twins` are the rows of those that have one."""
        scenes = sample_scenes(self.bank, self.batch, rng, hard, self.practice.caster(self.concepts, rng))
        image, instance = compose(
            self.bank, self.lexicon, scenes, rng, Look(size, True, 0.85 - 0.6 * hard, max(hard, 0.05))
        )
        captions, facts = zip(*[caption_scene(scene, self.lexicon, rng) for scene in scenes])
        masks, picture, things = visible_objects(instance, scenes)
        twins, caption_twins = colour_twins(captions, list(map(painted_in_caption, scenes, facts)), rng)
        phrases, phrase_fits, painted = segment_phrases(things, self.lexicon, rng)
        phrase_twins, phrase_rows = colour_twins(phrases, painted, rng)
        distilled, targets = self.vocabulary.sample(DISTILLED, rng)
        texts = [*captions, *twins, *phrases, *phrase_twins, *distilled]
        index, words, ngrams = map(torch.from_numpy, self.tokenizer.encode_distinct(texts))
        heat, offset = centre_targets(instance)
        present = torch.zeros(len(scenes), self.lexicon.size)
        for b, scene in enumerate(scenes):
            present[b, [thing.concept for thing in scene.objects]] = 1
        terms, term_fits = self.ask_terms(present, rng)
        return dict(
            image=image,
            mask=(instance > 0).float(),
            heat=heat,
            offset=offset,
            present=present,
            index=index,
            words=words,
            ngrams=ngrams,
            caption_twins=torch.tensor(caption_twins, dtype=torch.long),
            phrase_twins=torch.tensor(phrase_rows, dtype=torch.long),
            caption_fits=torch.from_numpy(also_fits(scenes, facts)),
            segment_masks=masks,
            segment_picture=picture,
            segment_concept=torch.tensor([t.concept for t in things]),
            phrase_fits=torch.from_numpy(phrase_fits),
            phrase_targets=targets,
            terms=terms,
            term_fits=term_fits,
        )

    def ask_terms(self, present, rng):
        """Names and tags of the batch's concepts -> (rows of lexicon.terms, bool[terms, pictures] whom they cover)"""
        shown = present.numpy()
        concepts = [concept for row in shown for concept in np.nonzero(row)[0][:2] for _ in range(2)]
        chosen = sorted({int(rng.choice(self.terms_of[concept])) for concept in concepts})
        chosen = rng.sample(chosen, min(len(chosen), 256))
        fits = self.lexicon.members[chosen].astype(np.float32) @ shown.T > 0
        return torch.tensor(chosen), torch.from_numpy(fits)
