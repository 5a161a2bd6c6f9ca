"""What objects lie and stand on: one colour, patterns, and sceneries in layers, as illustrators draw them."""

import math

import torch
import torch.nn.functional as F

from lexicon import COLOUR_NAMES, COLOURS

COLOUR_VALUES = torch.tensor(list(COLOURS.values())) / 255  # float32[11, 3], RGB, in the order of COLOUR_NAMES


def ramp(size):
    """Pixel centres in 0..1"""
    return (torch.arange(size).float() + 0.5) / size


def grounds(scenes, look, rng):
    """-> [B, 3, S, S]; writes the colour's name into scene.background where it has one."""
    size, plain = look.size, look.plain
    out = torch.empty(len(scenes), 3, size, size)
    for b, scene in enumerate(scenes):
        chance = rng.random()
        if chance < plain:
            out[b] = 1.0 if rng.random() < 0.75 else rng.uniform(0.88, 1)
            scene.background = 'white'
        elif chance < plain + 0.3 * (1 - plain):
            index = rng.randrange(len(COLOUR_NAMES))
            out[b] = (COLOUR_VALUES[index] + torch.empty(3).uniform_(-0.06, 0.06))[:, None, None].clamp(0, 1)
            scene.background = COLOUR_NAMES[index]
        else:
            out[b] = rng.choice(GROUNDS)(any_colour(rng), any_colour(rng), size, rng).clamp(0, 1)
    return out


def any_colour(rng):
    """[3, 1, 1]: any colour, half of the time a pale one"""
    colour, pale = torch.rand(3)[:, None, None], rng.choice([0.0, rng.uniform(0.3, 0.85)])
    return colour * (1 - pale) + pale


def near(colour, rng):
    """[3, 1, 1]: a neighbour of this colour, lighter or darker"""
    return (colour * rng.uniform(0.75, 1.2) + torch.randn(3)[:, None, None] * 0.05).clamp(0, 1)


# ---------------------------------------------------------------- patterns
def gradient(first, second, size, rng):
    """From one colour to the other, in any direction"""
    axis, angle = ramp(size) - 0.5, rng.uniform(0, 2 * math.pi)
    slope = (axis[None] * math.cos(angle) + axis[:, None] * math.sin(angle)) * 0.75 + 0.5
    return first * (1 - slope) + second * slope


def clouds(first, second, size, rng):
    """Soft spots of any colour over a gradient"""
    grain = rng.choice([3, 5, 9, 16, 32])
    noise = F.interpolate(torch.rand(1, 3, grain, grain), size=(size, size), mode='bilinear')[0]
    return gradient(first, second, size, rng) * 0.4 + noise * 0.6


def stripes(first, second, size, rng):
    """Stripes across, down, both or slanting, from strong to faint"""
    step, axis = rng.uniform(0.04, 0.2), ramp(size)
    lean = rng.choice([0.0, 0.0, rng.uniform(-1.5, 1.5)])
    across = ((axis[None] + lean * axis[:, None]) / step).floor().long() % 2
    pattern = rng.choice([across, across.t(), (across + across.t()) % 2])
    return torch.where(pattern > 0, first, rng.choice([second, near(first, rng)]))


def dots(first, second, size, rng):
    """Dots in rows"""
    place = (ramp(size) * rng.uniform(3, 10)) % 1 - 0.5
    inside = (place[None] ** 2 + place[:, None] ** 2) < rng.uniform(0.1, 0.35) ** 2
    return torch.where(inside, first, rng.choice([second, near(first, rng)]))


def tiles(first, second, size, rng):
    """Thin lines across, down or both: tiles, planks, squared paper"""
    lines = (ramp(size) * rng.uniform(3, 12)) % 1 < rng.uniform(0.06, 0.2)
    pattern = rng.choice([lines[None] | lines[:, None], lines[:, None].expand(size, size), lines.expand(size, size)])
    return torch.where(pattern, rng.choice([second, near(first, rng)]), first)


def grainy(first, second, size, rng):
    """A gradient with noise"""
    return gradient(first, second, size, rng) + torch.randn(3, size, size) * rng.uniform(0.03, 0.15)


