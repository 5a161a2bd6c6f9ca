import { boundingBox, resizeMask, scaleBox } from '../arithmetic/masks.js';
import { preprocess } from '../arithmetic/resampling.js';
import type { BoundingBox, Mask, Pixels, Preprocessing } from '../types.js';

/** The longer side of the copy that crops are cut from: larger segments than the model's input need no more. */
export const WORKING_PX = 1024;

/** Names the way of cropping in the segments' fingerprint; raise it when crops change. */
export const CROP_VERSION = 1;

/** Room around the box, as a share of its longer side. */
const MARGIN = 0.1;

/**
 * What an encoder sees of one segment: its box with a margin, everything outside the mask painted in the mean
 * colour of the segment, because a crop that shows its neighbours matches their words too.
 */
export function segmentCrop(picture: Pixels, mask: Mask, rule: Preprocessing): Pixels {
  const box = boundingBox(mask);
  if (!box) return preprocess(picture, rule);
  const frame = grow(scaleBox(box, mask, picture), picture);
  const crop = cut(picture, frame);
  paintOutside(crop, cutMask(mask, picture, frame));
  return preprocess(crop, rule);
}

function grow(box: BoundingBox, within: Pixels): BoundingBox {
  const margin = Math.round(MARGIN * Math.max(box.width, box.height));
  const x = Math.max(0, box.x - margin);
  const y = Math.max(0, box.y - margin);
  return {
    x,
    y,
    width: Math.min(within.width, box.x + box.width + margin) - x,
    height: Math.min(within.height, box.y + box.height + margin) - y,
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
