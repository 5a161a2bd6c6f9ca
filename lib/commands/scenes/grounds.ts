/** What lies behind the objects of a scene: the grounds that the embedded model's training calls hard. */
import type { Pixels } from '../../types.js';

type Random = () => number;
type Colour = [number, number, number];
/** Colour 0..255 at a point; x and y are 0..1 from the upper left. */
type Ground = (x: number, y: number) => Colour;

/** Shares of white grounds, and of plainly coloured ones among the others, as in training; the rest is one of PATTERNS. */
const WHITE = 0.25;
const PLAIN = 0.3;

const PATTERNS: Record<string, (first: Colour, second: Colour, random: Random) => Ground> = {
  gradient,
  clouds,
  stripes,
  dots,
  horizon,
  grain,
};

/** How often each pattern comes, as in training. */
const CHOICES = [
  'gradient',
  'gradient',
  'clouds',
  'clouds',
  'stripes',
  'dots',
  'horizon',
  'horizon',
  'grain',
];

/** A ground of that size, and what it is called. */
export function drawGround(
  width: number,
  height: number,
  random: Random,
): { pixels: Pixels; ground: string } {
  const ground = chooseGround(random);
  return { pixels: paintGround(ground, { width, height }, random), ground };
}

/** The name of a ground: white for a share of them, plain or a pattern. */
export function chooseGround(random: Random, white: number = WHITE): string {
  const chance = random();
  return chance < white ? 'white' : chance < white + PLAIN * (1 - white) ? 'plain' : choosePattern(random);
}

/** The name of a ground that is of more than one colour. */
export function choosePattern(random: Random): string {
  return pick(CHOICES, random);
}

/** The ground of that name: white, plain or a pattern. */
export function paintGround(
  name: string,
  { width, height }: { width: number; height: number },
  random: Random,
): Pixels {
  const paint = groundOf(name, random);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = paint((x + 0.5) / width, (y + 0.5) / height);
      for (let channel = 0; channel < 3; channel++) {
        const value = Math.round(colour[channel]!);
        data[3 * (y * width + x) + channel] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
  return { data, width, height };
}

/** One of a list. */
export function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[Math.floor(random() * items.length)]!;
}

function groundOf(name: string, random: Random): Ground {
  if (name === 'white') return () => [255, 255, 255];
  const first = anyColour(random);
  if (name === 'plain') return () => first;
  return PATTERNS[name]!(first, anyColour(random), random);
}

/** Any colour, half of the time a pale one. */
function anyColour(random: Random): Colour {
  const pale = random() < 0.5 ? 0 : 0.3 + 0.55 * random();
  const channel = (): number => 255 * (random() * (1 - pale) + pale);
  return [channel(), channel(), channel()];
}

function mix(first: Colour, second: Colour, share: number): Colour {
  const rest = 1 - share;
  return [
    first[0] * rest + second[0] * share,
    first[1] * rest + second[1] * share,
    first[2] * rest + second[2] * share,
  ];
}

/** From one colour to the other, in any direction. */
function gradient(first: Colour, second: Colour, random: Random): Ground {
  const angle = 2 * Math.PI * random();
  const [across, down] = [Math.cos(angle), Math.sin(angle)];
  return (x, y) =>
    mix(first, second, Math.max(0, Math.min(1, ((x - 0.5) * across + (y - 0.5) * down) * 0.75 + 0.5)));
}

/** Soft spots of any colour over a gradient. */
function clouds(first: Colour, second: Colour, random: Random): Ground {
  const below = gradient(first, second, random);
  const cells = pick([3, 5, 9, 16, 32], random);
  const spots = Array.from({ length: (cells + 1) ** 2 }, (): Colour => {
    const channel = (): number => 255 * random();
    return [channel(), channel(), channel()];
  });
  return (x, y) => {
    const [left, top] = [Math.floor(x * cells), Math.floor(y * cells)];
    const spot = (u: number, v: number): Colour => spots[(top + v) * (cells + 1) + left + u]!;
    const upper = mix(spot(0, 0), spot(1, 0), x * cells - left);
    const lower = mix(spot(0, 1), spot(1, 1), x * cells - left);
    return mix(below(x, y), mix(upper, lower, y * cells - top), 0.6);
  };
}

/** Across, down or both. */
function stripes(first: Colour, second: Colour, random: Random): Ground {
  const step = pick([4, 6, 8, 12, 16], random) / 96;
  const how = pick(['across', 'down', 'both'], random);
  return (x, y) => {
    const across = how === 'down' ? 0 : Math.floor(x / step);
    const down = how === 'across' ? 0 : Math.floor(y / step);
    return (across + down) % 2 ? second : first;
  };
}

/** In rows. */
function dots(first: Colour, second: Colour, random: Random): Ground {
  const rows = 3 + 7 * random();
  const radius = 0.1 + 0.25 * random();
  return (x, y) => {
    const [u, v] = [((x * rows) % 1) - 0.5, ((y * rows) % 1) - 0.5];
    return u * u + v * v < radius * radius ? second : first;
  };
}

/** A sky over a land, a sea or a table; the border is straight or wavy. */
function horizon(first: Colour, second: Colour, random: Random): Ground {
  const sky = gradient(first, mix(anyColour(random), first, 0.6), random);
  const [height, swing] = [0.4 + 0.45 * random(), pick([0, 0.04, 0.08], random)];
  const [waves, start] = [3 + 11 * random(), 6 * random()];
  return (x, y) => (y > height + swing * Math.sin(x * waves + start) ? second : sky(x, y));
}

/** A gradient with noise. */
function grain(first: Colour, second: Colour, random: Random): Ground {
  const below = gradient(first, second, random);
  const strength = 255 * (0.03 + 0.12 * random());
  const noise = (): number =>
    strength * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return (x, y) => below(x, y).map((value) => value + noise()) as Colour;
}
