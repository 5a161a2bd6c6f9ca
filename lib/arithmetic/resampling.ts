import type { Pixels, Preprocessing } from '../types.js';
import { planResize, type ResizePlan, type Window } from './resize-plan.js';

/** Brings a decoded picture to the size that a model wants. Cost: pixels of the source plus pixels of the result. */
export function preprocess(pixels: Pixels, rule: Preprocessing): Pixels {
  return resample(pixels, planResize(pixels.width, pixels.height, rule), rule.interpolation);
}

/** Of a larger picture of width × height, the part whose upper left pixel is left, top. */
export type PartOf = Window;

/**
 * Pillow's antialiased resampling, bit for bit (Pillow 12, libImaging/Resample.c): two passes, horizontal first,
 * coefficients rounded to 22 bits, clipped to 8 bits between the passes. Only the plan's window is computed.
 * @param part where `pixels` lies when it is not the whole picture; it must hold the plan's sourceWindow.
 */
export function resample(
  pixels: Pixels,
  plan: ResizePlan,
  interpolation: Preprocessing['interpolation'],
  part: PartOf = { left: 0, top: 0, width: pixels.width, height: pixels.height },
): Pixels {
  const { window } = plan;
  if (interpolation === 'nearest') return pickNearest(pixels, plan, part);
  const kernel = KERNELS[interpolation];
  const across = coefficients(
    { source: part.width, target: plan.width, from: window.left, outputs: window.width },
    kernel,
  );
  const down = coefficients(
    { source: part.height, target: plan.height, from: window.top, outputs: window.height },
    kernel,
  );
  const last = window.height - 1;
  const firstRow = down.first[0] ?? 0;
  const rows = (down.first[last] ?? 0) + (down.count[last] ?? 0) - firstRow;
  const middle = new Uint8Array(rows * window.width * 3); // [rows, window.width, 3]
  for (let row = 0; row < rows; row++) {
    const start = (row + firstRow - part.top) * pixels.width * 3;
    const line = pixels.data.subarray(start, start + pixels.width * 3);
    sweepAcross(
      line,
      middle.subarray(row * window.width * 3, (row + 1) * window.width * 3),
      across,
      part.left,
    );
  }
  const data = new Uint8Array(window.height * window.width * 3); // [height, width, 3]
  sweepDown(middle, data, down, firstRow);
  return { data, width: window.width, height: window.height };
}

/** The part of a picture of width × height that the plan's window is made of. */
export function sourceWindow(
  width: number,
  height: number,
  plan: ResizePlan,
  interpolation: Preprocessing['interpolation'],
): Window {
  const { window } = plan;
  const [left, right] = reach(
    { source: width, target: plan.width, from: window.left, outputs: window.width },
    interpolation,
  );
  const [top, bottom] = reach(
    { source: height, target: plan.height, from: window.top, outputs: window.height },
    interpolation,
  );
  return { left, top, width: right - left, height: bottom - top };
}

/** One side of a resize: `outputs` pixels from `from` on of the `target` that `source` pixels become. */
interface Side {
  source: number;
  target: number;
  from: number;
  outputs: number;
}

interface Kernel {
  weight(x: number): number;
  /** Pixels to either side that count when nothing shrinks. */
  support: number;
}

/** Pillow's: Keys' cubic with a = −0.5, the triangle, the sinc under a sinc of three lobes. */
const KERNELS: Record<Exclude<Preprocessing['interpolation'], 'nearest'>, Kernel> = {
  bilinear: { weight: (x) => Math.max(0, 1 - Math.abs(x)), support: 1 },
  bicubic: { weight: cubic, support: 2 },
  lanczos: { weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0), support: 3 },
};

