/** Where the things of a composed scene stand: the layouts of the embedded model's training, and looser ones. */
import type { Place } from './composed.js';
import { pick } from './grounds.js';

type Random = () => number;

interface Layout {
  centres: readonly (readonly [x: number, y: number])[];
  /** The largest side of a thing. */
  largest: number;
}

/** Two things side by side. */
export const ACROSS: Layout = layout(0.54, [0.27, 0.5], [0.73, 0.5]);

/** By the number of things; PLACES and LAYOUTS of training/scenes.py. */
const LAYOUTS: Record<number, Layout[]> = {
  1: [layout(1, [0.5, 0.5])],
  2: [
    ACROSS,
    ACROSS,
    layout(0.54, [0.5, 0.27], [0.5, 0.73]),
    layout(0.54, [0.3, 0.3], [0.7, 0.7]),
    layout(0.54, [0.7, 0.3], [0.3, 0.7]),
  ],
  3: [
    layout(0.46, [0.25, 0.28], [0.75, 0.3], [0.5, 0.74]),
    layout(0.46, [0.5, 0.27], [0.25, 0.72], [0.75, 0.72]),
    layout(0.34, [0.18, 0.5], [0.5, 0.5], [0.82, 0.5]),
  ],
  4: [layout(0.46, [0.27, 0.27], [0.73, 0.27], [0.27, 0.73], [0.73, 0.73])],
};

/** Sides of loosely placed things. */
const SMALLEST = 0.3;
const LARGEST = 0.55;
/** Loosely placed things keep this share of their mean side between their centres, along one axis at least. */
const APART = 0.85;
const TRIES = 50;

function layout(largest: number, ...centres: [x: number, y: number][]): Layout {
  return { centres, largest };
}

/** One of the layouts for so many things, 1 to 4. */
export function anyLayout(number: number, random: Random): Layout {
  return pick(LAYOUTS[number]!, random);
}

/** As the sets of a layout stand in a tidy picture: each thing in the middle of its place, 8 % smaller than that. */
export function tidyPlaces({ centres, largest }: Layout): Place[] {
  const size = centres.length === 1 ? 0.85 : 0.92 * largest;
  return centres.map(([x, y]) => ({ x, y, size }));
}

/** Of other sizes and off their middle, so that neighbours overlap a little: `places_of` of training/scenes.py. */
export function jostledPlaces({ centres, largest }: Layout, random: Random): Place[] {
  const isAlone = centres.length === 1;
  return centres.map(([x, y]) => {
    const size = isAlone ? 0.35 + 0.65 * random() : largest * (0.7 + 0.45 * random());
    const room = isAlone ? (1 - size) / 2 + 0.05 : 0.07;
    return { x: x + room * (2 * random() - 1), y: y + room * (2 * random() - 1), size };
  });
}

/** Anywhere inside, 30 to 55 % of the side, hardly over each other. What finds no room is drawn anew, all together. */
export function loosePlaces(number: number, random: Random): Place[] {
  const placed: Place[] = [];
  for (let attempt = 1; placed.length < number; attempt++) {
    if (attempt % TRIES === 0) placed.length = 0;
    const size = SMALLEST + (LARGEST - SMALLEST) * random();
    const [x, y] = [size / 2 + (1 - size) * random(), size / 2 + (1 - size) * random()];
    const isFree = placed.every(
      (other) => Math.max(Math.abs(x - other.x), Math.abs(y - other.y)) > (APART * (size + other.size)) / 2,
    );
    if (isFree) placed.push({ x, y, size });
  }
  return placed;
}
