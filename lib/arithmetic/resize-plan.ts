import type { Preprocessing } from '../types.js';

/** A part of a picture in that picture's own pixels. */
export interface Window {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** How large a picture becomes, and what is kept of it. */
export interface ResizePlan {
  /** Size of the whole resized picture, which nobody need ever hold. */
  width: number;
  height: number;
  window: Window;
}

/**
 * The sizes that the reference implementations compute. Of `shortest` the longer side is truncated, of `longest` the
 * shorter one is rounded (transformers: CLIP, SAM); `within` is DETR's get_size_with_aspect_ratio.
 */
export function planResize(width: number, height: number, rule: Preprocessing): ResizePlan {
  const { size, resize } = rule;
  if (resize === 'squash') return whole(size, size);
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  const upright = (short: number, long: number): [number, number] =>
    width === shorter ? [short, long] : [long, short];
  if (resize === 'longest') {
    const scale = size / longer;
    return whole(atLeastOne(Math.floor(width * scale + 0.5)), atLeastOne(Math.floor(height * scale + 0.5)));
  }
  if (resize === 'within') {
    const most = rule.longest ?? Number.POSITIVE_INFINITY;
    const [wide, high] = upright(...sidesWithin(shorter, longer, { size, most }));
    const multiple = rule.multipleOf ?? 1;
    return whole(Math.ceil(wide / multiple) * multiple, Math.ceil(high / multiple) * multiple);
  }
  const scaleTo = rule.scaleTo ?? size;
  const [wide, high] = upright(scaleTo, Math.floor((scaleTo * longer) / shorter));
  const offset = rule.cropRounding === 'even' ? halfToEven : Math.floor;
  const window = {
    left: offset((wide - size) / 2),
    top: offset((high - size) / 2),
    width: size,
    height: size,
  };
  return { width: wide, height: high, window };
}

/** Whether neither side grows: then libvips and Pillow agree within 1 of 255 on average. */
export function shrinks(width: number, height: number, plan: ResizePlan): boolean {
  return plan.width <= width && plan.height <= height;
}

/**
 * DETR's rule: the shorter side becomes `size`, or less where the longer one would pass `most`. The reference goes on
 * with the side before its rounding, so that the longer side may miss `most` by one.
 */
function sidesWithin(
  shorter: number,
  longer: number,
  { size, most }: { size: number; most: number },
): [number, number] {
  const exact = (longer / shorter) * size > most ? (most * shorter) / longer : undefined;
  const short = exact === undefined ? size : halfToEven(exact);
  if (short === shorter) return [shorter, longer];
  return [atLeastOne(short), atLeastOne(Math.floor(((exact ?? size) * longer) / shorter))];
}

/** Python's round. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** Where the references would fail on a sliver. */
function atLeastOne(value: number): number {
  return Math.max(1, value);
}

function whole(width: number, height: number): ResizePlan {
  return { width, height, window: { left: 0, top: 0, width, height } };
}
