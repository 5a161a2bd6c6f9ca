"""Where a phrase belongs whose pictures are known: near the concepts that it names or covers, and away from the others,
yet not far from where the teacher reads it. A plain mean of the concepts would put "two o'clock" on "three o'clock"; a
kind that is not drawn to its members ranks them well and is yet no more like them than nonsense is."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

SCALE = 20.0  # sharpness of the ranking among all concepts
STEPS, RATE = 80, 0.02
PART = 4096  # phrases at a time


@dataclass(frozen=True)
class Forces:
    """Beside the ranking of the concepts, which weighs 1: what draws a phrase to the teacher (or to the mean of its
    members, where no teacher reads it) and to its members."""

    teacher: float
    members: float = 0.0


def anchor(members, teacher, concepts, forces):
    """members: [{concept: weight}] of n phrases; teacher float32[n, D] or None where no teacher reads them; concepts
    [C, D]. All vectors are normalised. -> float32[n, D], normalised"""
    out = []
    for start in range(0, len(members), PART):
        share = torch.zeros(len(members[start : start + PART]), len(concepts))
        for row, some in enumerate(members[start : start + PART]):
            share[row, list(some)] = torch.tensor(list(some.values()))
        share /= share.sum(1, keepdim=True)
        middle = F.normalize(share @ concepts, dim=1)
        home = middle if teacher is None else teacher[start : start + PART]
        out.append(settle_down(F.normalize(home + middle, dim=1), home, share, concepts, forces))
    return torch.cat(out)


def settle_down(first, home, share, concepts, forces):
    """Gradient steps from `first` -> [n, D]; each phrase is a problem of its own."""
    vectors = first.clone().requires_grad_()
    optimiser = torch.optim.Adam([vectors], lr=RATE)
    for step in range(STEPS):
        optimiser.param_groups[0]['lr'] = RATE * (1 - step / STEPS)
        unit = F.normalize(vectors, dim=1)
        likeness = unit @ concepts.t()
        ranking = -(share * torch.log_softmax(SCALE * likeness, 1)).sum(1)
        drawn = forces.teacher * (unit * home).sum(1) + forces.members * (share * likeness).sum(1)
        optimiser.zero_grad()
        (ranking - drawn).sum().backward()
        optimiser.step()
    return F.normalize(vectors.detach(), dim=1)
