"""What is in a picture: the icons that can be drawn, the objects of a scene and where they stand."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import binary_erosion, binary_fill_holes

from lexicon import COLOUR_NAMES

ICON_PX = 96  # of the stored icons, see icons.mjs
SETS = ['noto', 'fluent-emoji', 'fluent-emoji-flat', 'twemoji', 'emojione']
ONE_COLOUR = ['emojione-monotone', 'fluent-emoji-high-contrast']  # drawn in strokes; drawing.py chooses ink and paper
ALL_SETS = [*SETS, 'noto-v1', 'fxemoji', 'streamline-emojis', *ONE_COLOUR]
PLACES = {  # centres in 0..1 and the largest size of an object, as a share of the side
    'one': ([(0.5, 0.5)], 1.0),
    'pair-across': ([(0.27, 0.5), (0.73, 0.5)], 0.54),
    'pair-down': ([(0.5, 0.27), (0.5, 0.73)], 0.54),
    'pair-falling': ([(0.3, 0.3), (0.7, 0.7)], 0.54),
    'pair-rising': ([(0.7, 0.3), (0.3, 0.7)], 0.54),
    'three-down': ([(0.25, 0.28), (0.75, 0.3), (0.5, 0.74)], 0.46),
    'three-up': ([(0.5, 0.27), (0.25, 0.72), (0.75, 0.72)], 0.46),
    'three-row': ([(0.18, 0.5), (0.5, 0.5), (0.82, 0.5)], 0.34),
    'four': ([(0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)], 0.46),
}
LAYOUTS = {
    1: ['one'],
    2: ['pair-across', 'pair-across', 'pair-down', 'pair-falling', 'pair-rising'],
    3: ['three-down', 'three-up', 'three-row'],
    4: ['four'],
}


@dataclass
class Thing:
    """One object: an icon of the bank, its concept, its colour's name and, if repainted, the colour's index."""

    icon: int
    concept: int
    colour: str | None = None
    tint: int | None = None

    @property
    def tinted(self):
        return self.tint is not None


@dataclass
class Scene:
    """Objects in a layout of PLACES, or 'free'. The composer fills in the background's name."""

    objects: list
    layout: str = 'one'
    repeated: bool = False
    background: str | None = None


class IconBank:
    """The icons of some sets, premultiplied, at three sizes: pixels[k] is uint8[icons, 4, 96 >> k, 96 >> k].
    strokes bool[icons]: those of one colour, whose three colour channels are the ink's share of each pixel."""

    def __init__(self, work, lexicon, sets):
        self.concept, self.by_concept = [], {concept: [] for concept in range(lexicon.size)}
        levels, strokes = [], []
        for name in sets:
            stored = np.fromfile(f'{work}/icons-{name}.bin', np.uint8).reshape(lexicon.size, ICON_PX, ICON_PX, 4)
            drawn = [index for index, concept in enumerate(lexicon.concepts) if name in concept['icons']]
            for index in drawn:
                self.by_concept[index].append(len(self.concept))
                self.concept.append(index)
            levels.append(smaller(premultiplied(stored[drawn], filled=name in ONE_COLOUR)))
            strokes += [name in ONE_COLOUR] * len(drawn)
        self.pixels = [torch.cat(level) for level in zip(*levels)]
        self.strokes = torch.tensor(strokes)
        small = self.pixels[2].numpy().astype(np.float32) / 255
        self.colour = [None if stroke else main_colour(icon) for icon, stroke in zip(small, strokes)]

    def thing(self, concept, rng):
        """One of the concept's icons, whatever the set; those of one colour half as often as the others."""
        icon = rng.choice(self.by_concept[concept])
        if self.strokes[icon] and rng.random() < 0.5:
            icon = rng.choice(self.by_concept[concept])
        return Thing(icon, concept, self.colour[icon])

    def clean(self, concept):
        """The concept's first icon alone."""
        return Scene([Thing(self.by_concept[concept][0], concept)])

    def drawn(self):
        """The concepts that have an icon here."""
        return [concept for concept, icons in self.by_concept.items() if icons]


