/** One drawing on a picture that makes it hard: an uneasy ground, any pose, another hand, blur, grain or grey. */
import { seeded } from '../../arithmetic/seeded.js';
import type { Pixels } from '../../types.js';
import { compose, type Place } from './composed.js';
import { choosePattern } from './grounds.js';
import { ICON_PX, type Icons } from './icons.js';

const SMALLEST = 0.35;
/** How far a drawing may reach over the edge, as a share of the picture's side. */
const CUT_OFF = 0.05;

/** Each of the style's drawings once, in their order, ICON_PX × ICON_PX; a picture depends on its concept and the seed. */
export function* drawHard(icons: Icons, seed: number): Generator<Pixels> {
  for (const concept of icons.drawn) {
    const random = seeded(seed * 1_000_003 + concept);
    const look = { px: ICON_PX, ground: choosePattern(random), isAugmented: true, random };
    yield compose(icons, [{ concept, place: anywhere(random) }], look).pixels;
  }
}

function anywhere(random: () => number): Place {
  const size = SMALLEST + (1 - SMALLEST) * random();
  const room = (1 - size) / 2 + CUT_OFF;
  return { x: 0.5 + room * (2 * random() - 1), y: 0.5 + room * (2 * random() - 1), size };
}
