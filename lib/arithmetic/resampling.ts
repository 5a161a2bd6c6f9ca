import type { Pixels, Preprocessing } from '../types.js';

/** Where a picture lands before the model's square is cut out of it or filled by it. */
export interface ResizePlan {
  /** Size of the whole resized picture. */
  width: number;
  height: number;
  /** What of it is kept, in its own pixels. */
  window: { left: number; top: number; width: number; height: number };
}

/**
 * The sizes that the reference implementations compute: the longer side after a shortest-edge resize is
 * truncated, the shorter side after a longest-edge resize is rounded (transformers: CLIP, SAM).
 */
export function planResize(width: number, height: number, rule: Preprocessing): ResizePlan {
  const { size } = rule;
  if (rule.resize === 'squash') return whole(size, size);
  if (rule.resize === 'longest') {
    const scale = size / Math.max(width, height);
    return whole(atLeastOne(Math.floor(width * scale + 0.5)), atLeastOne(Math.floor(height * scale + 0.5)));
  }
  const shorter = Math.min(width, height);
  const resized = {
    width: width === shorter ? size : Math.floor((size * width) / shorter),
    height: height === shorter ? size : Math.floor((size * height) / shorter),
  };
  const offset = rule.cropRounding === 'even' ? halfToEven : Math.floor;
  const left = offset((resized.width - size) / 2);
  const top = offset((resized.height - size) / 2);
  return { ...resized, window: { left, top, width: size, height: size } };
}

/** Whether neither side grows: then libvips and Pillow agree within 1 of 255 on average. */
export function shrinks(width: number, height: number, plan: ResizePlan): boolean {
  return plan.width <= width && plan.height <= height;
}

/** Brings a decoded picture into the model's square. Cost: pixels of the source plus pixels of the window. */
export function preprocess(pixels: Pixels, rule: Preprocessing): Pixels {
  const plan = planResize(pixels.width, pixels.height, rule);
  return padTo(resample(pixels, plan, rule.interpolation), rule.size);
}

/** Black to the right and below up to size × size; what already fills the square passes as it is. */
export function padTo(pixels: Pixels, size: number): Pixels {
  if (pixels.width === size && pixels.height === size) return pixels;
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < pixels.height; y++) {
    data.set(pixels.data.subarray(y * pixels.width * 3, (y + 1) * pixels.width * 3), y * size * 3);
  }
  return { data, width: size, height: size };
}

/**
 * Pillow's antialiased resampling, bit for bit (Pillow 12, libImaging/Resample.c): two passes, horizontal
 * first, coefficients rounded to 22 bits, clipped to 8 bits between the passes. Only the window is computed.
 */
export function resample(
  pixels: Pixels,
  plan: ResizePlan,
  interpolation: Preprocessing['interpolation'],
): Pixels {
  const { window } = plan;
  const across = coefficients(pixels.width, plan.width, window.left, window.width, interpolation);
  const down = coefficients(pixels.height, plan.height, window.top, window.height, interpolation);
  const firstRow = down.first[0] ?? 0;
  const last = window.height - 1;
  const rows = (down.first[last] ?? 0) + (down.count[last] ?? 0) - firstRow;
  const middle = new Uint8Array(rows * window.width * 3); // [rows, window.width, 3]
  sweep(pixels.data, middle, across, {
    lines: rows,
    outputs: window.width,
    sourceLine: (line) => (line + firstRow) * pixels.width * 3,
    sourceStep: 3,
    targetLine: (line) => line * window.width * 3,
    targetStep: 3,
    shift: 0,
  });
  const data = new Uint8Array(window.height * window.width * 3); // [height, width, 3]
  sweep(middle, data, down, {
    lines: window.width,
    outputs: window.height,
    sourceLine: (line) => line * 3,
    sourceStep: window.width * 3,
    targetLine: (line) => line * 3,
    targetStep: window.width * 3,
    shift: firstRow,
  });
  return { data, width: window.width, height: window.height };
}

interface Coefficients {
  /** First source pixel of each output pixel, and how many follow. */
  first: Int32Array;
  count: Int32Array;
  /** int32[outputs, width], 22-bit fixed point. */
  weights: Int32Array;
  width: number;
}

interface Sweep {
  lines: number;
  outputs: number;
  sourceLine: (line: number) => number;
  sourceStep: number;
  targetLine: (line: number) => number;
  targetStep: number;
  /** Subtracted from the first source pixel: rows that the first pass left out. */
  shift: number;
}

const FIXED_POINT_BITS = 22;

function sweep(source: Uint8Array, target: Uint8Array, table: Coefficients, form: Sweep): void {
  const { weights, first, count, width } = table;
  const half = 1 << (FIXED_POINT_BITS - 1);
  for (let line = 0; line < form.lines; line++) {
    const from = form.sourceLine(line);
    let to = form.targetLine(line);
    for (let output = 0; output < form.outputs; output++, to += form.targetStep) {
      let red = half;
      let green = half;
      let blue = half;
      let at = from + (first[output]! - form.shift) * form.sourceStep;
      const start = output * width;
      const end = start + count[output]!;
      for (let tap = start; tap < end; tap++, at += form.sourceStep) {
        const weight = weights[tap]!;
        red += source[at]! * weight;
        green += source[at + 1]! * weight;
        blue += source[at + 2]! * weight;
      }
      target[to] = clip(red >> FIXED_POINT_BITS);
      target[to + 1] = clip(green >> FIXED_POINT_BITS);
      target[to + 2] = clip(blue >> FIXED_POINT_BITS);
    }
  }
}

function coefficients(
  sourceSize: number,
  targetSize: number,
  from: number,
  outputs: number,
  interpolation: Preprocessing['interpolation'],
): Coefficients {
  const filter = interpolation === 'bicubic' ? cubic : triangle;
  const scale = sourceSize / targetSize;
  const stretch = Math.max(scale, 1);
  const support = (interpolation === 'bicubic' ? 2 : 1) * stretch;
  const width = Math.ceil(support) * 2 + 1;
  const table = {
    first: new Int32Array(outputs),
    count: new Int32Array(outputs),
    weights: new Int32Array(outputs * width),
    width,
  };
  const line = new Float64Array(width);
  for (let output = 0; output < outputs; output++) {
    const centre = (from + output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(sourceSize, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      line[tap] = filter((tap + first - centre + 0.5) / stretch);
      sum += line[tap]!;
    }
    for (let tap = 0; tap < count; tap++) {
      const share = (sum === 0 ? line[tap]! : line[tap]! / sum) * (1 << FIXED_POINT_BITS);
      table.weights[output * width + tap] = Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    }
    table.first[output] = first;
    table.count[output] = count;
  }
  return table;
}

/** Keys' cubic with a = −0.5, as Pillow has it. */
function cubic(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

function clip(value: number): number {
  return value < 0 ? 0 : Math.min(value, 255);
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function atLeastOne(value: number): number {
  return Math.max(1, value);
}

function whole(width: number, height: number): ResizePlan {
  return { width, height, window: { left: 0, top: 0, width, height } };
}
