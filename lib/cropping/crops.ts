import { cutWindow, windowAround } from '../arithmetic/closer-look.js';
import { boundingBox } from '../arithmetic/masks.js';
import { preprocess } from '../arithmetic/resampling.js';
import type { Window } from '../arithmetic/resize-plan.js';
import type { CropForm, Encoder, Mask, Pixels, Preprocessing } from '../types.js';

/** The longer side of the copy that crops are cut from, in sides of the model's input: a quarter still fills it. */
const WORKING_SIDES = 4;
const MOST_WORKING_PX = 1024;

/** How large the copy must be for an encoder's crops. */
export function workingPx(rule: Preprocessing): number {
  return Math.min(MOST_WORKING_PX, WORKING_SIDES * rule.size);
}

/** Names the way of cropping in the segments' fingerprint; raise it when crops change. */
export const CROP_VERSION = 2;

/**
 * What lies around a segment helps more than it misleads, measured with the embedded model on drawings (`npm run evaluate
 * -- crop-forms`) and with MobileNet v2 on photographs (`-- crop-forms-photographs`): painting it over always loses.
 */
const DEFAULT: CropForm = { margin: 0.16, outside: 'as it is' };

/** Blurred surroundings lose what is smaller than this share of the crop's longer side. */
const BLUR = 1 / 8;

/** How crops are cut for an encoder. */
export function cropFormOf({ crops }: Pick<Encoder, 'crops'>): CropForm {
  return crops ?? DEFAULT;
}

/**
 * What an encoder sees of one segment: a square around its box with a margin, cut off at the picture's edges, and
 * resampled once, to the model's input, however small it is.
 * @param picture the working copy.
 * @param mask of the whole picture, of any size.
 */
export function segmentCrop(picture: Pixels, mask: Mask, rule: Preprocessing, form: CropForm): Pixels {
  if (!boundingBox(mask)) return preprocess(picture, rule);
  const frame = windowAround(mask, picture, form.margin);
  const crop = cutWindow(picture, frame);
  if (form.outside !== 'as it is') paintOutside(crop, cutMask(mask, picture, frame), form.outside);
  return preprocess(crop, rule);
}

/** The mask's part under the frame, at the picture's resolution; each pixel takes the mask's under its centre. */
function cutMask(mask: Mask, picture: Pixels, frame: Window): Mask {
  const data = new Uint8Array(frame.width * frame.height);
  for (let y = 0; y < frame.height; y++) {
    const row = Math.floor(((frame.top + y + 0.5) * mask.height) / picture.height) * mask.width;
    for (let x = 0; x < frame.width; x++) {
      const column = Math.floor(((frame.left + x + 0.5) * mask.width) / picture.width);
      data[y * frame.width + x] = mask.data[row + column]!;
    }
  }
  return { data, width: frame.width, height: frame.height };
}

function paintOutside(crop: Pixels, mask: Mask, outside: Exclude<CropForm['outside'], 'as it is'>): void {
  if (outside === 'blur') {
    const blurred = blur(crop, Math.max(1, Math.round((BLUR * Math.max(crop.width, crop.height)) / 2)));
    for (let i = 0; i < mask.data.length; i++) {
      if (!mask.data[i]) crop.data.set(blurred.subarray(3 * i, 3 * i + 3), 3 * i);
    }
    return;
  }
  const colour = outside === 'white' ? [255, 255, 255] : meanColour(crop, mask);
  for (let i = 0; i < mask.data.length; i++) if (!mask.data[i]) crop.data.set(colour, 3 * i);
}

/** Of the pixels under the mask; of all where it has none. */
function meanColour(crop: Pixels, mask: Mask): number[] {
  const sum = [0, 0, 0];
  let count = 0;
  for (let i = 0; i < mask.data.length; i++) {
    if (!mask.data[i]) continue;
    count++;
    for (let channel = 0; channel < 3; channel++) sum[channel]! += crop.data[3 * i + channel]!;
  }
  return count
    ? sum.map((value) => Math.round(value / count))
    : meanColour(crop, { ...mask, data: new Uint8Array(mask.data.length).fill(1) });
}

/** Means over squares of side 2·radius + 1, twice, edges repeated: uint8[h, w, 3] → the same. */
function blur({ data, width, height }: Pixels, radius: number): Uint8Array {
  let values = data;
  for (let pass = 0; pass < 2; pass++) {
    values = boxMeans(values, { count: height, stride: 3 * width }, { count: width, stride: 3 }, radius);
    values = boxMeans(values, { count: width, stride: 3 }, { count: height, stride: 3 * width }, radius);
  }
  return values;
}

interface Axis {
  count: number;
  stride: number;
}

/** A running mean along one axis, for every line across the other. */
function boxMeans(values: Uint8Array, lines: Axis, along: Axis, radius: number): Uint8Array {
  const out = new Uint8Array(values.length);
  const last = along.count - 1;
  for (let line = 0; line < lines.count; line++) {
    for (let channel = 0; channel < 3; channel++) {
      const start = line * lines.stride + channel;
      const at = (n: number): number => values[start + Math.max(0, Math.min(last, n)) * along.stride]!;
      let sum = 0;
      for (let n = -radius; n <= radius; n++) sum += at(n);
      for (let n = 0; n <= last; n++) {
        out[start + n * along.stride] = Math.round(sum / (2 * radius + 1));
        sum += at(n + radius + 1) - at(n - radius);
      }
    }
  }
  return out;
}
