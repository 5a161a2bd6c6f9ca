/** The same drawing from another hand, in another colour, and what may happen to a picture afterwards. */
import type { Pixels } from '../../types.js';
import { pick } from './grounds.js';
import type { Drawing } from './icons.js';
import { normal } from './poses.js';

type Random = () => number;
/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];
/** Premultiplied colours of a drawing in another hand, float[px, px, 3] of 0..255; they are cut to its opacity. */
type Hand = (drawing: Drawing, random: Random) => ArrayLike<number>;

const HANDS: Hand[] = [posterised, outlined, mixed];
/** Pixels of the dark rim on each side, as a share of the drawing's side. */
const RIM = 0.025;
const MIXED = 0.2;

/** Posterised, outlined, or its colours mixed. */
export function inAnotherHand(drawing: Drawing, random: Random): Drawing {
  return recoloured(drawing, pick(HANDS, random)(drawing, random));
}

/** In one colour, with the drawing's own light and shade. The same arithmetic as `tint` of training/drawing.py. */
export function repainted(drawing: Drawing, colour: Colour): Drawing {
  const { colours, opacity, px } = drawing;
  const painted = new Float64Array(px * px * 3);
  for (let i = 0; i < painted.length; i += 3) {
    const alpha = opacity.data[i]! / 255;
    if (alpha === 0) continue;
    const grey = 0.3 * colours.data[i]! + 0.59 * colours.data[i + 1]! + 0.11 * colours.data[i + 2]!;
    const light = 0.35 + (0.75 * grey) / (255 * alpha);
    for (let channel = 0; channel < 3; channel++)
      painted[i + channel] = Math.min(255, colour[channel]! * light) * alpha;
  }
  return recoloured(drawing, painted);
}

function recoloured(drawing: Drawing, values: ArrayLike<number>): Drawing {
  const { opacity, px } = drawing;
  const data = new Uint8Array(px * px * 3);
  for (let i = 0; i < data.length; i++)
    data[i] = Math.max(0, Math.min(opacity.data[i]!, Math.round(values[i]!)));
  return { ...drawing, colours: { data, width: px, height: px } };
}

/** Two to four steps from dark to light in each channel. */
function posterised({ colours }: Drawing, random: Random): ArrayLike<number> {
  const step = 255 / (2 + Math.floor(3 * random()));
  return Float64Array.from(colours.data, (value) => Math.round(value / step) * step);
}

/** A dark rim inside of the shape. */
function outlined({ colours, opacity, px }: Drawing, random: Random): ArrayLike<number> {
  const rim = Math.max(1, Math.round(RIM * px));
  const ink = 0.35 * random();
  const out = new Float64Array(px * px * 3);
  const inside = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= px || y >= px ? 0 : opacity.data[3 * (y * px + x)]!;
  for (let y = 0; y < px; y++) {
    for (let x = 0; x < px; x++) {
      let least = 255;
      for (let v = -rim; v <= rim; v++)
        for (let u = -rim; u <= rim; u++) least = Math.min(least, inside(x + u, y + v));
      const at = 3 * (y * px + x);
      for (let channel = 0; channel < 3; channel++)
        out[at + channel] = (colours.data[at + channel]! * least) / 255 + ink * (opacity.data[at]! - least);
    }
  }
  return out;
}

/** Each channel takes a little of the others, or gives it. */
function mixed({ colours }: Drawing, random: Random): ArrayLike<number> {
  const matrix = Array.from({ length: 9 }, (_, n) => Number(n % 4 === 0) + MIXED * normal(random));
  const out = new Float64Array(colours.data.length);
  for (let i = 0; i < out.length; i += 3) {
    for (let channel = 0; channel < 3; channel++) {
      for (let other = 0; other < 3; other++)
        out[i + channel]! += matrix[3 * channel + other]! * colours.data[i + other]!;
    }
  }
  return out;
}

/** Blurs, grains or greys a tenth of the pictures each. Changes the picture. */
export function disturb(picture: Pixels, random: Random): void {
  const chance = random();
  if (chance < 0.1) blur(picture);
  else if (chance < 0.2) grain(picture, random);
  else if (chance < 0.3) grey(picture);
}

/** Means over 3 × 3 pixels, edges repeated. */
function blur({ data, width, height }: Pixels): void {
  const before = data.slice();
  const inside = (value: number, end: number): number => Math.max(0, Math.min(end - 1, value));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let v = -1; v <= 1; v++)
          for (let u = -1; u <= 1; u++)
            sum += before[3 * (inside(y + v, height) * width + inside(x + u, width)) + channel]!;
        data[3 * (y * width + x) + channel] = Math.round(sum / 9);
      }
    }
  }
}

function grain({ data }: Pixels, random: Random): void {
  const strength = 255 * 0.1 * random();
  for (let i = 0; i < data.length; i++)
    data[i] = Math.max(0, Math.min(255, Math.round(data[i]! + strength * normal(random))));
}

function grey({ data }: Pixels): void {
  for (let i = 0; i < data.length; i += 3)
    data.fill(Math.round((data[i]! + data[i + 1]! + data[i + 2]!) / 3), i, i + 3);
}
