/** Cutting windows out of a picture to look at them once more, and bringing what was found there back. Pure. */
import type { Mask, Pixels } from '../types.js';
import { boundingBox, emptyMask, maskIoU, scaleBox } from './masks.js';
import type { Window } from './resize-plan.js';

/** A square around the mask's box, `margin` of its longer side wider on each side, cut off at the picture's edges. */
export function windowAround(mask: Mask, picture: { width: number; height: number }, margin: number): Window {
  const { width, height } = picture;
  const box = scaleBox(
    boundingBox(mask) ?? { x: 0, y: 0, width: mask.width, height: mask.height },
    mask,
    picture,
  );
  const side = Math.max(box.width, box.height) * (1 + 2 * margin);
  const left = Math.max(0, Math.round(box.x + (box.width - side) / 2));
  const top = Math.max(0, Math.round(box.y + (box.height - side) / 2));
  return {
    left,
    top,
    width: Math.max(1, Math.min(width, Math.round(box.x + (box.width + side) / 2)) - left),
    height: Math.max(1, Math.min(height, Math.round(box.y + (box.height + side) / 2)) - top),
  };
}

export function cutWindow(picture: Pixels, { left, top, width, height }: Window): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * 3;
    data.set(picture.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { data, width, height };
}

/**
 * A mask of the window as a mask of the whole picture.
 * @param picture the size that the window counts in.
 * @param size of the new mask.
 */
export function fromWindow(
  mask: Mask,
  window: Window,
  { picture, size }: { picture: { width: number; height: number }; size: { width: number; height: number } },
): Mask {
  const out = emptyMask(size.width, size.height);
  for (let y = 0; y < size.height; y++) {
    const v = (((y + 0.5) / size.height) * picture.height - window.top) / window.height;
    if (v < 0 || v >= 1) continue;
    const row = Math.floor(v * mask.height) * mask.width;
    for (let x = 0; x < size.width; x++) {
      const u = (((x + 0.5) / size.width) * picture.width - window.left) / window.width;
      if (u >= 0 && u < 1) out.data[y * size.width + x] = mask.data[row + Math.floor(u * mask.width)]!;
    }
  }
  return out;
}

/**
 * How much of the mask lies on edges of the window that are none of the picture: pixels there, as a share of the mask's
 * side. What touches them goes on outside.
 */
export function cutOff(mask: Mask, window: Window, picture: { width: number; height: number }): number {
  const { data, width, height } = mask;
  let touching = 0;
  for (let x = 0; x < width; x++) {
    if (window.top > 0) touching += data[x]!;
    if (window.top + window.height < picture.height) touching += data[(height - 1) * width + x]!;
  }
  for (let y = 0; y < height; y++) {
    if (window.left > 0) touching += data[y * width]!;
    if (window.left + window.width < picture.width) touching += data[y * width + width - 1]!;
  }
  return touching / Math.max(width, height);
}

/** The entries whose masks, all of one size, share less than `iou` with every one that was kept before them. */
export function withoutTwins<Entry extends { mask: Mask }>(entries: readonly Entry[], iou: number): Entry[] {
  const kept: Entry[] = [];
  for (const entry of entries) {
    if (kept.every(({ mask }) => maskIoU(mask, entry.mask) < iou)) kept.push(entry);
  }
  return kept;
}
