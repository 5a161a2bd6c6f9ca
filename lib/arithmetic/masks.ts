import type { BoundingBox, Mask } from '../types.js';
import type { ResizePlan } from './resize-plan.js';

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

/** The box in another size of the same picture, of one pixel at least: 96 × 96 of the model → the picture's own pixels. */
export function scaleBox(
  box: BoundingBox,
  from: { width: number; height: number },
  to: { width: number; height: number },
): BoundingBox {
  const across = to.width / from.width;
  const down = to.height / from.height;
  const x = Math.min(to.width - 1, Math.round(box.x * across));
  const y = Math.min(to.height - 1, Math.round(box.y * down));
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

/**
 * The part of a whole picture's mask that a model sees, in its own pixels, and which share of the mask that is.
 * @param plan how the picture was resized, and what of it was kept.
 */
export function maskInWindow(mask: Mask, plan: ResizePlan): { mask: Mask; share: number } {
  const { left, top, width, height } = plan.window;
  const seen = emptyMask(width, height);
  let kept = 0;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((top + y + 0.5) * mask.height) / plan.height) * mask.width;
    for (let x = 0; x < width; x++) {
      const value = mask.data[row + Math.floor(((left + x + 0.5) * mask.width) / plan.width)]!;
      seen.data[y * width + x] = value;
      kept += value;
    }
  }
  const whole = maskArea(mask) * plan.width * plan.height;
  return { mask: seen, share: whole ? Math.min(1, kept / whole) : 0 };
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

/** Intersection over union of two boxes, 0..1. */
export function boxIoU(a: BoundingBox, b: BoundingBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const both = Math.max(0, width) * Math.max(0, height);
  const either = a.width * a.height + b.width * b.height - both;
  return either > 0 ? both / either : 0;
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
  // A pixel is pushed once: the stack can never hold more than all of them.
  const stack = new Int32Array(regionOf.length);
  for (let start = 0; start < regionOf.length; start++) {
    const value = map[start]!;
    if (value === ignored || regionOf[start] !== -1) continue;
    const region = classes.length;
    classes.push(value);
    regionOf[start] = region;
    stack[0] = start;
    let size = 0;
    for (let waiting = 1; waiting > 0; ) {
      const at = stack[--waiting]!;
      size++;
      const x = at % width;
      if (x > 0 && regionOf[at - 1] === -1 && map[at - 1] === value) {
        regionOf[at - 1] = region;
        stack[waiting++] = at - 1;
      }
      if (x < width - 1 && regionOf[at + 1] === -1 && map[at + 1] === value) {
        regionOf[at + 1] = region;
        stack[waiting++] = at + 1;
      }
      if (at >= width && regionOf[at - width] === -1 && map[at - width] === value) {
        regionOf[at - width] = region;
        stack[waiting++] = at - width;
      }
      const below = at + width;
      if (below < regionOf.length && regionOf[below] === -1 && map[below] === value) {
        regionOf[below] = region;
        stack[waiting++] = below;
      }
    }
    sizes.push(size);
  }
  return { regionOf, classes, sizes };
}

/** A smaller piece than this share of the largest is a crumb. */
const CRUMB = 0.25;

/** The mask without its crumbs: its largest connected piece, and those that are not much smaller. */
export function withoutCrumbs(mask: Mask): Mask {
  const { regionOf, sizes } = connectedRegions(mask.data, mask.width, mask.height, 0);
  if (sizes.length < 2) return mask;
  const least = CRUMB * Math.max(...sizes);
  const out = emptyMask(mask.width, mask.height);
  for (let i = 0; i < regionOf.length; i++) {
    const region = regionOf[i]!;
    if (region >= 0 && sizes[region]! >= least) out.data[i] = 1;
  }
  return out;
}