function cubic(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

interface Coefficients {
  /** First source pixel of each output pixel, and how many follow. */
  first: Int32Array;
  count: Int32Array;
  /** int32[outputs, width], 22-bit fixed point. */
  weights: Int32Array;
  width: number;
}

const FIXED_POINT_BITS = 22;
const HALF = 1 << (FIXED_POINT_BITS - 1);

function coefficients({ source, target, from, outputs }: Side, kernel: Kernel): Coefficients {
  const scale = source / target;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
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
    const count = Math.min(source, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      line[tap] = kernel.weight((tap + first - centre + 0.5) / stretch);
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

/** One row: uint8[source, 3] → uint8[outputs, 3]. `shift` is the first source pixel that the row holds. */
function sweepAcross(source: Uint8Array, target: Uint8Array, table: Coefficients, shift: number): void {
  const { weights, first, count, width } = table;
  for (let output = 0, to = 0; output < first.length; output++, to += 3) {
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let at = (first[output]! - shift) * 3;
    const start = output * width;
    const end = start + count[output]!;
    for (let tap = start; tap < end; tap++, at += 3) {
      const weight = weights[tap]!;
      red = (red + source[at]! * weight) | 0;
      green = (green + source[at + 1]! * weight) | 0;
      blue = (blue + source[at + 2]! * weight) | 0;
    }
    target[to] = clip(red >> FIXED_POINT_BITS);
    target[to + 1] = clip(green >> FIXED_POINT_BITS);
    target[to + 2] = clip(blue >> FIXED_POINT_BITS);
  }
}

/** All columns at once, row after row: uint8[rows, stride] → uint8[outputs, stride]. */
function sweepDown(source: Uint8Array, target: Uint8Array, table: Coefficients, shift: number): void {
  const { weights, first, count, width } = table;
  const stride = target.length / first.length;
  const sums = new Int32Array(stride);
  for (let output = 0; output < first.length; output++) {
    sums.fill(HALF);
    for (let tap = 0; tap < count[output]!; tap++) {
      const weight = weights[output * width + tap]!;
      const from = (first[output]! - shift + tap) * stride;
      for (let i = 0; i < stride; i++) sums[i] = sums[i]! + source[from + i]! * weight;
    }
    const to = output * stride;
    for (let i = 0; i < stride; i++) target[to + i] = clip(sums[i]! >> FIXED_POINT_BITS);
  }
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Pillow's NEAREST (libImaging/Geometry.c): the source pixel under the centre, its place summed up step by step. */
function pickNearest(pixels: Pixels, plan: ResizePlan, part: PartOf): Pixels {
  const { left, top, width, height } = plan.window;
  const columns = nearest({ source: part.width, target: plan.width, from: left, outputs: width });
  const rows = nearest({ source: part.height, target: plan.height, from: top, outputs: height });
  const data = new Uint8Array(height * width * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const line = (rows[y]! - part.top) * pixels.width;
    for (let x = 0; x < width; x++, to += 3) {
      const at = (line + columns[x]! - part.left) * 3;
      data[to] = pixels.data[at]!;
      data[to + 1] = pixels.data[at + 1]!;
      data[to + 2] = pixels.data[at + 2]!;
    }
  }
  return { data, width, height };
}

function nearest({ source, target, from, outputs }: Side): Int32Array {
  const step = source / target;
  const picked = new Int32Array(outputs);
  for (let output = 0, at = step / 2; output < from + outputs; output++, at += step)
    if (output >= from) picked[output - from] = Math.min(source - 1, Math.trunc(at));
  return picked;
}

/** First and one past the last source pixel that the outputs depend on. */
function reach(side: Side, interpolation: Preprocessing['interpolation']): [number, number] {
  const { source, target, from, outputs } = side;
  const scale = source / target;
  // The steps of nearest sum up their rounding: one pixel more to either side holds them.
  const support = interpolation === 'nearest' ? 1 : KERNELS[interpolation].support * Math.max(scale, 1);
  const last = from + outputs - 1;
  return [
    Math.max(0, Math.trunc((from + 0.5) * scale - support + 0.5)),
    Math.min(source, Math.trunc((last + 0.5) * scale + support + 0.5)),
  ];
}
