import type { NearestLists } from './neighbours.js';

/** Edges of each row i: ends[starts[i] .. starts[i + 1]] with weights 0..1; every edge stands with both its rows. */
export interface FuzzyGraph {
  /** int32[rows + 1] */
  starts: Int32Array;
  /** int32[edges] */
  ends: Int32Array;
  /** float32[edges] */
  weights: Float32Array;
}

/** How a row's distances become weights: 1 up to `nearest`, then e^−((distance − nearest) / width). */
export interface Smoothing {
  /** float64[rows] */
  nearest: Float64Array;
  /** float64[rows] */
  width: Float64Array;
}

const TOLERANCE = 1e-5;
const HALVINGS = 64;
/** A width is at least this share of the row's mean distance. */
const LEAST_WIDTH = 1e-3;
const ROWS_A_STEP = 512;

/**
 * The fuzzy graph of UMAP (McInnes, Healy and Melville 2018, algorithms 2 and 3): weights of each row's nearest, then
 * a + b − ab of both directions. It counts the row itself as its first neighbour at distance 0, as umap-learn and
 * umap-js do. Pauses now and then with the share done.
 */
export function* fuzzyGraph(lists: NearestLists): Generator<number, FuzzyGraph> {
  const { k, indices } = lists;
  const rows = k ? indices.length / k : 0;
  const { nearest, width } = yield* smooth(lists, { byNearest: true });
  const weights = new Float32Array(rows * k);
  const starts = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    for (let at = row * k; at < (row + 1) * k; at++) {
      weights[at] = weightOf(lists.distances[at]!, nearest[row]!, width[row]!);
      starts[row + 1]!++;
      if (placeOf(row, indices[at]!, lists) < 0) starts[indices[at]! + 1]!++;
    }
    if (row % ROWS_A_STEP === 0) yield 0.6 + (0.2 * row) / rows;
  }
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
  const filled = starts.slice();
  const graph = {
    starts,
    ends: new Int32Array(starts[rows]!),
    weights: new Float32Array(starts[rows]!),
  };
  const put = (row: number, end: number, weight: number): void => {
    const at = filled[row]!++;
    graph.ends[at] = end;
    graph.weights[at] = weight;
  };
  for (let row = 0; row < rows; row++) {
    for (let at = row * k; at < (row + 1) * k; at++) {
      const end = indices[at]!;
      const back = placeOf(row, end, lists);
      const own = weights[at]!;
      if (back < 0) put(end, row, own);
      put(row, end, back < 0 ? own : own + weights[back]! - own * weights[back]!);
    }
    if (row % ROWS_A_STEP === 0) yield 0.8 + (0.2 * row) / rows;
  }
  return graph;
}

/**
 * Widths with which the weights of a row sum to log2(k + 1).
 * @param byNearest whether the nearest that is not equal has weight 1; without, only distance 0 has.
 */
export function* smooth(
  { k, indices, distances }: NearestLists,
  { byNearest }: { byNearest: boolean },
): Generator<number, Smoothing> {
  const rows = k ? indices.length / k : 0;
  const nearest = new Float64Array(rows);
  const width = new Float64Array(rows);
  const wanted = Math.log2(k + 1);
  let sum = 0;
  for (const distance of distances) sum += distance;
  const meanOfAll = rows ? sum / (rows * (k + 1)) : 0;
  for (let row = 0; row < rows; row++) {
    const own = distances.subarray(row * k, (row + 1) * k);
    // The list is sorted: the first that is not 0 is the nearest.
    const first = byNearest ? (own.find((distance) => distance > 0) ?? 0) : 0;
    nearest[row] = first;
    let mean = 0;
    for (const distance of own) mean += distance / (k + 1);
    width[row] = Math.max(
      widthFor(own, first, wanted),
      LEAST_WIDTH * (byNearest && first === 0 ? meanOfAll : mean),
    );
    if (row % ROWS_A_STEP === 0) yield (0.6 * row) / rows;
  }
  return { nearest, width };
}

/** By halving, from 1 on. */
function widthFor(distances: Float32Array, nearest: number, wanted: number): number {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let width = 1;
  for (let n = 0; n < HALVINGS; n++) {
    let sum = 0;
    for (const distance of distances) sum += weightOf(distance, nearest, width);
    if (Math.abs(sum - wanted) < TOLERANCE) break;
    if (sum > wanted) high = width;
    else low = width;
    width = high === Number.POSITIVE_INFINITY ? width * 2 : (low + high) / 2;
  }
  return width;
}

/** The weight of a neighbour at that distance. */
export function weightOf(distance: number, nearest: number, width: number): number {
  return distance <= nearest ? 1 : Math.exp((nearest - distance) / width);
}

/** Where `row` stands in the list of `other`; −1 if it does not. */
function placeOf(row: number, other: number, { k, indices }: NearestLists): number {
  for (let at = other * k; at < (other + 1) * k; at++) if (indices[at] === row) return at;
  return -1;
}
