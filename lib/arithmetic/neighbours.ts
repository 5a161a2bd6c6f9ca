import { dot } from './vectors.js';

/** The k nearest of each row by cosine, best first, never the row itself: int32[rows, k], float32[rows, k]. */
export interface Neighbours {
  k: number;
  indices: Int32Array;
  scores: Float32Array;
}

/** Rows whose nearest are being gathered; a step costs about four rows against all later ones. */
export interface NeighbourSearch {
  /** Does a little of the work; true once all is done. */
  step(): boolean;
  /** 0..1 */
  share(): number;
  result: Neighbours;
}

/**
 * Exact nearest neighbours of L2-normalised rows float32[rows, dimension], in steps, so that the caller can let
 * others run in between. Each pair is multiplied once and serves both rows: rows² · dimension / 2 products.
 * Ties go to the smaller index.
 */
export function searchNeighbours(block: Float32Array, dimension: number, most: number): NeighbourSearch {
  const rows = dimension ? block.length / dimension : 0;
  const k = Math.max(0, Math.min(most, rows - 1));
  const indices = new Int32Array(rows * k).fill(-1);
  const scores = new Float32Array(rows * k).fill(Number.NEGATIVE_INFINITY);
  let row = 0;
  const offer = (to: number, index: number, score: number): void => {
    let at = to * k + k - 1;
    if (!(score > scores[at]!)) return;
    for (; at > to * k && score > scores[at - 1]!; at--) {
      scores[at] = scores[at - 1]!;
      indices[at] = indices[at - 1]!;
    }
    scores[at] = score;
    indices[at] = index;
  };
  const step = (): boolean => {
    if (k === 0 || row >= rows) return true;
    const group = Math.min(4, rows - row);
    const products = new Float64Array(4);
    for (let other = row + 1; other < rows; other++) {
      if (group === 4) fourProducts(block, { row, other, dimension }, products);
      for (let r = 0; r < group; r++) {
        const mine = row + r;
        if (mine >= other) break;
        const score = group === 4 ? products[r]! : productOf(block, mine, { other, dimension });
        offer(mine, other, score);
        offer(other, mine, score);
      }
    }
    row += group;
    return row >= rows;
  };
  // Later rows are cheaper, their pairs are done already: shares of the triangle, not of the rows.
  const share = (): number => (rows && k ? 1 - ((rows - row) / rows) ** 2 : 1);
  return { step, share, result: { k, indices, scores } };
}

/** Four rows against one: each number of the one is loaded once for four products. */
function fourProducts(
  block: Float32Array,
  { row, other, dimension }: { row: number; other: number; dimension: number },
  products: Float64Array,
): void {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const first = row * dimension;
  const second = first + dimension;
  const third = second + dimension;
  const fourth = third + dimension;
  const at = other * dimension;
  for (let i = 0; i < dimension; i++) {
    const value = block[at + i]!;
    a += block[first + i]! * value;
    b += block[second + i]! * value;
    c += block[third + i]! * value;
    d += block[fourth + i]! * value;
  }
  products[0] = a;
  products[1] = b;
  products[2] = c;
  products[3] = d;
}

function productOf(
  block: Float32Array,
  row: number,
  { other, dimension }: { other: number; dimension: number },
): number {
  const rowAt = (index: number): Float32Array => block.subarray(index * dimension, (index + 1) * dimension);
  return dot(rowAt(row), rowAt(other));
}

/** The k rows nearest to one vector, best first, ties by index. */
export function nearestRows(
  block: Float32Array,
  vector: Float32Array,
  k: number,
): { index: number; score: number }[] {
  const dimension = vector.length;
  const rows = Array.from({ length: dimension ? block.length / dimension : 0 }, (_, index) => ({
    index,
    score: dot(block.subarray(index * dimension, (index + 1) * dimension), vector),
  }));
  return rows.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, k);
}
