"""How a picture looks: icons in a pose on a ground (see grounds.py), shadows, styles, disturbances.

A batch is drawn as tensors, object number k of all scenes at once: one core makes hundreds of pictures a second.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from grounds import COLOUR_VALUES, grounds, ramp
from scenes import places_of

STRETCH = 0.4  # pictures are squashed to a square: objects of a scene share a log-aspect of up to this


@dataclass(frozen=True)
class Look:
    """How scenes are drawn: pixels of the side; augmented, or upright and sharp as the sets draw them; the share of
    white grounds; and how hard the augmentation is, above 0 up to 1."""

    size: int = 96
    augment: bool = True
    plain: float = 0.35
    hard: float = 1.0


def compose(bank, lexicon, scenes, rng, look):
    """Draws the scenes -> (image float[B, 3, S, S] in 0..1, instance int64[B, S/2, S/2]: 0 = ground, k + 1 = object k).
    Writes the ground's name into the scenes; pictures that turn grey lose their colour names."""
    image = grounds(scenes, look, rng)
    instance = torch.zeros(len(scenes), look.size // 2, look.size // 2, dtype=torch.int64)
    places = [places_of(scene, rng, look.augment, look.hard) for scene in scenes]
    stretch = [rng.uniform(-STRETCH, STRETCH) if look.augment and rng.random() < 0.5 else 0.0 for _ in scenes]
    for k in range(max(len(scene.objects) for scene in scenes)):
        rows = [b for b, scene in enumerate(scenes) if len(scene.objects) > k]
        objects = [(scenes[b].objects[k], places[b][k], stretch[b]) for b in rows]
        rgb, alpha = draw_objects(bank, lexicon, objects, rng, look)
        if look.augment:
            image[rows] *= 1 - cast_shadow(alpha)
        image[rows] = image[rows] * (1 - alpha) + rgb
        solid = F.avg_pool2d(alpha, 2)[:, 0] > 0.5
        instance[rows] = torch.where(solid, torch.tensor(k + 1), instance[rows])
    return (disturb(image, scenes, look.hard) if look.augment else image), instance


def draw_objects(bank, lexicon, objects, rng, look):
    """objects = [(thing, place, stretch)] -> premultiplied rgb [M, 3, S, S] and alpha [M, 1, S, S]"""
    things = [thing for thing, _, _ in objects]
    flips = [not lexicon.must_not_flip[thing.concept] for thing in things]
    matrices = np.stack(
        [
            pose(place, lean, rng if look.augment else None, may_flip)
            for (_, place, lean), may_flip in zip(objects, flips)
        ]
    )
    bend = 0.035 * look.hard if look.augment else 0.0
    icons = torch.tensor([thing.icon for thing in things])
    drawn = draw_icons(bank, icons, matrices, look.size, bend)
    rgb, alpha = drawn[:, :3], drawn[:, 3:]
    ink_strokes(rgb, alpha, bank.strokes[icons], [thing.tinted for thing in things], look.augment)
    rgb = tint(rgb, alpha, [thing.tint for thing in things])
    if look.augment:
        rgb = restyle(rgb, alpha, torch.tensor([thing.tinted for thing in things]), look.hard)
    return rgb, alpha


# ---------------------------------------------------------------- icons
def pose(place, stretch, rng, may_flip):
    """Affine matrix [2, 3] for grid_sample: where a pixel of the picture looks into the icon. Upright without rng."""
    x, y, size = place
    turn, aspect, shear, flip = 0.0, 1.0, 0.0, 1
    if rng:
        turn = rng.gauss(0, 0.12 if may_flip else 0.06) if rng.random() < 0.6 else 0.0
        if may_flip:
            turn = rng.uniform(-0.8, 0.8) if rng.random() < 0.06 else turn
            flip = -1 if rng.random() < 0.4 else 1
        aspect, shear = math.exp(rng.gauss(0, 0.08)), rng.gauss(0, 0.06)
    size *= math.exp(-abs(stretch) / 2)  # a stretched object still fits its place
    aspect *= math.exp(stretch / 2)
    c, s = math.cos(turn), math.sin(turn)
    matrix = (
        np.array([[flip, shear], [0, 1]]) @ np.array([[c, s], [-s, c]]) @ np.diag([1 / (size * aspect), aspect / size])
    )
    return np.concatenate([matrix, -matrix @ np.array([[2 * x - 1], [2 * y - 1]])], 1)


def draw_icons(bank, icons, matrices, size, bend):
    """icons int64[M], matrices [M, 2, 3] -> premultiplied RGBA [M, 4, S, S]. Small ones are read from smaller icons;
    bend = strength of the elastic warp that a quarter of them get."""
    grid = F.affine_grid(torch.from_numpy(matrices).float(), (len(icons), 4, size, size), align_corners=False)
    if bend:
        bent = torch.rand(len(icons)) < 0.25
        warp = F.interpolate(torch.randn(int(bent.sum()), 2, 5, 5) * bend, size=(size, size), mode='bilinear')
        grid[bent] += warp.permute(0, 2, 3, 1)
    side = torch.from_numpy(np.abs(np.linalg.det(matrices[:, :, :2])) ** -0.5) * size  # pixels in the picture
    level = (side < 58).long() + (side < 29).long()
    out = torch.empty(len(icons), 4, size, size)
    for source, pixels in enumerate(bank.pixels):
        rows = level == source
        if rows.any():
            out[rows] = F.grid_sample(pixels[icons[rows]].float() / 255, grid[rows], align_corners=False)
    return out


def cast_shadow(alpha):
    """Soft shadows: a quarter of the objects throw their own shape a little lower, three in ten stand on a dark ellipse.
    alpha [M, 1, S, S] -> how much darker the ground is, 0..1"""
    kind = torch.rand(len(alpha), 1, 1, 1)
    below = F.avg_pool2d(F.pad(alpha, (2, 2, 5, 0), mode='replicate')[:, :, :-1], 5, 1)  # moved down by three pixels
    shape = torch.where(kind < 0.25, below, torch.where(kind < 0.55, foot_ellipse(alpha), 0.0))
    return shape * torch.rand(len(alpha), 1, 1, 1) * 0.5


def foot_ellipse(alpha):
    """alpha [M, 1, S, S] -> [M, 1, S, S]: an ellipse at the foot of each object that is solid somewhere, about as wide as it,
    1 in the middle and fading to 0 outwards"""
    size = alpha.shape[-1]
    axis, solid = torch.arange(size), alpha[:, 0] > 0.5
    columns, rows = solid.any(1), solid.any(2)
    left, right = columns.int().argmax(1), size - 1 - columns.flip(1).int().argmax(1)
    bottom = size - 1 - rows.flip(1).int().argmax(1)
    half = ((right - left + 1) * (0.45 + 0.15 * torch.rand(len(alpha))))[:, None]
    x, y = (axis - (left + right)[:, None] / 2) / half, (axis - bottom[:, None]) / (half * 0.16).clamp(min=1.5)
    ellipse = (1 - (x[:, None] ** 2 + y[:, :, None] ** 2).sqrt()).clamp(min=0)
    return (ellipse * solid.flatten(1).any(1)[:, None, None])[:, None]


def ink_strokes(rgb, alpha, strokes, tinted, augment):
    """Paints the icons that are strokes alone, in place: dark ink on pale paper, or any two colours where augmented.
    Those that get a tint afterwards stay dark on pale."""
    rows = strokes.nonzero()[:, 0]
    ink, paper = torch.full((len(rows), 3, 1, 1), 0.15), torch.full((len(rows), 3, 1, 1), 0.95)
    if augment:
        free = (torch.rand(len(rows)) < 0.4) & ~torch.tensor(tinted)[rows]
        ink, paper = ink * torch.rand(len(rows), 1, 1, 1) * 2, paper - torch.rand(len(rows), 3, 1, 1) * 0.15
        ink[free], paper[free] = torch.rand(int(free.sum()), 3, 1, 1), torch.rand(int(free.sum()), 3, 1, 1)
    rgb[rows] = rgb[rows] * ink + (alpha[rows] - rgb[rows]).clamp(min=0) * paper


def tint(rgb, alpha, tints):
    """Repaints objects in one colour and keeps light and shade. tints: colour index or None per object"""
    rows = [row for row, colour in enumerate(tints) if colour is not None]
    if rows:
        weights = torch.tensor([0.3, 0.59, 0.11])[None, :, None, None]
        light = (rgb[rows] * weights).sum(1, keepdim=True) / alpha[rows].clamp(min=1e-3)
        colour = COLOUR_VALUES[[tints[row] for row in rows]][:, :, None, None]
        rgb[rows] = (colour * (0.35 + 0.75 * light)).clamp(0, 1) * alpha[rows]
    return rgb


# ---------------------------------------------------------------- styles, so that the drawing hand matters less
def restyle(rgb, alpha, keep_hue, hard):
    """Premultiplied rgb [M, 3, S, S] in another hand: colours mixed, shaded, and for some one of STYLES."""
    out = shade(mix_colours(rgb, keep_hue, hard), alpha, hard)
    kind = torch.rand(len(rgb)) / hard
    start = 0.0
    for style, share, needs_hue in STYLES:
        rows = (kind >= start) & (kind < start + share) & ~(keep_hue & needs_hue)
        if rows.any():
            out[rows] = style(out[rows], alpha[rows])
        start += share
    return torch.minimum(out.clamp(min=0), alpha)


def mix_colours(rgb, keep_hue, hard):
    """A random colour matrix near the identity, and another saturation; tinted objects keep their hue."""
    count, one = len(rgb), torch.eye(3)
    strong = (torch.rand(count, 1, 1) < 0.3 * hard).float()
    matrix = one + torch.randn(count, 3, 3) * (0.05 + 0.2 * strong) * hard * (torch.rand(count, 1, 1) < 0.7)
    saturation = (1 + torch.randn(count, 1, 1) * 0.25 * hard).clamp(0, 1.6)
    matrix = (saturation * one + (1 - saturation) / 3) @ matrix
    matrix = torch.where(keep_hue[:, None, None], one, matrix)
    return torch.bmm(matrix, rgb.flatten(2)).view_as(rgb)


def shade(rgb, alpha, hard):
    """Light from one side, and a little more or less of it."""
    axis = ramp(rgb.shape[-1]) - 0.5
    tilt = torch.randn(len(rgb), 2, 1, 1) * 0.4 * hard * (torch.rand(len(rgb), 1, 1, 1) < 0.5)
    light = 1 + tilt[:, :1] * axis + tilt[:, 1:] * axis[:, None]
    return rgb * light + alpha * torch.randn(len(rgb), 1, 1, 1) * 0.06


def posterise(rgb, alpha):
    """Few levels of colour"""
    levels = torch.randint(2, 5, (len(rgb), 1, 1, 1)).float()
    return torch.round(rgb * levels) / levels


def flatten(rgb, alpha):
    """Small detail melts into areas"""
    return F.avg_pool2d(F.pad(rgb, (2, 2, 2, 2), mode='replicate'), 5, 1)


def outline(rgb, alpha):
    """A dark rim inside the shape"""
    inner = -F.max_pool2d(-alpha, 5, 1, 2)
    return rgb * inner + torch.rand(len(rgb), 1, 1, 1) * 0.35 * (alpha - inner).clamp(min=0)


def line_drawing(rgb, alpha):
    """Edges on a pale body"""
    light = rgb.mean(1, keepdim=True)
    edges = (light - F.avg_pool2d(F.pad(light, (1, 1, 1, 1), mode='replicate'), 3, 1)).abs() * 6
    return (alpha * (0.95 - edges)).expand(-1, 3, -1, -1)


def two_tones(rgb, alpha):
    """Light and shade between two colours, dark and pale or the other way round"""
    light = rgb.mean(1, keepdim=True)
    dark, pale = torch.rand(2, len(rgb), 3, 1, 1) * 0.5
    upside_down = torch.rand(len(rgb), 1, 1, 1) < 0.15
    light = torch.where(upside_down, alpha - light, light)
    return (alpha - light).clamp(min=0) * dark + light * (1 - pale)


def textured(rgb, alpha):
    """Paper, chalk, brush: coarse and fine grain"""
    size = rgb.shape[-1]
    coarse = F.interpolate(torch.rand(len(rgb), 1, size // 6, size // 2), size=(size, size), mode='bilinear')
    return rgb * (0.6 + 0.6 * coarse) + alpha * torch.randn(len(rgb), 1, size, size) * 0.06


def pale_rim(rgb, alpha):
    """A white rim inside the shape, as on stickers"""
    inner = -F.max_pool2d(-alpha, 5, 1, 2)
    return rgb * inner + (alpha - inner).clamp(min=0)


STYLES = [
    (posterise, 0.08, False),
    (flatten, 0.09, False),
    (outline, 0.10, False),
    (line_drawing, 0.05, True),
    (two_tones, 0.05, True),
    (textured, 0.05, False),
    (pale_rim, 0.04, False),
]


def disturb(image, scenes, hard):
    """Other light for all; blur, noise, loss of colour, halftone for a part each."""
    count, _, size, _ = image.shape
    image = image + torch.randn(count, 1, 1, 1) * 0.04
    part = int(count * 0.1 * hard)
    blurred, noisy, gray, dotted = torch.randperm(count)[: 4 * part].view(4, part)
    if part:
        image[blurred] = F.avg_pool2d(F.pad(image[blurred], (1, 1, 1, 1), mode='replicate'), 3, 1)
        image[noisy] += torch.randn(part, 3, size, size) * torch.rand(part, 1, 1, 1) * 0.1
        image[gray] = image[gray].mean(1, keepdim=True)
        wave = torch.sin(torch.arange(size) * 1.8)
        image[dotted[: part // 3]] += wave[None] * wave[:, None] * 0.25
    for b in gray.tolist():
        scenes[b].background = None
        for thing in scenes[b].objects:
            thing.colour = None
    return image.clamp(0, 1)
