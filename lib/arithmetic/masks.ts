import type { BoundingBox, Mask } from '../types.js';

/** Pure arithmetic on masks: uint8[height, width] of 0 and 1, row-major; RLE is COCO's, column-major. */

export function emptyMask(width: number, height: number): Mask {
  return { data: new Uint8Array(width * height), width, height };
}

/** Pixels set. */
export function maskPixels(mask: Mask): number {
  let count = 0;
  for (let i = 0; i < mask.data.length; i++) count += mask.data[i]!;
  return count;
}

/** Share of the picture that the mask covers, 0..1. */
export function maskArea(mask: Mask): number {
  return mask.data.length ? maskPixels(mask) / mask.data.length : 0;
}

/** The smallest box around the mask, in the mask's own pixels; null for an empty mask. */
export function boundingBox(mask: Mask): BoundingBox | null {
  let left = mask.width;
  let right = -1;
  let top = mask.height;
  let bottom = -1;
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      if (!mask.data[y * mask.width + x]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The box in another size of the same picture: 96 × 96 of the model → the picture's own pixels. */
export function scaleBox(
  box: BoundingBox,
  from: { width: number; height: number },
  to: { width: number; height: number },
): BoundingBox {
  const across = to.width / from.width;
  const down = to.height / from.height;
  const x = Math.round(box.x * across);
  const y = Math.round(box.y * down);
  return {
    x,
    y,
    width: Math.max(1, Math.min(to.width, Math.round((box.x + box.width) * across)) - x),
    height: Math.max(1, Math.min(to.height, Math.round((box.y + box.height) * down)) - y),
  };
}

/** The mask in another size; each new pixel takes the old one under its centre. */
export function resizeMask(mask: Mask, width: number, height: number): Mask {
  if (mask.width === width && mask.height === height) return mask;
  const out = emptyMask(width, height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * mask.height) / height) * mask.width;
    for (let x = 0; x < width; x++) {
      out.data[y * width + x] = mask.data[row + Math.floor(((x + 0.5) * mask.width) / width)]!;
    }
  }
  return out;
}

/** Intersection over union of two masks of one size, 0..1. */
export function maskIoU(a: Mask, b: Mask): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.data.length; i++) {
    both += a.data[i]! & b.data[i]!;
    either += a.data[i]! | b.data[i]!;
  }
  return either === 0 ? 0 : both / either;
}

/** Which region each pixel belongs to. */
export interface Regions {
  /** int32[height * width]; −1 where the class was `ignored`. */
  regionOf: Int32Array;
  /** Class of each region. */
  classes: number[];
  /** Pixels of each region. */
  sizes: number[];
}

/**
 * Connected regions of equal class (4-neighbours) in a class map[height, width].
 * @param ignored class that makes no region (a background), or −1 for none.
 */
export function connectedRegions(
  map: ArrayLike<number>,
  width: number,
  height: number,
  ignored: number,
): Regions {
  const regionOf = new Int32Array(width * height).fill(-1);
  const classes: number[] = [];
  const sizes: number[] = [];
  const stack: number[] = [];
  for (let start = 0; start < regionOf.length; start++) {
    const value = map[start]!;
    if (value === ignored || regionOf[start] !== -1) continue;
    const region = classes.length;
    classes.push(value);
    regionOf[start] = region;
    stack.push(start);
    let size = 0;
    while (stack.length) {
      const at = stack.pop()!;
      size++;
      const x = at % width;
      const visit = (next: number): void => {
        if (regionOf[next] !== -1 || map[next] !== value) return;
        regionOf[next] = region;
        stack.push(next);
      };
      if (x > 0) visit(at - 1);
      if (x < width - 1) visit(at + 1);
      if (at >= width) visit(at - width);
      if (at < regionOf.length - width) visit(at + width);
    }
    sizes.push(size);
  }
  return { regionOf, classes, sizes };
}
