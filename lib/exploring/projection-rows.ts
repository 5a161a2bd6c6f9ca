/** Which rows of a projection are laid out, and how all come together again. */
import { type PrincipalPlane, seenOn } from '../arithmetic/pca.js';
import { inTurns, type Turns, turnTaker } from '../turns.js';
import type { Rows, VectorBlock } from './neighbours-rows.js';

const ROWS_A_READ = 4096;

/** Numbers of at most so many rows, from the first on. */
export function evenly(count: number, most: number): Int32Array {
  const chosen = Math.min(count, Math.max(1, most));
  return Int32Array.from({ length: chosen }, (_, n) => Math.floor((n * count) / chosen));
}

/** A normalised copy of the rows of these numbers, which ascend. */
export async function take(rows: Rows, numbers: Int32Array): Promise<VectorBlock> {
  const { dimension } = rows;
  const vectors = new Float32Array(numbers.length * dimension);
  let n = 0;
  for (let from = numbers[0] ?? 0; n < numbers.length; from += ROWS_A_READ) {
    const block = await rows.read(from, Math.min(rows.count, from + ROWS_A_READ));
    for (; n < numbers.length && numbers[n]! < from + ROWS_A_READ; n++) {
      const start = (numbers[n]! - from) * dimension;
      const scale = block.scales[numbers[n]! - from]!;
      for (let i = 0; i < dimension; i++) vectors[n * dimension + i] = block.values[start + i]! * scale;
    }
  }
  return { vectors, dimension };
}

/** The rows that were not chosen, in pages. */
export async function* others(rows: Rows, chosen: Int32Array): AsyncGenerator<Float32Array> {
  const isChosen = new Set(chosen);
  for (let from = 0; from < rows.count; from += ROWS_A_READ) {
    const numbers = Array.from(
      { length: Math.min(ROWS_A_READ, rows.count - from) },
      (_, n) => from + n,
    ).filter((row) => !isChosen.has(row));
    const block = await rows.read(from, from + Math.min(ROWS_A_READ, rows.count - from));
    const page = new Float32Array(numbers.length * rows.dimension);
    for (const [n, row] of numbers.entries()) {
      const start = (row - from) * rows.dimension;
      page.set(block.values.subarray(start, start + rows.dimension), n * rows.dimension);
    }
    yield page;
  }
}

/** Points of the chosen rows and of the others, each in its order, in the order of all rows. */
export function merged(points: Float32Array, rest: Float32Array, chosen: Int32Array): Float32Array {
  const all = new Float32Array(points.length + rest.length);
  let next = 0;
  for (let row = 0; row < all.length / 2; row++) {
    const isChosen = chosen[next] === row;
    const from = isChosen ? 2 * next : 2 * (row - next);
    all.set((isChosen ? points : rest).subarray(from, from + 2), 2 * row);
    if (isChosen) next++;
  }
  return all;
}

/** Where all rows are seen on a plane: float64[rows, 2]. */
export async function seenByAll(rows: Rows, plane: PrincipalPlane, turns: Turns): Promise<Float64Array> {
  const points = new Float64Array(rows.count * 2);
  const turn = turnTaker(turns);
  for (let from = 0; from < rows.count; from += ROWS_A_READ) {
    const numbers = Int32Array.from({ length: Math.min(ROWS_A_READ, rows.count - from) }, (_, n) => from + n);
    const { vectors } = await take(rows, numbers);
    points.set(await inTurns(seenOn(plane, vectors), turn), from * 2);
  }
  return points;
}
