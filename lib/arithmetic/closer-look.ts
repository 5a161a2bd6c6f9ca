/** Cutting windows out of a picture to look at them once more, and bringing what was found there back. Pure. */
import type { FoundSegment, Mask, Pixels } from '../types.js';
import { boundingBox, emptyMask, maskIoU, maskPixels, scaleBox } from './masks.js';
import { alikeness, joined, type Measured, type Piece } from './pieces.js';
import type { Window } from './resize-plan.js';

/** A piece belongs to the thing that holds this share of it; pieces explain a thing of which they cover this share. */
const MOST = 0.5;
/** A piece of a smaller share of its thing is no thing of its own. */
const LEAST_PIECE = 0.2;

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

/**
 * A thing as the window around it shows it: most often one, in its finer contour. Only pieces that lie in the thing speak of
 * it: what else the window shows has its own window, and is cut off here. Pieces of one meaning are one thing; without
 * meanings all of them are. Where the pieces do not cover most of the thing, it stays as it was.
 * @param pieces what was seen in the window; masks of the thing's own size.
 * @param apart cosine of two meanings below which they are two things.
 */
export function seenCloser(thing: FoundSegment, pieces: readonly Piece[], apart: number): FoundSegment[] {
  const inside = pieces
    .map((piece) => ({ ...piece, pixels: maskPixels(piece.mask) }))
    .filter(({ mask, pixels }) => pixels > 0 && pixelsInBoth(mask, thing.mask) >= MOST * pixels);
  const whole = joined(inside);
  if (!whole || pixelsInBoth(whole.mask, thing.mask) < MOST * maskPixels(thing.mask)) return [thing];
  return byMeaning(inside, apart).map(({ mask, score }) => ({ mask, score }));
}

/** Joins the pair of pieces whose meanings are most alike until all are apart; small ones join their likest. */
function byMeaning(pieces: readonly Measured[], apart: number): Measured[] {
  const total = pieces.reduce((sum, { pixels }) => sum + pixels, 0);
  const groups = [...pieces];
  while (groups.length > 1) {
    let best = { alike: Number.NEGATIVE_INFINITY, a: 0, b: 0 };
    for (let a = 0; a < groups.length; a++) {
      for (let b = a + 1; b < groups.length; b++) {
        const isSmall = Math.min(groups[a]!.pixels, groups[b]!.pixels) < LEAST_PIECE * total;
        const alike = alikeness(groups[a]!, groups[b]!) + (isSmall ? 2 : 0);
        if (alike > best.alike) best = { alike, a, b };
      }
    }
    if (best.alike < apart) break;
    const [second] = groups.splice(best.b, 1);
    groups[best.a] = joined([groups[best.a]!, second!])!;
  }
  return groups;
}

function pixelsInBoth(a: Mask, b: Mask): number {
  let count = 0;
  for (let i = 0; i < a.data.length; i++) count += a.data[i]! & b.data[i]!;
  return count;
}

/** The entries whose masks, all of one size, share less than `iou` with every one that was kept before them. */
export function withoutTwins<Entry extends { mask: Mask }>(entries: readonly Entry[], iou: number): Entry[] {
  const kept: Entry[] = [];
  for (const entry of entries) {
    if (kept.every(({ mask }) => maskIoU(mask, entry.mask) < iou)) kept.push(entry);
  }
  return kept;
}
