/** Where a segmenter of everything looks, and which of the masks that it proposes stay. */
import type { BoundingBox, Mask } from '../types.js';
import type { BoxXyxy } from './mask-logits.js';

/** A point of a picture; both 0..1 from its upper left corner. */
export interface GridPoint {
  x: number;
  y: number;
}

/** The centres of perSide × perSide equal tiles, row by row. */
export function pointGrid(perSide: number): GridPoint[] {
  return Array.from({ length: perSide * perSide }, (_, i) => ({
    x: ((i % perSide) + 0.5) / perSide,
    y: (Math.floor(i / perSide) + 0.5) / perSide,
  }));
}

/** segment-anything's overlap of neighbouring crops, as a share of the picture's shorter side. */
const CROP_OVERLAP = 512 / 1500;

/** A part of a picture that is looked at on its own; layer 0 is the whole. */
export interface CropWindow extends BoundingBox {
  layer: number;
}

/** The whole picture and, for each layer n, 2ⁿ × 2ⁿ windows that overlap. */
export function cropWindows(width: number, height: number, layers: number): CropWindow[] {
  const windows: CropWindow[] = [{ x: 0, y: 0, width, height, layer: 0 }];
  for (let layer = 1; layer <= layers; layer++) {
    const side = 2 ** layer;
    const overlap = Math.floor(CROP_OVERLAP * Math.min(width, height) * (2 / side));
    const wide = Math.ceil((overlap * (side - 1) + width) / side);
    const high = Math.ceil((overlap * (side - 1) + height) / side);
    for (let n = 0; n < side * side; n++) {
      const x = (wide - overlap) * (n % side);
      const y = (high - overlap) * Math.floor(n / side);
      windows.push({
        x,
        y,
        width: Math.min(wide, width - x),
        height: Math.min(high, height - y),
        layer,
      });
    }
  }
  return windows;
}

/** Pixels within which segment-anything calls a box cut by the crop, of a picture of 1,024. */
const NEAR_EDGE = 20 / 1024;

/** Whether a box ends at an edge of the crop that is no edge of the picture: what it shows goes on outside. */
export function isCutByCrop(
  [left, top, right, bottom]: BoxXyxy,
  crop: BoundingBox,
  { width, height }: { width: number; height: number },
): boolean {
  const near = NEAR_EDGE * Math.max(width, height);
  const cuts = (end: number, edge: number, ofPicture: number): boolean =>
    Math.abs(end - edge) <= near && Math.abs(end - ofPicture) > near;
  return (
    cuts(left, crop.x, 0) ||
    cuts(top, crop.y, 0) ||
    cuts(right, crop.x + crop.width, width) ||
    cuts(bottom, crop.y + crop.height, height)
  );
}

/** A mask that is proposed by its box. */
export interface Boxed {
  bboxXyxy: BoxXyxy;
  score: number;
}

/**
 * Greedy suppression by boxes: by score, best first, each stays whose box overlaps none that stays by more than `limit`.
 * @param before boxes that stay in any case.
 */
export function withoutOverlaps<Each extends Boxed>(
  proposals: readonly Each[],
  limit: number,
  before: readonly Boxed[] = [],
): Each[] {
  const kept: Each[] = [];
  for (const proposal of [...proposals].sort((a, b) => b.score - a.score)) {
    const overlaps = ({ bboxXyxy }: Boxed): boolean => edgeBoxIoU(bboxXyxy, proposal.bboxXyxy) > limit;
    if (!before.some(overlaps) && !kept.some(overlaps)) kept.push(proposal);
  }
  return kept;
}

/** Intersection over union; the sides are last minus first pixel, as in segment-anything. */
export function edgeBoxIoU(a: BoxXyxy, b: BoxXyxy): number {
  const wide = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const high = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const union = areaOf(a) + areaOf(b) - wide * high;
  return union > 0 ? (wide * high) / union : 0;
}

function areaOf([left, top, right, bottom]: BoxXyxy): number {
  return (right - left) * (bottom - top);
}

/** The centre of the mask's pixel that is furthest from everything outside, in the mask's pixels; null where it is empty. */
export function innermostPoint({ data, width, height }: Mask): GridPoint | null {
  const depth = new Uint16Array(data.length);
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : depth[y * width + x]!;
  // City-block distance to the nearest pixel outside, in two sweeps.
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (data[y * width + x]) depth[y * width + x] = 1 + Math.min(at(x - 1, y), at(x, y - 1));
  let deepest = -1;
  for (let i = data.length - 1; i >= 0; i--) {
    if (!data[i]) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    depth[i] = Math.min(depth[i]!, 1 + Math.min(at(x + 1, y), at(x, y + 1)));
    if (deepest < 0 || depth[i]! > depth[deepest]!) deepest = i;
  }
  return deepest < 0 ? null : { x: (deepest % width) + 0.5, y: Math.floor(deepest / width) + 0.5 };
}
