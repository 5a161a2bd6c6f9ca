/** Drawings in any pose: turned, stretched, mirrored, partly outside of the picture. */
import { emptyMask } from '../../arithmetic/masks.js';
import type { Mask, Pixels } from '../../types.js';
import type { Concept, Drawing } from './icons.js';

type Random = () => number;

export interface Pose {
  /** Of its centre, in the picture's pixels; may lie outside. */
  x: number;
  y: number;
  /** Radians, clockwise. */
  turn: number;
  /** The logarithm of width over height; the area stays. */
  stretch: number;
  isMirrored: boolean;
}

/** Standard deviation of the turns: 7 degrees. */
const TURN = (7 / 180) * Math.PI;
const STRETCH = 0.2;

/** A drawing as its style has it. */
export function upright(x: number, y: number): Pose {
  return { x, y, turn: 0, stretch: 0, isMirrored: false };
}

/** A little turned; half are stretched, and half of those that mean the same in a mirror are mirrored. */
export function anyPose(
  x: number,
  y: number,
  { concept, random }: { concept: Concept; random: Random },
): Pose {
  const stretch = random() < 0.5 ? STRETCH * (2 * random() - 1) : 0;
  const isMirrored = random() < 0.5 && !hasSides(concept);
  return { x, y, turn: TURN * normal(random), stretch, isMirrored };
}

/** Whether it means something else in a mirror, or nothing. */
function hasSides({ group, label }: Concept): boolean {
  return group === 'symbols' || /left|right|arrow|clock|thirty/i.test(label);
}

/** A number of the standard normal distribution. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Lays a drawing over a picture. Changes the picture. @returns where it is more solid than not, in the picture's size. */
export function layPosed(picture: Pixels, drawing: Drawing, pose: Pose): Mask {
  const { width, height } = picture;
  const { px } = drawing;
  const mask = emptyMask(width, height);
  const [cos, sin] = [Math.cos(pose.turn), Math.sin(pose.turn)];
  const wide = Math.exp(pose.stretch / 2) * (pose.isMirrored ? -1 : 1);
  const high = Math.exp(-pose.stretch / 2);
  const reach = (px / 2) * Math.SQRT2 * Math.exp(Math.abs(pose.stretch) / 2) + 1;
  const read = new Float64Array(4);
  for (let y = Math.max(0, Math.floor(pose.y - reach)); y < Math.min(height, pose.y + reach); y++) {
    for (let x = Math.max(0, Math.floor(pose.x - reach)); x < Math.min(width, pose.x + reach); x++) {
      const [across, down] = [x + 0.5 - pose.x, y + 0.5 - pose.y];
      const u = (cos * across + sin * down) / wide + px / 2 - 0.5;
      const v = (cos * down - sin * across) / high + px / 2 - 0.5;
      if (u <= -1 || v <= -1 || u >= px || v >= px) continue;
      readAt(drawing, u, v, read);
      const opacity = read[3]!;
      if (opacity === 0) continue;
      const to = 3 * (y * width + x);
      for (let channel = 0; channel < 3; channel++) {
        const value = read[channel]! + picture.data[to + channel]! * (1 - opacity / 255);
        picture.data[to + channel] = Math.min(255, Math.round(value));
      }
      if (opacity > 127.5) mask.data[y * width + x] = 1;
    }
  }
  return mask;
}

/** Bilinear between the four pixels around u, v, with nothing outside: three premultiplied colours and the opacity. */
function readAt({ px, colours, opacity }: Drawing, u: number, v: number, out: Float64Array): void {
  out.fill(0);
  const [left, top] = [Math.floor(u), Math.floor(v)];
  for (let y = Math.max(0, top); y <= Math.min(px - 1, top + 1); y++) {
    for (let x = Math.max(0, left); x <= Math.min(px - 1, left + 1); x++) {
      const weight = (1 - Math.abs(u - x)) * (1 - Math.abs(v - y));
      const from = 3 * (y * px + x);
      for (let channel = 0; channel < 3; channel++) out[channel]! += weight * colours.data[from + channel]!;
      out[3]! += weight * opacity.data[from]!;
    }
  }
}
