import type { Mask, Pixels } from '../types.js';

/** One step of a pyramid: colours float64[height, width, 3] and how much of each cell is known, 0..1. */
interface Level {
  width: number;
  height: number;
  colours: Float64Array;
  known: Float64Array;
}

/**
 * A copy in which the masked pixels take soft colours of what surrounds them: means of ever larger cells of known pixels
 * (pull), laid back into the gaps from coarse to fine (push). Costs twice a pass over the pixels, whatever the holes. A
 * picture that is masked whole stays as it is.
 */
export function inpaint(pixels: Pixels, mask: Mask): Pixels {
  const { width, height } = pixels;
  if (mask.data.every((value) => value === 1)) return { ...pixels, data: pixels.data.slice() };
  const known = Float64Array.from(mask.data, (value) => (value ? 0 : 1));
  const levels: Level[] = [{ width, height, colours: Float64Array.from(pixels.data), known }];
  for (let top = levels[0]!; Math.max(top.width, top.height) > 1; top = levels.at(-1)!)
    levels.push(half(top));
  for (let n = levels.length - 2; n >= 0; n--) fill(levels[n]!, levels[n + 1]!);
  const data = pixels.data.slice();
  const { colours } = levels[0]!;
  for (let at = 0; at < width * height; at++)
    if (mask.data[at]) for (let c = 3 * at; c < 3 * at + 3; c++) data[c] = Math.round(colours[c]!);
  return { data, width, height };
}

/** Cells of 2 × 2, their colours weighed by how much of them is known. */
function half({ width, height, colours, known }: Level): Level {
  const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const next: Level = {
    width: columns,
    height: rows,
    colours: new Float64Array(columns * rows * 3),
    known: new Float64Array(columns * rows),
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const weight = known[y * width + x]!;
      const cell = (y >> 1) * columns + (x >> 1);
      next.known[cell]! += weight;
      for (let c = 0; c < 3; c++) next.colours[3 * cell + c]! += weight * colours[3 * (y * width + x) + c]!;
    }
  }
  for (let cell = 0; cell < columns * rows; cell++) {
    const weight = next.known[cell]!;
    if (weight > 0) for (let c = 0; c < 3; c++) next.colours[3 * cell + c]! /= weight;
    next.known[cell] = Math.min(1, weight);
  }
  return next;
}

/** What is not wholly known takes the rest from the coarser level, between its cells' middles. */
function fill({ width, height, colours, known }: Level, coarse: Level): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const share = known[at]!;
      if (share >= 1) continue;
      for (let c = 0; c < 3; c++) {
        const from = between(coarse, { x: (x - 0.5) / 2, y: (y - 0.5) / 2, c });
        colours[3 * at + c] = share * colours[3 * at + c]! + (1 - share) * from;
      }
    }
  }
}

function between(
  { width, height, colours }: Level,
  { x, y, c }: { x: number; y: number; c: number },
): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (column: number, row: number): number => {
    const [inside, below] = [
      Math.min(width - 1, Math.max(0, column)),
      Math.min(height - 1, Math.max(0, row)),
    ];
    return colours[3 * (below * width + inside) + c]!;
  };
  const [right, down] = [x - left, y - top];
  const above = (1 - right) * at(left, top) + right * at(left + 1, top);
  return (1 - down) * above + down * ((1 - right) * at(left, top + 1) + right * at(left + 1, top + 1));
}
