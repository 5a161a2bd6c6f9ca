"""The two towers. Pictures: a plain residual network, which is what CPUs run fast, with a pyramid for masks and dense
vectors. Texts: rows of words and letter n-grams, two small convolutions, pooling."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from teacher import DIMENSION, WORD_ROWS
from tokenizer import NGRAM_ROWS


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut; starts as the identity. [B, width, h, w] -> the same shape"""

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm2.weight)

    def forward(self, x):
        return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


def reduce(width_in, width_out, size=3, stride=2, padding=1):
    """A convolution that makes the map smaller, normalised."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, size, stride, padding, bias=False), nn.BatchNorm2d(width_out), nn.ReLU()
    )


class ImageTower(nn.Module):
    """image float32[B, 3, S, S] in 0..1, S a multiple of 16 -> vector [B, D],
    dense [B, D, S/4, S/4] (its mean under a mask is the segment's vector),
    layout [B, 4, S/2, S/2] = mask logit, centre logit, offset x and y to the centre in units of S/8."""

    def __init__(self, widths=(64, 128, 224), pyramid=128):
        super().__init__()
        fine, middle, coarse = widths
        self.stage4 = nn.Sequential(reduce(3, fine, 8, 4, 2), Block(fine))
        self.stage8 = nn.Sequential(reduce(fine, middle), Block(middle), Block(middle))
        self.stage16 = nn.Sequential(reduce(middle, coarse), Block(coarse), Block(coarse))
        self.project = nn.Linear(2 * coarse, DIMENSION)
        self.lateral4, self.lateral8, self.lateral16 = (nn.Conv2d(width, pyramid, 1) for width in widths)
        self.dense = nn.Sequential(
            nn.Conv2d(pyramid, pyramid, 3, padding=1), nn.ReLU(), nn.Conv2d(pyramid, DIMENSION, 1)
        )
        self.layout = nn.Sequential(
            nn.Conv2d(pyramid, 48, 3, padding=1), nn.ReLU(), nn.Conv2d(48, 16, 3, padding=1), nn.PixelShuffle(2)
        )

    def features(self, image):
        """-> maps at a quarter, an eighth and a sixteenth of the side"""
        at4 = self.stage4((image - 0.5) * 2)
        at8 = self.stage8(at4)
        return at4, at8, self.stage16(at8)

    def pool(self, at16):
        return self.project(torch.cat([at16.mean((2, 3)), at16.amax((2, 3))], 1))

    def look(self, image):
        """The vector alone: [B, 3, S, S] -> [B, D]"""
        return self.pool(self.features(image)[-1])

    def parts(self, image):
        """-> vector [B, D], map [B, pyramid, S/4, S/4] and layout. `name` makes dense vectors of the map's: it is linear,
        so the mean under a mask may be taken first, which spares training a third of its time on dense vectors."""
        at4, at8, at16 = self.features(image)
        pyramid = F.interpolate(self.lateral16(at16), scale_factor=2) + self.lateral8(at8)
        pyramid = F.relu(F.interpolate(pyramid, scale_factor=2) + self.lateral4(at4))
        return self.pool(at16), self.dense[:2](pyramid), self.layout(pyramid)

    def name(self, pooled):
        """Means of the map under masks [K, pyramid] -> dense vectors [K, D]"""
        return F.linear(pooled, self.dense[2].weight.flatten(1), self.dense[2].bias)

    def forward(self, image):
        vector, map4, layout = self.parts(image)
        return vector, self.dense[2](map4), layout


def pool_segments(dense, masks, picture):
    """dense [B, D, h, w], masks float[K, h, w], picture int64[K] (whose mask it is, ascending) -> mean under each mask
    [K, D]. Masks are laid out per picture first, so that no picture's vectors are copied for each of its segments."""
    weights = masks.flatten(1)
    weights = weights / weights.sum(1, keepdim=True).clamp(min=1e-4)
    slot = torch.arange(len(picture)) - torch.searchsorted(picture, picture)
    grid = weights.new_zeros(len(dense), int(slot.max()) + 1, weights.shape[1])
    grid[picture, slot] = weights
    return torch.bmm(grid, dense.flatten(2).transpose(1, 2))[picture, slot]


def with_neighbours(x):
    """[B, T, width] -> [B, T, 3 * width]: every word between the ones before and after it, zeros at the ends"""
    return torch.cat([F.pad(x, (0, 0, 1, 0))[:, :-1], x, F.pad(x, (0, 0, 0, 1))[:, 1:]], 2)


class TextTower(nn.Module):
    """Word rows and n-gram rows (see tokenizer.py) -> [B, D]"""

    def __init__(self, row=128, width=256):
        super().__init__()
        self.words = nn.Embedding(WORD_ROWS, row)
        self.ngrams = nn.EmbeddingBag(NGRAM_ROWS, row, mode='mean', padding_idx=0)
        nn.init.normal_(self.words.weight, std=0.3)
        nn.init.normal_(self.ngrams.weight, std=0.1)
        self.enter = nn.Linear(row, width)
        self.mix1, self.mix2 = nn.Linear(3 * width, width), nn.Linear(3 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend = nn.Linear(width, 1)
        self.project = nn.Linear(2 * width, DIMENSION)

    def forward(self, index, words, ngrams):
        """Distinct words once, as in training: index int64[B, T] (-1 = none) into words int64[U], ngrams [U, G]."""
        rows = self.ngrams(ngrams) + self.words(words) * (words > 0).float()[:, None]
        return self.read(F.embedding(index.clamp(min=0), rows), (index >= 0).float())

    def forward_plain(self, words, ngrams):
        """As exported: words int64[B, T] (-1 = none, 0 = unknown), ngrams int64[B, T, G] (0 = none)."""
        some = (ngrams > 0).float()[..., None]
        grams = (F.embedding(ngrams, self.ngrams.weight) * some).sum(2) / some.sum(2).clamp(min=1)
        rows = grams + F.embedding(words.clamp(min=0), self.words.weight) * (words > 0).float()[..., None]
        return self.read(rows, (words >= 0).float())

    def read(self, rows, present):
        """rows [B, T, row], present float[B, T] 0/1 -> [B, D]. An empty text reads as one empty word."""
        present = torch.cat([torch.ones_like(present[:, :1]), present[:, 1:]], 1)[..., None]
        x = self.enter(rows) * present
        for norm, mix in ((self.norm1, self.mix1), (self.norm2, self.mix2)):
            x = x + F.silu(mix(with_neighbours(norm(x) * present)))
        hidden = (present - 1) * 1e4
        share = torch.softmax(self.attend(x) + hidden, 1)
        return self.project(torch.cat([(x * share).sum(1), (x + hidden).amax(1)], 1))
