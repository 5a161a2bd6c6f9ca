/** Square scenes of given things at given places, with the mask of what is seen of each. */
import type { Mask, Pixels } from '../../types.js';
import { paintGround } from './grounds.js';
import { type Colour, disturb, inAnotherHand, repainted } from './hands.js';
import { type Drawing, drawingAt, type Icons } from './icons.js';
import { anyPose, layPosed, upright } from './poses.js';

/** Centre and side, as shares of the scene's side. */
export interface Place {
  x: number;
  y: number;
  size: number;
}

export interface Part {
  concept: number;
  place: Place;
  /** Repainted in this colour. */
  tint?: Colour;
}

export interface Look {
  /** Of the scene's side. */
  px: number;
  /** As `chooseGround` and `choosePattern` name it. */
  ground: string;
  /** In any pose, a fifth of the things from another hand, and the whole picture disturbed now and then. */
  isAugmented: boolean;
  random: () => number;
}

export interface Composed {
  pixels: Pixels;
  /** What is seen of each part, in the order of the parts, in the scene's pixels. */
  masks: Mask[];
}

const OTHER_HAND = 0.2;

/** Draws the parts over the ground, later ones over earlier ones. */
export function compose(icons: Icons, parts: readonly Part[], look: Look): Composed {
  const { px, random } = look;
  const pixels = paintGround(look.ground, { width: px, height: px }, random);
  const masks: Mask[] = [];
  for (const { concept, place, tint } of parts) {
    const [x, y] = [place.x * px, place.y * px];
    let drawing: Drawing = drawingAt(icons, concept, Math.max(1, Math.round(place.size * px)));
    if (tint) drawing = repainted(drawing, tint);
    else if (look.isAugmented && random() < OTHER_HAND) drawing = inAnotherHand(drawing, random);
    const pose = look.isAugmented
      ? anyPose(x, y, { concept: icons.concepts[concept]!, random })
      : upright(x, y);
    const mask = layPosed(pixels, drawing, pose);
    for (const { data } of masks) for (let i = 0; i < data.length; i++) if (mask.data[i]) data[i] = 0;
    masks.push(mask);
  }
  if (look.isAugmented) disturb(pixels, random);
  return { pixels, masks };
}
