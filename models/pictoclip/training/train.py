"""The main run: both towers and the target space together, on pictures that worker processes compose meanwhile."""

import copy
import math
import os
import random
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader

from distill_text import cosine_rate, encode_texts, forget_words, learn_again
from drawing import Look, compose
from objectives import (
    TargetSpace,
    Traits,
    contrast,
    follow_teacher,
    layout_losses,
    right_colour,
    settle,
    soft_cross_entropy,
    terms_find_pictures,
)
from tokenizer import Tokenizer
from towers import ImageTower, TextTower, pool_segments
from world import DISTILLED, Composer

KEPT = 0.3  # share that the weights of an earlier run keep in those of the run that went on from them


@dataclass(frozen=True)
class Plan:
    """The schedule of a run; shares are of its wall clock time."""

    minutes: float = 75
    seed: int = 0
    batch: int = 128
    rate: float = 2e-3
    small_share: float = 0.4  # first at 64 px and whole pictures only, then at 96 px with masks and segments
    hard: float = 0.75  # hardness of the scenes at the end of its rise (see scenes.sample_scenes)
    rising_share: float = 0.35
    checkpoint_minutes: float = 2
    threads: int = 2
    workers: int = 1

    def at(self, minutes):
        """-> (pixels of the side, hardness)"""
        progress = minutes / self.minutes
        return 64 if progress < self.small_share else 96, self.hard * min(1.0, progress / self.rising_share)

    def again(self):
        """The plan for weights that have learnt before: at a lower rate, hard scenes from the beginning."""
        return replace(self, rate=self.rate * 0.6, small_share=0.25, hard=0.9, rising_share=0.05)

    def more(self, minutes):
        """The plan to go on with: other pictures, all at 96 px and full hardness, at half the rate."""
        return replace(
            self, minutes=minutes, seed=self.seed + 1, rate=self.rate / 2, small_share=0.0, rising_share=1e-6
        )


class Pictoclip(nn.Module):
    """Everything that learns."""

    def __init__(self, concept_targets):
        super().__init__()
        self.image = ImageTower().to(memory_format=torch.channels_last)
        self.text = TextTower()
        self.space = TargetSpace(concept_targets)
        self.traits = Traits(concept_targets.shape[1])
        self.log_caption_scale = nn.Parameter(torch.tensor(14.0).log())
        self.log_concept_scale = nn.Parameter(torch.tensor(16.0).log())

    @property
    def caption_scale(self):
        return self.log_caption_scale.exp().clamp(max=60)

    @property
    def concept_scale(self):
        return self.log_concept_scale.exp().clamp(max=50)

    def settle(self, vectors):
        """Vectors of pictures or segments [n, D] -> embeddings [n, D], comparable to texts"""
        return settle(F.normalize(vectors, dim=1), self.space.concepts(), self.concept_scale, self.traits)


def half_precision():
    """bfloat16 for the convolutions where the processor multiplies such numbers (about twice as fast there)."""
    return torch.autocast('cpu', torch.bfloat16, enabled=torch.ops.mkldnn._is_mkldnn_bf16_supported())


def see(tower, image, whole):
    """The image tower's parts in float32: (vector, map, layout), or (vector, None, None) where whole is wanted."""
    image = image.contiguous(memory_format=torch.channels_last)
    with half_precision():
        parts = (tower.look(image), None, None) if whole else tower.parts(image)
    return [part if part is None else part.float() for part in parts]


def losses(model, data, vocabulary, generator, practice):
    """One batch of world.Composer -> {name: weighted loss}; tells practice how well its objects were named"""
    whole = data['image'].shape[-1] <= 64
    vector, map4, layout = see(model.image, data['image'], whole)
    captions, phrases, distilled = read_texts(model.text, data, whole, generator)
    out = picture_losses(model, data, F.normalize(vector, dim=1), captions, vocabulary)
    concepts, targets = model.space.concepts().detach(), model.space.place(data['phrase_targets']).detach()
    out |= {'words': 0.5 * follow_teacher(distilled, targets, concepts), 'drift': model.space.drift()}
    if not whole:
        out |= segment_losses(model, data, map4, phrases, practice)
        mask, centre, offset = layout_losses(layout, data['mask'], data['heat'], data['offset'])
        out |= {'mask': 0.5 * mask, 'centre': 0.08 * centre, 'offset': 0.3 * offset}
    return out