# ---------------------------------------------------------------- sceneries
def scenery(first, second, size, rng):
    """A sky or a wall with layers before it: landscapes, seas, streets, rooms, tables, shelves"""
    picture = rng.choice([gradient, gradient, stripes, dots, tiles])(first, near(first, rng), size, rng)
    picture = adorned(picture, rng)
    for level in sorted(rng.uniform(0.3, 0.97) for _ in range(rng.choice([1, 1, 2, 2, 3, 4]))):
        second = near(second, rng) if rng.random() < 0.4 else any_colour(rng)
        picture = layered(picture, second, level, rng)
    return adorned(picture, rng)


def layered(picture, colour, level, rng):
    """One more layer from `level` (share of the height) to the bottom or, as a bar, some way down; its border may have a
    thin edge, its colour may fade, and a dashed line may run across it."""
    size = picture.shape[-1]
    below = ramp(size)[:, None] - level - border(size, rng)[None]
    thick = rng.choice([1.0, 1.0, 1.0, rng.uniform(0.02, 0.2)])
    fading = colour + (near(colour, rng) - colour) * ramp(size)[None, :, None] if rng.random() < 0.3 else colour
    picture = torch.where((below > 0) & (below < thick), fading, picture)
    if rng.random() < 0.25:
        picture = torch.where((below > 0) & (below < rng.uniform(0.01, 0.035)), any_colour(rng), picture)
    if rng.random() < 0.15:
        place, gaps = rng.uniform(0.05, 0.2), (ramp(size) * rng.uniform(4, 9)) % 1 < rng.uniform(0.4, 1)
        picture = torch.where(((below - place).abs() < 0.01) & gaps, any_colour(rng), picture)
    return picture


def border(size, rng):
    """float[size]: the upper border of a layer, as shares of the height down from its level: straight, waves, peaks or
    blocks"""
    axis, kind = ramp(size), rng.choice(['straight', 'straight', 'waves', 'waves', 'peaks', 'blocks'])
    if kind == 'straight':
        return torch.zeros(size)
    if kind == 'waves':
        return rng.uniform(0.01, 0.09) * torch.sin(axis * rng.uniform(3, 14) + rng.uniform(0, 6))
    if kind == 'peaks':
        tops = torch.rand(rng.randint(2, 5), 3) * torch.tensor([1.0, 0.3, 1.5]) + torch.tensor([0.0, -0.3, 0.5])
        return (tops[:, 1:2] + tops[:, 2:] * (axis - tops[:, :1]).abs()).amin(0).clamp(max=0.1)
    number = rng.randint(4, 14)
    heights = -torch.rand(number) * rng.uniform(0.08, 0.35)
    solid = (axis * number) % 1 > rng.choice([0.0, 0.0, 0.06])
    return torch.where(solid, heights[(axis * number).long()], torch.zeros(size))


def adorned(picture, rng):
    """A third have specks (snow, stars, bubbles), rays, or a large spot (a rug, a sun), mostly faint."""
    draw = rng.choice([specks, rays, spot, *[None] * 6])
    if draw is None:
        return picture
    colour = rng.choice([torch.ones(3, 1, 1), any_colour(rng)])
    opacity = rng.choice([rng.uniform(0.06, 0.35), rng.random()])
    return torch.lerp(picture, colour.expand_as(picture), draw(picture.shape[-1], rng) * opacity)


def specks(size, rng):
    """float[S, S]: points and small squares here and there"""
    points = (torch.rand(size, size) < rng.uniform(0.001, 0.012)).float()
    return F.max_pool2d(points[None], 3, 1, 1)[0] if rng.random() < 0.4 else points


def rays(size, rng):
    """float[S, S]: bands that slant apart"""
    across, down = ramp(size)[None] - rng.uniform(-0.5, 1.5), ramp(size)[:, None] + rng.uniform(0.3, 2)
    return ((across / down * rng.uniform(3, 9)) % 1 < rng.uniform(0.3, 0.6)).float()


def spot(size, rng):
    """float[S, S]: one ellipse"""
    x, y = (ramp(size) - rng.random()) / rng.uniform(0.1, 0.6), (ramp(size) - rng.random()) / rng.uniform(0.04, 0.3)
    return (x[None] ** 2 + y[:, None] ** 2 < 1).float()


GROUNDS = [gradient, gradient, clouds, stripes, dots, tiles, grainy, *[scenery] * 8]
