"""From the layout map of the image tower to the masks of single objects."""

import torch
import torch.nn.functional as F

FLOOR = 0.4  # least score of a centre: share of the most votes + centre probability
WINDOW = 11  # centres keep this distance on a map of 48 pixels
FEWEST_VOTES = 6
SMALLEST = 10  # pixels of the map


def instances(layout):
    """layout float[4, h, w] as exported (probabilities of object and centre, offsets in pixels) -> bool[n, h, w].
    Every object pixel votes for a centre; tops of votes + centre probability are the objects; pixels join the nearest.
    """
    size = layout.shape[-1]
    mask = layout[0] > 0.5
    if mask.sum() < SMALLEST:
        return mask[None][:0]
    y, x = mask.nonzero(as_tuple=True)
    votes = torch.stack([y + layout[3, y, x], x + layout[2, y, x]], 1).round().clamp(0, size - 1)
    centres = tops(votes, layout[1])
    if not len(centres):
        return mask[None]
    out = torch.zeros(len(centres), size, size, dtype=torch.bool)
    out[torch.cdist(votes, centres).argmin(1), y, x] = True
    return out[out.flatten(1).sum(1) >= SMALLEST]


def tops(votes, centre):
    """votes float[p, 2] as (y, x), centre [h, w] -> centres float[n, 2] as (y, x)"""
    size = centre.shape[-1]
    count = torch.zeros(size * size).index_add_(0, (votes[:, 0] * size + votes[:, 1]).long(), torch.ones(len(votes)))
    count = 25 * F.avg_pool2d(count.view(1, 1, size, size), 5, 1, 2)[0, 0]
    score = count / count.max() + centre
    window = WINDOW * size // 96 * 2 + 1
    highest = F.max_pool2d(score[None, None], window, 1, window // 2)[0, 0]
    return ((score == highest) & (score > FLOOR) & (count > FEWEST_VOTES)).nonzero().float()


def mask_iou(a, b):
    """bool[n, h, w] and bool[m, h, w] -> intersection over union float[n, m]"""
    a, b = a.flatten(1).float(), b.flatten(1).float()
    shared = a @ b.t()
    return shared / (a.sum(1)[:, None] + b.sum(1) - shared).clamp(min=1)