def premultiplied(rgba, filled):
    """uint8[n, h, w, 4] -> uint8[n, 4, h, w] with the colours over black. filled = what strokes enclose is solid too."""
    pixels = torch.from_numpy(rgba).permute(0, 3, 1, 2).contiguous()
    pixels[:, :3] = (pixels[:, :3].int() * pixels[:, 3:].int() // 255).to(torch.uint8)
    if filled:
        inside = np.stack([binary_erosion(binary_fill_holes(alpha > 64)) for alpha in rgba[..., 3]])
        pixels[:, 3][torch.from_numpy(inside)] = 255
    return pixels


def smaller(pixels):
    """uint8[n, 4, h, w] -> the same, at half and at a quarter of the size"""
    halves = [pixels]
    for _ in range(2):
        halves.append(torch.cat([F.avg_pool2d(part.float(), 2).to(torch.uint8) for part in halves[-1].split(512)]))
    return halves


HUES = [
    (15, 38, 'orange'),
    (38, 66, 'yellow'),
    (66, 170, 'green'),
    (170, 255, 'blue'),
    (255, 300, 'purple'),
    (300, 345, 'pink'),
]


def colour_names_of(rgb):
    """rgb float[n, 3] in 0..1 -> the colour name of every pixel, str[n]"""
    value, low = rgb.max(1), rgb.min(1)
    chroma = np.maximum(value - low, 1e-6)
    saturation = chroma / np.maximum(value, 1e-6)
    r, g, b = rgb.T
    hue = 60 * np.where(
        value == r, ((g - b) / chroma) % 6, np.where(value == g, (b - r) / chroma + 2, (r - g) / chroma + 4)
    )
    names = np.full(len(rgb), 'red', dtype='<U6')
    for start, end, colour in HUES:
        names[(hue >= start) & (hue < end)] = colour
    names[((hue < 18) | (hue >= 330)) & (value > 0.85) & (saturation < 0.55)] = 'pink'
    names[(hue < 50) & (value < 0.68) & (saturation > 0.25)] = 'brown'
    names[(saturation < 0.16) | (value < 0.2)] = 'gray'
    names[(value < 0.28) & ((saturation < 0.5) | (value < 0.16))] = 'black'
    names[(saturation < 0.1) & (value > 0.88)] = 'white'
    return names


def main_colour(icon):
    """The colour that covers more than 42 % of a premultiplied icon float[4, h, w], or None. Outlines do not count."""
    solid = icon[3] > 0.6
    if solid.sum() < 8:
        return None
    names, counts = np.unique(colour_names_of((icon[:3, solid] / icon[3, solid]).T), return_counts=True)
    share = dict(zip(names.tolist(), counts / counts.sum()))
    if share.get('black', 0) < 0.5:
        share.pop('black', None)
    best = max(share, key=share.get, default=None)
    return best if best and share[best] / sum(share.values()) > 0.42 else None


def repaint(objects, colours):
    """Gives every object a tint; colours = indices into COLOUR_NAMES, None = leave this one."""
    for thing, colour in zip(objects, colours):
        if colour is not None:
            thing.tint, thing.colour = colour, COLOUR_NAMES[colour]


def sample_scenes(bank, count, rng, hard, cast):
    """Scenes for one batch. hard 0..1: how many have several objects, tints, exchanged colours, the same concept.
    cast() -> a concept"""
    scenes = []
    while len(scenes) < count:
        chance = rng.random()
        if chance < 0.05 * hard and len(scenes) + 2 <= count:
            scenes += exchanged_colours(bank, rng, cast)
        else:
            number = 1 if rng.random() > 0.03 + 0.45 * hard else rng.choice([2, 2, 2, 3, 3, 4])
            first = scenes[-1].objects[0].concept if scenes and rng.random() < 0.1 else cast()
            scenes.append(sample_scene(bank, first, [cast() for _ in range(number - 1)], rng, hard))
    return scenes


def sample_scene(bank, first, others, rng, hard):
    """One scene of objects of these concepts, or of as many of the first."""
    number = 1 + len(others)
    repeated = number > 1 and rng.random() < 0.25
    objects = [bank.thing(concept, rng) for concept in ([first] * number if repeated else [first, *others])]
    if repeated and rng.random() < 0.6:  # all by the same hand
        objects = [Thing(objects[0].icon, first, objects[0].colour) for _ in objects]
    if rng.random() < 0.03 + 0.2 * hard:
        tint = rng.randrange(len(COLOUR_NAMES))
        repaint(objects, [tint if repeated else rng.choice([None, *range(len(COLOUR_NAMES))]) for _ in objects])
    free = rng.random() < (0.3 * hard if number == 1 else 0.5)
    return Scene(objects, 'free' if free else rng.choice(LAYOUTS[number]), repeated)


def exchanged_colours(bank, rng, cast):
    """Two scenes with the same two objects and their colours exchanged: each is the other's hard negative."""
    first, second = cast(), cast()
    colours = rng.sample(range(len(COLOUR_NAMES)), 2)
    pair = [Scene([bank.thing(first, rng), bank.thing(second, rng)], rng.choice(LAYOUTS[2])) for _ in range(2)]
    repaint(pair[0].objects, colours)
    repaint(pair[1].objects, colours[::-1])
    return pair


def places_of(scene, rng, augment, hard):
    """-> [(centre x, centre y, size)] of the scene's objects, in 0..1; neighbours may overlap a little."""
    if scene.layout == 'free':
        return scattered(len(scene.objects), rng)
    centres, largest = PLACES[scene.layout]
    if not augment:
        return [(x, y, 0.85 if scene.layout == 'one' else 0.92 * largest) for x, y in centres]
    out = []
    for x, y in centres:
        size = rng.uniform(0.8 - 0.45 * hard, 1.0) if scene.layout == 'one' else rng.uniform(0.7, 1.15) * largest
        room = max(0, 1 - size) / 2 + 0.05 if scene.layout == 'one' else 0.05 + 0.02 * hard
        out.append((x + rng.uniform(-room, room), y + rng.uniform(-room, room), size))
    return out


def scattered(number, rng):
    """Places anywhere, from a fifth of the side up, hardly touching each other: how the demo pictures are built."""
    out = []
    for _ in range(number):
        for attempt in range(30):
            size = rng.uniform(0.19, 0.62 - 0.07 * number - 0.01 * attempt)
            x, y = rng.uniform(size * 0.45, 1 - size * 0.45), rng.uniform(size * 0.45, 1 - size * 0.45)
            if all(max(abs(x - a), abs(y - b)) > 0.42 * (size + other) for a, b, other in out):
                break
        out.append((x, y, size))
    return out
