"""Teach the text tower the teacher's space before it sees any picture: words, phrases, fillers, misspellings, pairs."""

import math
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

from objectives import follow_teacher
from tokenizer import Tokenizer
from towers import TextTower

RATE, BATCH = 3e-3, 512


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
    tower, tokenizer, concepts = TextTower(), Tokenizer(vocabulary.words), vocabulary.concept_targets
    rows = vocabulary.word_rows(tower.words.weight.shape[1])
    tower.words.weight.data[: len(rows)] = rows
    optimiser = torch.optim.Adam(tower.parameters(), lr=RATE, betas=(0.9, 0.99))
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    start, steps, seen = time.time(), 0, []
    while (progress := (time.time() - start) / 60 / minutes) < 1:
        optimiser.param_groups[0]['lr'] = cosine_rate(RATE, progress, steps)
        texts, targets = vocabulary.sample(BATCH, rng)
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
                f'words {60 * minutes * progress:.0f} s step {steps} loss, cosine',
                np.mean(seen[-200:], 0).round(3),
                flush=True,
            )
    return tower
