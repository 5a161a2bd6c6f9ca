"""Teach the text tower the teacher's space before it sees any picture, and again where words were placed anew: words,
phrases, fillers, misspellings, pairs."""

import math
import random
import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from objectives import follow_teacher
from tokenizer import Tokenizer
from towers import TextTower

RATE, BATCH = 3e-3, 512
RATE_AGAIN = 1e-3  # lower: what the tower knows is moved, not learnt anew


def forget_words(words, generator, share=0.08):
    """Some words lose their own row, so that the n-grams learn to stand alone. int64[U] -> int64[U]"""
    lost = torch.rand(words.shape, generator=generator) < share
    return words.masked_fill(lost, 0)


def encode_texts(tower, tokenizer, texts):
    """-> [len(texts), D], normalised"""
    return F.normalize(tower(*map(torch.from_numpy, tokenizer.encode_distinct(texts))), dim=1)


def cosine_rate(peak, progress, steps, warm=100):
    """Rises over the first steps, then falls along a cosine to 2 % of the peak. progress 0..1"""
    return peak * min(1, steps / warm) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, progress))))


def distill(vocabulary, minutes, seed):
    """-> a text tower that follows the teacher (cosine about .9 to phrases as typed)"""
    torch.manual_seed(seed)
    tower = TextTower()
    rows = vocabulary.word_rows(tower.words.weight.shape[1])
    tower.words.weight.data[: len(rows)] = rows
    learn_words(tower, lambda targets: targets, vocabulary, Lesson(minutes, seed))
    return tower


def learn_again(model, vocabulary, minutes, seed):
    """The text tower of a model that has learnt follows words that were placed anew; pictures go on afterwards."""
    learn_words(
        model.text, lambda targets: model.space.place(targets).detach(), vocabulary, Lesson(minutes, seed, RATE_AGAIN)
    )


@dataclass(frozen=True)
class Lesson:
    """How long, from which seed and at which peak rate words are learnt."""

    minutes: float
    seed: int
    rate: float = RATE


def learn_words(tower, place, vocabulary, lesson):
    """Words alone. place: the vocabulary's targets -> where the tower is to put them"""
    tokenizer, concepts = Tokenizer(vocabulary.words), place(vocabulary.concept_targets)
    optimiser = torch.optim.Adam(tower.parameters(), lr=lesson.rate, betas=(0.9, 0.99))
    rng, generator = random.Random(lesson.seed), torch.Generator().manual_seed(lesson.seed)
    start, steps, seen = time.time(), 0, []
    while (progress := (time.time() - start) / 60 / lesson.minutes) < 1:
        optimiser.param_groups[0]['lr'] = cosine_rate(lesson.rate, progress, steps)
        texts, targets = vocabulary.sample(BATCH, rng)
        targets = place(targets)
        index, words, ngrams = map(torch.from_numpy, tokenizer.encode_distinct(texts))
        student = F.normalize(tower(index, forget_words(words, generator), ngrams), dim=1)
        loss = follow_teacher(student, targets, concepts)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        steps += 1
        seen.append([loss.item(), (student * targets).sum(1).mean().item()])
        if steps % 200 == 0:
            print(
                f'words {60 * lesson.minutes * progress:.0f} s step {steps} loss, cosine',
                np.mean(seen[-200:], 0).round(3),
                flush=True,
            )