def read_texts(tower, data, whole, generator):
    """-> the batch's (captions, twins), (phrases, twins) and distilled texts, each [n, D]; without phrases where whole"""
    sizes = [len(data[name]) for name in ('image', 'caption_twins', 'segment_masks', 'phrase_twins')]
    used = torch.arange(len(data['index']))
    if whole:
        first = sum(sizes[:2])
        used, sizes[2:] = used[(used < first) | (used >= sum(sizes))], [0, 0]
    with half_precision():
        text = tower(data['index'][used], forget_words(data['words'], generator), data['ngrams'])
    captions, caption_twins, phrases, phrase_twins, distilled = F.normalize(text.float(), dim=1).split(
        [*sizes, DISTILLED]
    )
    return (captions, caption_twins), (phrases, phrase_twins), distilled


def picture_losses(model, data, vector, captions, vocabulary):
    """Whole pictures: name the concepts, match the captions once settled and no twin of theirs, be found by terms.
    vector [B, D], captions = ([B, D], twins [n, D])"""
    captions, twins = captions
    concepts, settled = model.space.concepts(), model.settle(vector)
    present = data['present'] / data['present'].sum(1, keepdim=True)
    terms = model.space.place(vocabulary.targets[vocabulary.term_rows[data['terms']]])
    return {
        'caption': contrast(settled, captions, model.caption_scale, data['caption_fits']),
        'concept': 2 * soft_cross_entropy(model.concept_scale * vector @ concepts.t(), present),
        'colour': 0.5 * colour_loss(model, settled, captions, twins, data['caption_twins']),
        'traits': 3 * model.traits(vector).square().sum(1).mean(),
        'term': 0.4 * terms_find_pictures(terms, settled, model.concept_scale, data['term_fits']),
    }


def segment_losses(model, data, map4, phrases, practice):
    """Segments: the dense vectors under a mask name its concept and match its phrase and no twin of it.
    phrases = ([K, D], twins [n, D])"""
    phrases, twins = phrases
    pooled = pool_segments(map4, data['segment_masks'], data['segment_picture'])
    vectors = F.normalize(model.image.name(pooled), dim=1)
    logits = model.concept_scale * vectors @ model.space.concepts().t()
    named = F.cross_entropy(logits, data['segment_concept'], reduction='none')
    practice.learn(data['segment_concept'], named)
    settled = model.settle(vectors)
    return {
        'segment': named.mean(),
        'phrase': 0.5 * contrast(settled, phrases, model.caption_scale, data['phrase_fits']),
        'phrase_colour': 0.5 * colour_loss(model, settled, phrases, twins, data['phrase_twins']),
        'phrase_traits': 3 * model.traits(vectors).square().sum(1).mean(),
    }


def colour_loss(model, settled, texts, twins, rows):
    """Of the pictures or segments whose texts have twins: rows int64[n], twins [n, D]"""
    return right_colour(settled[rows], texts[rows], twins, model.caption_scale.detach())


def optimiser_of(model, rate):
    """AdamW; only the image tower's matrices decay, and the space moves slowly."""
    image = list(model.image.parameters())
    groups = [
        dict(params=[p for p in image if p.ndim > 1], weight_decay=0.05, peak=rate),
        dict(params=[p for p in image if p.ndim <= 1], peak=rate),
        dict(params=[*model.text.parameters(), model.log_caption_scale, model.log_concept_scale], peak=rate * 0.5),
        dict(params=list(model.traits.parameters()), peak=rate),
        dict(params=[model.space.matrix], peak=rate * 0.15),
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)


@torch.no_grad()
def follow(average, model, steps, keep=0.998):
    """Exponential moving average of the weights, quicker in the beginning."""
    keep = min(keep, steps / (steps + 20))
    torch._foreach_lerp_(list(average.parameters()), [p.detach() for p in model.parameters()], 1 - keep)
    for mine, its in zip(average.buffers(), model.buffers()):
        mine.copy_(its)


@torch.no_grad()
def keep_some(average, earlier):
    """Mixes the earlier weights into those that came of them (Wortsman et al. 2022): the mixture knows the new and forgets
    less of what was easy before. On things cut out of the demo pictures the loss of naming them went .80 -> .74 by a run
    alone and -> .70 by the mixture, with equal figures elsewhere."""
    own = average.state_dict()
    for name, value in earlier['weights'].items():
        if name in own and value.is_floating_point():
            own[name].lerp_(value, KEPT)


@torch.no_grad()
def clean_recall(model, bank, lexicon, tokenizer, size):
    """Label -> clean icon, recall@1/5/10 in percent over the icons of a bank; watches the progress."""
    model.eval()
    concepts, settled = bank.drawn(), []
    for start in range(0, len(concepts), 128):
        scenes = [bank.clean(concept) for concept in concepts[start : start + 128]]
        image, _ = compose(bank, lexicon, scenes, random.Random(1), Look(size, augment=False, plain=1.0))
        settled.append(model.settle(see(model.image, image, whole=True)[0]))
    score = encode_texts(model.text, tokenizer, [lexicon.names[c][0] for c in concepts]) @ torch.cat(settled).t()
    rank = (score > score.diagonal()[:, None]).sum(1)
    return [round(100 * (rank < k).float().mean().item(), 1) for k in (1, 5, 10)]


