import { boundingBox, resizeMask, scaleBox } from '../arithmetic/masks.js';
import { preprocess } from '../arithmetic/resampling.js';
import type { BoundingBox, Mask, Pixels, Preprocessing } from '../types.js';

/** The longer side of the copy that crops are cut from, in sides of the model's input: a quarter still fills it. */
const WORKING_SIDES = 4;
const MOST_WORKING_PX = 1024;

/** How large the copy must be for an encoder's crops. */
export function workingPx(rule: Preprocessing): number {
  return Math.min(MOST_WORKING_PX, WORKING_SIDES * rule.size);
}

/** Names the way of cropping in the segments' fingerprint; raise it when crops change. */
export const CROP_VERSION = 2;

/** Room around the box on each side, as a share of its longer side. */
const MARGIN = 0.16;

/** What is done with the pixels of a crop that lie outside the mask. */
export type Outside = 'mean' | 'as it is';

/**
 * What an encoder sees of one segment: a square around its box with a margin, cut off at the picture's edges.
 * @param outside 'mean' paints it in the segment's mean colour, because a crop that shows its neighbours matches
 * their words too; 'as it is' keeps it.
 */
export function segmentCrop(picture: Pixels, mask: Mask, rule: Preprocessing, outside: Outside): Pixels {
  const box = boundingBox(mask);
  if (!box) return preprocess(picture, rule);
  const frame = squareAround(scaleBox(box, mask, picture), picture);
  const crop = cut(picture, frame);
  if (outside === 'mean') paintOutside(crop, cutMask(mask, picture, frame));
  return preprocess(crop, rule);
}

function squareAround(box: BoundingBox, within: Pixels): BoundingBox {
  const side = Math.max(box.width, box.height) * (1 + 2 * MARGIN);
  const x = Math.max(0, Math.round(box.x + (box.width - side) / 2));
  const y = Math.max(0, Math.round(box.y + (box.height - side) / 2));
  return {
    x,
    y,
    width: Math.max(1, Math.min(within.width, Math.round(box.x + (box.width + side) / 2)) - x),
    height: Math.max(1, Math.min(within.height, Math.round(box.y + (box.height + side) / 2)) - y),
  };
}

function cut(picture: Pixels, frame: BoundingBox): Pixels {
  const data = new Uint8Array(frame.width * frame.height * 3);
  for (let y = 0; y < frame.height; y++) {
    const start = ((frame.y + y) * picture.width + frame.x) * 3;
    data.set(picture.data.subarray(start, start + frame.width * 3), y * frame.width * 3);
  }
  return { data, width: frame.width, height: frame.height };
}

/** The mask's part under the frame, at the picture's resolution. */
function cutMask(mask: Mask, picture: Pixels, frame: BoundingBox): Mask {
  const full = resizeMask(mask, picture.width, picture.height);
  const data = new Uint8Array(frame.width * frame.height);
  for (let y = 0; y < frame.height; y++) {
    const start = (frame.y + y) * picture.width + frame.x;
    data.set(full.data.subarray(start, start + frame.width), y * frame.width);
  }
  return { data, width: frame.width, height: frame.height };
}

function paintOutside(crop: Pixels, mask: Mask): void {
  const sum = [0, 0, 0];
  let count = 0;
  for (let i = 0; i < mask.data.length; i++) {
    if (!mask.data[i]) continue;
    count++;
    for (let channel = 0; channel < 3; channel++) sum[channel]! += crop.data[3 * i + channel]!;
  }
  if (count === 0) return;
  const mean = sum.map((value) => Math.round(value / count));
  for (let i = 0; i < mask.data.length; i++) if (!mask.data[i]) crop.data.set(mean, 3 * i);
}
