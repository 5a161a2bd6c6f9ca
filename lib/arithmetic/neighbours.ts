import { dot } from './vectors.js';

/** Rows whose cosines are asked for: float32[rows, dimension] and 1 / length of each, 0 of a row of zeros. */
export interface ScaledRows {
  values: Float32Array;
  scales: Float64Array;
  dimension: number;
}

/** The k nearest of each row so far, nearest first, ties by index: int32[rows, k] (−1 is empty), float32[rows, k]. */
export interface NearestLists {
  k: number;
  indices: Int32Array;
  distances: Float32Array;
}

/** Distances are told in steps of 2⁻²³, what a vector of float32 is good for: ties are ties however they were found. */
const STEPS = 2 ** 23;

/** Lists that are empty. */
export function emptyLists(rows: number, k: number): NearestLists {
  return {
    k,
    indices: new Int32Array(rows * k).fill(-1),
    distances: new Float32Array(rows * k).fill(Number.POSITIVE_INFINITY),
  };
}

/** Cosine −1..1 → cosine distance 0..2, exact in a float32. */
export function cosineDistance(cosine: number): number {
  return Math.min(2, Math.max(0, Math.round((1 - cosine) * STEPS) / STEPS));
}

/** Puts a candidate into a row's list if it belongs there; the order of the offers does not matter. */
export function offer(lists: NearestLists, row: number, candidate: Candidate): void {
  const { k, indices, distances } = lists;
  const start = row * k;
  let at = start + k - 1;
  if (k === 0 || !isBefore(candidate, lists, at)) return;
  for (; at > start && isBefore(candidate, lists, at - 1); at--) {
    distances[at] = distances[at - 1]!;
    indices[at] = indices[at - 1]!;
  }
  distances[at] = candidate.distance;
  indices[at] = candidate.index;
}

function isBefore({ index, distance }: Candidate, { indices, distances }: NearestLists, at: number): boolean {
  const other = distances[at]!;
  return distance < other || (distance === other && index < indices[at]!);
}

export interface Candidate {
  index: number;
  distance: number;
}

/** Cosines of four rows of one block with one row of another; the result is overwritten by the next call. */
export type FourCosines = (four: Int32Array, one: number) => Float64Array;

/**
 * Four rows against one: each number of the one is loaded once for four products. The sums run in the order of the
 * numbers, so that a pair has the same cosine whoever asks and in whichever company.
 */
export function fourCosines(many: ScaledRows, others: ScaledRows): FourCosines {
  const { values, scales, dimension } = many;
  const cosines = new Float64Array(4);
  return (four, one) => {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    const first = four[0]! * dimension;
    const second = four[1]! * dimension;
    const third = four[2]! * dimension;
    const fourth = four[3]! * dimension;
    const at = one * dimension;
    for (let i = 0; i < dimension; i++) {
      const value = others.values[at + i]!;
      a += values[first + i]! * value;
      b += values[second + i]! * value;
      c += values[third + i]! * value;
      d += values[fourth + i]! * value;
    }
    const scale = others.scales[one]!;
    cosines[0] = a * (scales[four[0]!]! * scale);
    cosines[1] = b * (scales[four[1]!]! * scale);
    cosines[2] = c * (scales[four[2]!]! * scale);
    cosines[3] = d * (scales[four[3]!]! * scale);
    return cosines;
  };
}

/** Where blocks stand among all rows. */
export interface ScanPlace {
  /** Number of the first query, and of the first key. */
  queries: number;
  keys: number;
  /** Whether a query is a row among the keys, which is not its own neighbour. */
  same: boolean;
}

/** Offers every key to every query, four queries at a time; pauses after each four with the share done. */
export function* scan(
  lists: NearestLists,
  { queries, keys }: { queries: ScaledRows; keys: ScaledRows },
  place: ScanPlace,
): Generator<number, void> {
  const cosines = fourCosines(queries, keys);
  const four = new Int32Array(4);
  const candidate: Candidate = { index: 0, distance: 0 };
  const [most, count] = [queries.scales.length, keys.scales.length];
  for (let row = 0; row < most; row += 4) {
    for (let n = 0; n < 4; n++) four[n] = Math.min(row + n, most - 1);
    const group = Math.min(4, most - row);
    for (let key = 0; key < count; key++) {
      const found = cosines(four, key);
      candidate.index = place.keys + key;
      for (let n = 0; n < group; n++) {
        const own = place.queries + row + n;
        if (place.same && own === candidate.index) continue;
        candidate.distance = cosineDistance(found[n]!);
        offer(lists, own, candidate);
      }
    }
    yield Math.min(1, (row + 4) / most);
  }
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