def begin(work, vocabulary, earlier):
    """The model to train: its texts from text.pt, its pictures new or from shipped files (see earlier.py), or all from a
    checkpoint that is gone on from."""
    model = Pictoclip(vocabulary.concept_targets)
    if isinstance(earlier, dict):
        report_new(model.load_state_dict(earlier['weights'], strict=False))
        return model
    model.text.load_state_dict(torch.load(f'{work}/text.pt'))
    if earlier:
        report_new(model.image.load_state_dict(earlier.image, strict=False))
        model.log_concept_scale.data.fill_(math.log(earlier.scale))
    return model


def with_words_anew(work, vocabulary, earlier, minutes):
    """A checkpoint whose text tower is taught the words' present places: what keep_some mixes in at the end knows them too"""
    model = begin(work, vocabulary, earlier)
    learn_again(model, vocabulary, minutes, earlier['seed'])
    return earlier | {'weights': model.state_dict()}


def report_new(loaded):
    """Says which weights the earlier run did not have."""
    print('went on from earlier weights; new are', *loaded.missing_keys or ['none'], flush=True)


def train(work, lexicon, vocabulary, banks, plan, earlier=None):
    """banks = (icons to learn from, icons to watch); earlier: see begin. Writes model.pt every few minutes and at the
    end: {weights (averaged), pictures, minutes, seed}."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    tokenizer, generator = Tokenizer(vocabulary.words), torch.Generator().manual_seed(plan.seed)
    model = begin(work, vocabulary, earlier)
    progress = Progress(work, plan, earlier if isinstance(earlier, dict) else None)
    average, optimiser = copy.deepcopy(model), optimiser_of(model, plan.rate)
    composer = Composer(banks[0], lexicon, vocabulary, plan.batch, plan.at, plan.seed)
    batches = iter(DataLoader(composer, batch_size=None, num_workers=plan.workers, prefetch_factor=3))
    steps, waited, history, next_save = 0, 0.0, [], plan.checkpoint_minutes
    start = time.time()
    while (minutes := (time.time() - start) / 60) < plan.minutes:
        asked = time.time()
        data = next(batches)
        waited += time.time() - asked
        parts = losses(model, data, vocabulary, generator, composer.practice)
        history.append(step(model, optimiser, parts, minutes / plan.minutes, steps))
        steps += 1
        follow(average, model, steps)
        if steps % 100 == 0:
            report(history, minutes, steps * plan.batch, waited, model)
            history.clear()
        if minutes > next_save:
            next_save += plan.checkpoint_minutes
            progress.save(average, steps, minutes)
            recall = clean_recall(average, banks[1], lexicon, tokenizer, plan.at(minutes)[0])
            print('checkpoint: R@1/5/10 of clean icons', *recall, flush=True)
    if isinstance(earlier, dict):
        keep_some(average, earlier)
    progress.save(average, steps, plan.minutes)


def step(model, optimiser, parts, progress, steps):
    """One step of the optimiser -> the losses as numbers"""
    for group in optimiser.param_groups:
        group['lr'] = cosine_rate(group['peak'], progress, steps, warm=60)
    optimiser.zero_grad(set_to_none=True)
    sum(parts.values()).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimiser.step()
    return {name: value.item() for name, value in parts.items()}


class Progress:
    """Writes checkpoints with the pictures and minutes of this run and of the earlier ones that it goes on from."""

    def __init__(self, work, plan, earlier):
        self.path, self.plan = f'{work}/model.pt', plan
        self.before = earlier or {'pictures': 0, 'minutes': 0, 'seed': plan.seed}

    def save(self, average, steps, minutes):
        """Whole or not at all, so that an export may read the file at any time."""
        pictures, total = self.before['pictures'] + steps * self.plan.batch, self.before['minutes'] + minutes
        stored = {'weights': average.state_dict(), 'pictures': pictures, 'minutes': total, 'seed': self.before['seed']}
        torch.save(stored, f'{self.path}.part')
        os.replace(f'{self.path}.part', self.path)


def report(history, minutes, pictures, waited, model):
    """One line of progress."""
    means = {name: np.mean([parts[name] for parts in history if name in parts]) for name in history[-1]}
    speed = pictures / minutes / 60
    print(
        f'{minutes:.1f} min, {pictures} pictures, {speed:.0f}/s, waited {waited / minutes / 0.6:.0f} %'
        + ''.join(f', {name} {value:.3f}' for name, value in means.items())
        + f', scales {model.caption_scale.item():.1f} {model.concept_scale.item():.1f}',
        flush=True,
    )
