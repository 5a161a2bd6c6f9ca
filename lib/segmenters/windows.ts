import { emptyMask } from '../arithmetic/masks.js';
import type { Size } from '../arithmetic/sampling.js';
import { WINDOW_CELL_PX as CELL_PX } from '../models/contradictions.js';
import type { OpenFamily } from '../models/families.js';
import { fingerprintOf } from '../models/identity.js';
import type { WindowsManifest } from '../models/manifest.js';
import type { FoundSegment, Mask, Preprocessing, Segmenter } from '../types.js';

/** Raised when windows lie elsewhere. 2: no two that are nearly one. */
const VERSION = 2;

/** No pixel is looked at: the decoder has nothing to do. */
const UNSEEN: Preprocessing = {
  resize: 'none',
  size: 1,
  interpolation: 'nearest',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

/** Nobody looked, so that a window is as likely a thing as not. */
const SCORE = 0.5;

/** A window takes at most this share of the shorter side: the whole picture has a vector of its own. */
const LARGEST_SHARE = 3 / 4;

/** From this intersection over union on two segments are one, wherever several segmenters are put together. */
const NEARLY_ONE = 0.9;

/** Sliding windows: boxes over the whole picture, whatever it shows, for parts that no segmenter has a word for. */
export const open: OpenFamily<WindowsManifest, Segmenter> = async (manifest, files) => ({
  name: manifest.name,
  fingerprint: await fingerprintOf(manifest, files, VERSION),
  preprocessing: UNSEEN,
  looks: false,
  segment: async (pictures) => pictures.map((picture) => windowsOf(picture, manifest)),
  close: async () => undefined,
});

/** @returns boxes, the large ones first and then in reading order; none where not even the smallest fits. */
export function windowsOf(
  picture: Size,
  rule: Pick<WindowsManifest, 'sizes' | 'stride' | 'smallest' | 'longest' | 'most'>,
): FoundSegment[] {
  const scale = Math.min(1, rule.longest / Math.max(picture.width, picture.height));
  const copy = { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) };
  const largest = Math.floor(LARGEST_SHARE * Math.min(copy.width, copy.height));
  if (largest < rule.smallest) return [];
  const sides = distinctSides(rule.sizes.map((size) => Math.min(size, largest)));
  const grid = { width: Math.ceil(copy.width / CELL_PX), height: Math.ceil(copy.height / CELL_PX) };
  let stride = rule.stride;
  // Ends where a side has its four corners left: the manifest allows for them.
  while (sides.reduce((sum, side) => sum + countOf(copy, side, stride), 0) > rule.most) stride += CELL_PX;
  return sides.flatMap((side) =>
    starts(copy.height, side, stride).flatMap((y) =>
      starts(copy.width, side, stride).map((x) => ({
        mask: boxMask(grid, {
          left: cell(x, copy.width, grid.width),
          right: cell(x + side, copy.width, grid.width),
          top: cell(y, copy.height, grid.height),
          bottom: cell(y + side, copy.height, grid.height),
        }),
        score: SCORE,
      })),
    ),
  );
}

/** The sides, large ones first, without those whose windows would nearly be the ones of a larger side. */
function distinctSides(sides: readonly number[]): number[] {
  const kept: number[] = [];
  for (const side of [...new Set(sides)].sort((a, b) => b - a)) {
    const larger = kept.at(-1);
    if (larger === undefined || likeness(side, larger) < NEARLY_ONE) kept.push(side);
  }
  return kept;
}

/** The most that masks of two sides can share, as intersection over union: their edges fall on whole cells. */
function likeness(smaller: number, larger: number): number {
  return (Math.ceil(smaller / CELL_PX) / Math.max(1, Math.floor(larger / CELL_PX))) ** 2;
}

function countOf({ width, height }: Size, side: number, stride: number): number {
  return starts(width, side, stride).length * starts(height, side, stride).length;
}

/** From edge to edge: the last window ends with the picture, and stands in for one that would nearly be it. */
function starts(length: number, side: number, stride: number): number[] {
  const last = length - side;
  const regular = Array.from({ length: Math.ceil(last / stride) }, (_, index) => index * stride);
  const apart = regular.filter((start) => shifted(side, last - start) < NEARLY_ONE);
  return [...apart, last];
}

/** The most that masks of two windows of a side share that lie so far apart along one axis; see likeness. */
function shifted(side: number, distance: number): number {
  const [cells, apart] = [Math.ceil(side / CELL_PX), Math.floor(distance / CELL_PX)];
  return (cells - apart) / (cells + apart);
}

/** A place in pixels of the working copy as one between cells of the mask. */
function cell(px: number, length: number, cells: number): number {
  return Math.round((px / length) * cells);
}

function boxMask(
  { width, height }: Size,
  { left, right, top, bottom }: { left: number; right: number; top: number; bottom: number },
): Mask {
  const mask = emptyMask(width, height);
  for (let y = top; y < bottom; y++) mask.data.fill(1, y * width + left, y * width + right);
  return mask;
}
