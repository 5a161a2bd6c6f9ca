/** Masks from maps of logits that are coarser than the picture, and cover more than it where the input was filled up. */
import type { Mask } from '../types.js';
import type { Size } from './sampling.js';

/** How a map of logits lies over a picture. */
export interface LogitFrame {
  /** Cells of the map; they cover all of the model's input. */
  map: Size;
  /** The model's input in pixels, at least as many as the map has cells. */
  input: Size;
  /** The picture's part of the input, in its upper left corner; the rest is filling. */
  picture: Size;
  /** Of the masks that are wanted; they cover the picture and nothing else. */
  mask: Size;
}

/** Where a mask lies, how large it is, and how little it changes with the threshold. */
export interface MaskFacts {
  pixels: number;
  /** Pixels above `+offset` as a share of those above `−offset`, 0..1; 0 where there are none. */
  stability: number;
  /** Left, top, right, bottom; the last two name the last pixel, as segment-anything does. Null for an empty mask. */
  bboxXyxy: BoxXyxy | null;
}

export type BoxXyxy = readonly [left: number, top: number, right: number, bottom: number];

/** segment-anything's own distance from the threshold at which stability is measured. */
const STABILITY_OFFSET = 1;

/**
 * Brings maps of one frame to the size of the masks as the reference does: up to the input's size, without the filling,
 * to the mask's size; both bilinear (align_corners false), in one pass over weights that hold both.
 * @returns a function from float32[map.height, map.width] to float32[mask.height, mask.width]; its memory is used again
 * by the next call.
 */
export function logitResampler(frame: LogitFrame): (logits: Float32Array) => Float32Array {
  const { map, input, picture, mask } = frame;
  const across = tapsOf(mask.width, picture.width, input.width, map.width);
  const down = tapsOf(mask.height, picture.height, input.height, map.height);
  const rows = Math.max(...down.cells) + 1;
  const wide = new Float32Array(rows * mask.width); // [rows, mask.width]
  const out = new Float32Array(mask.height * mask.width);
  return (logits) => {
    for (let y = 0, at = 0; y < rows; y++) {
      const from = y * map.width;
      for (let tap = 0; tap < across.cells.length; tap += TAPS, at++) {
        wide[at] =
          logits[from + across.cells[tap]!]! * across.weights[tap]! +
          logits[from + across.cells[tap + 1]!]! * across.weights[tap + 1]! +
          logits[from + across.cells[tap + 2]!]! * across.weights[tap + 2]!;
      }
    }
    for (let tap = 0, at = 0; tap < down.cells.length; tap += TAPS) {
      const [first, second, third] = [
        down.cells[tap]! * mask.width,
        down.cells[tap + 1]! * mask.width,
        down.cells[tap + 2]! * mask.width,
      ];
      const [a, b, c] = [down.weights[tap]!, down.weights[tap + 1]!, down.weights[tap + 2]!];
      for (let x = 0; x < mask.width; x++, at++)
        out[at] = wide[first + x]! * a + wide[second + x]! * b + wide[third + x]! * c;
    }
    return out;
  };
}

/** Two neighbours of the input lie between three cells of the map at most. */
const TAPS = 3;

/** Both [outputs, TAPS]: three cells in a row, the last of the map again where it ends, and their weights. */
interface Taps {
  cells: Int32Array;
  weights: Float32Array;
}

/** `outputs` pixels over the first `part` of `whole` pixels, which `cells` cells cover. */
function tapsOf(outputs: number, part: number, whole: number, cells: number): Taps {
  const taps = new Int32Array(outputs * TAPS);
  const weights = new Float32Array(outputs * TAPS);
  for (let i = 0; i < outputs; i++) {
    const pixel = between(i, part / outputs, part);
    const ends = [
      { ...between(pixel.low, cells / whole, cells), weight: 1 - pixel.share },
      { ...between(pixel.high, cells / whole, cells), weight: pixel.share },
    ];
    const first = ends[0]!.low;
    for (let step = 0; step < TAPS; step++) taps[TAPS * i + step] = Math.min(cells - 1, first + step);
    for (const { low, high, share, weight } of ends) {
      weights[TAPS * i + low - first]! += weight * (1 - share);
      weights[TAPS * i + high - first]! += weight * share;
    }
  }
  return { cells: taps, weights };
}

/** The two neighbours of pixel i on a side of `size`, and the share of the second. */
function between(i: number, scale: number, size: number): { low: number; high: number; share: number } {
  const position = Math.max(0, (i + 0.5) * scale - 0.5);
  const low = Math.min(size - 1, Math.floor(position));
  return { low, high: Math.min(size - 1, low + 1), share: position - low };
}

/** What can be said of a mask, the pixels above 0, before it is drawn. */
export function maskFacts(logits: Float32Array, { width, height }: Size): MaskFacts {
  let [pixels, surely, perhaps] = [0, 0, 0];
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = logits[y * width + x]!;
      if (value <= -STABILITY_OFFSET) continue;
      perhaps++;
      if (value > STABILITY_OFFSET) surely++;
      if (value <= 0) continue;
      pixels++;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return {
    pixels,
    stability: perhaps ? surely / perhaps : 0,
    bboxXyxy: pixels ? [left, top, right, bottom] : null,
  };
}

/** The pixels above the threshold. */
export function maskAbove(logits: Float32Array, { width, height }: Size, threshold = 0): Mask {
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = logits[i]! > threshold ? 1 : 0;
  return { data, width, height };
}

/** The pixels above 0 within a box. */
export function maskInBox(logits: Float32Array, { width }: Size, box: BoxXyxy): Mask {
  const [left, top, right, bottom] = box;
  const [wide, high] = [right - left + 1, bottom - top + 1];
  const data = new Uint8Array(wide * high);
  for (let y = 0; y < high; y++)
    for (let x = 0; x < wide; x++) data[y * wide + x] = logits[(top + y) * width + left + x]! > 0 ? 1 : 0;
  return { data, width: wide, height: high };
}
