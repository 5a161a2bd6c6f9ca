/** Which colour belongs to which thing, how many there are, and what is left of what; all by segments. */
import { boundingBox } from '../../arithmetic/masks.js';
import { seeded } from '../../arithmetic/seeded.js';
import { dot } from '../../arithmetic/vectors.js';
import type { FoundSegment, Pixels } from '../../types.js';
import type { Figures } from '../figures.js';
import { percents, pickDifferent, share } from '../ranks.js';
import { compose, type Part } from '../scenes/composed.js';
import { chooseGround, pick } from '../scenes/grounds.js';
import type { Colour } from '../scenes/hands.js';
import type { Icons } from '../scenes/icons.js';
import { ACROSS, anyLayout, jostledPlaces, tidyPlaces } from '../scenes/layouts.js';
import { type Eyes, lookAt, segmentsOf, textVectors } from './eyes.js';
import { labelOf } from './queries.js';
import { SCENE_PX } from './segment-scenes.js';
import { highest } from './segments.js';

/** Chosen once; nothing is tuned on these scenes. */
const COLOUR_SEED = 45;
const COUNT_SEED = 46;
const SIDES_SEED = 47;
const SCENES = 300;
const WHITE = 0.5;

/** Of training/evaluate.py, with the values of training/lexicon.py. */
const TINTS: Record<string, Colour> = {
  red: [220, 40, 40],
  green: [60, 170, 70],
  blue: [50, 110, 220],
  yellow: [250, 210, 50],
  purple: [140, 70, 190],
};
/** What is repainted: things that could have another colour. */
const PAINTED = ['animals-nature', 'food-drink', 'objects', 'travel-places'];

type Say = (line: string) => void;

export async function measureComposition(eyes: Eyes, say: Say): Promise<Figures> {
  return {
    'embedded.colour': await colourFigure(eyes),
    'embedded.count': await countFigure(eyes, say),
    'embedded.sides': await sidesFigure(eyes, say),
  };
}

/** "red X" and "blue Y" against "blue X" and "red Y": the best segment's cosine of each phrase, added up. */
async function colourFigure(eyes: Eyes): Promise<number> {
  const { icons } = eyes;
  const things = icons.drawn.filter((concept) => PAINTED.includes(icons.concepts[concept]!.group));
  const scenes = Array.from({ length: SCENES }, (_, number) => {
    const random = seeded(COLOUR_SEED * 1_000_003 + number);
    const cast = pickDifferent(things, 2, random);
    const tints = pickDifferent(Object.keys(TINTS), 2, random);
    const places = tidyPlaces(anyLayout(2, random));
    const parts = cast.map((concept, n) => ({ concept, place: places[n]!, tint: TINTS[tints[n]!]! }));
    const labels = cast.map((concept) => labelOf(icons.concepts[concept]!));
    const [first, second] = tints;
    return {
      pixels: draw(icons, parts, random),
      own: [`${first} ${labels[0]}`, `${second} ${labels[1]}`],
      swapped: [`${second} ${labels[0]}`, `${first} ${labels[1]}`],
    };
  });
  const looks = await lookAt(
    eyes,
    scenes.map(({ pixels }) => pixels),
  );
  const texts = await textVectors(
    eyes.encoder,
    scenes.flatMap(({ own, swapped }) => [...own, ...swapped]),
  );
  return share([...scenes.keys()], (n) => {
    const segments = looks[n]!.vectors.stored;
    const [a, b, c, d] = texts
      .slice(4 * n, 4 * n + 4)
      .map((text) => Math.max(...segments.map((vector) => dot(text, vector))));
    return segments.length > 0 && a! + b! > c! + d!;
  });
}

/** One to four things of one kind: are there as many segments? */
async function countFigure({ icons, segmenter }: Eyes, say: Say): Promise<number> {
  const scenes = Array.from({ length: SCENES }, (_, n) => {
    const random = seeded(COUNT_SEED * 1_000_003 + n);
    const concept = pick(icons.drawn, random);
    const number = 1 + (n % 4);
    const places = jostledPlaces(anyLayout(number, random), random);
    const parts = places.map((place) => ({ concept, place }));
    return { number, pixels: draw(icons, parts, random) };
  });
  const pictures = scenes.map(({ pixels }) => pixels);
  const found = await segmentsOf(segmenter, pictures);
  const once = await segmentsOf(segmenter, pictures, true);
  const exact = (segments: readonly FoundSegment[][]): number =>
    share([...scenes.keys()], (n) => segments[n]!.length === scenes[n]!.number);
  say(`exact count of one kind ${percents(exact(found))}, without the closer look ${percents(exact(once))}`);
  return exact(found);
}

/** "X left of Y": does the best segment of X lie left of that of Y? */
async function sidesFigure(eyes: Eyes, say: Say): Promise<number> {
  const { icons } = eyes;
  const scenes = Array.from({ length: SCENES }, (_, number) => {
    const random = seeded(SIDES_SEED * 1_000_003 + number);
    const cast = pickDifferent(icons.drawn, 2, random);
    const places = jostledPlaces(ACROSS, random);
    const parts = cast.map((concept, n) => ({ concept, place: places[n]! }));
    return {
      pixels: draw(icons, parts, random),
      labels: cast.map((concept) => labelOf(icons.concepts[concept]!)),
    };
  });
  const looks = await lookAt(
    eyes,
    scenes.map(({ pixels }) => pixels),
  );
  const texts = await textVectors(
    eyes.encoder,
    scenes.flatMap(({ labels }) => labels),
  );
  const sides = looks.map(({ found, vectors }, n) => {
    const [left, right] = [texts[2 * n]!, texts[2 * n + 1]!].map((text) => {
      const best = found[highest(vectors.stored.map((vector) => dot(text, vector)))];
      return best === undefined ? Number.NaN : middleOf(best);
    });
    return right! - left!;
  });
  const one = share(sides, (apart) => apart === 0);
  say(`sides: both words meant the same segment in ${percents(one)} of ${SCENES} scenes`);
  return share(sides, (apart) => apart > 0);
}

/** Where the middle of its box lies across the picture, 0..1. */
function middleOf({ mask }: FoundSegment): number {
  const { x, width } = boundingBox(mask) ?? { x: 0, width: mask.width };
  return (x + width / 2) / mask.width;
}

/** Upright and as the style draws, half over white. */
function draw(icons: Icons, parts: readonly Part[], random: () => number): Pixels {
  const ground = chooseGround(random, WHITE);
  return compose(icons, parts, { px: SCENE_PX, ground, isAugmented: false, random }).pixels;
}
