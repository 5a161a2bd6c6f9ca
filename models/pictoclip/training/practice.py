"""Which concepts need practice: those whose objects are named badly are drawn up to twice as often as the mean one, which
has 2 chances, and the easiest half as often."""

from itertools import accumulate

import torch

RATE = 0.05  # of the moving mean of a concept's loss: about twenty objects
FLOOR, MOST = 1.0, 4.0  # chances of what is named perfectly, to which the share of the mean loss adds; the most of them


class Practice:
    """loss float32[concepts]: how badly each was named lately. Lies in shared memory: the trainer writes, workers read."""

    def __init__(self, concepts):
        self.loss = torch.ones(concepts).share_memory_()

    def learn(self, concepts, losses):
        """concepts int64[K] of some objects, losses float[K] of naming them"""
        self.loss[concepts] = torch.lerp(self.loss[concepts], losses.detach(), RATE)

    def caster(self, concepts, rng):
        """-> a function that draws one of these concepts, as the losses stand now"""
        own = self.loss[concepts]
        chances = (own / own.mean() + FLOOR).clamp(max=MOST)
        summed = list(accumulate(chances.tolist()))
        return lambda: rng.choices(concepts, cum_weights=summed)[0]
