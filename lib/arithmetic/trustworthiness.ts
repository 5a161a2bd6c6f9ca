import { dotRow } from './vectors.js';

export interface TrustOptions {
  /** Neighbours on the map that are looked at (usual: 15). */
  k: number;
  /** Points that are asked, spread evenly (default all): an estimate that costs rows · asked · dimension. */
  asked?: number;
}

/**
 * How far the neighbours on each map are neighbours in truth, 0..1, 1 is best: 1 − 2 / (n k (2n − 3k − 1)) · Σ of how far
 * beyond the k-th place a map's neighbour stands in the order by cosine (Venna and Kaski 2001). Ties count as nearer.
 * @param block L2-normalised float32[rows, dimension]
 * @param maps each float32[rows, 2]
 */
export function trustworthiness(
  { block, dimension }: { block: Float32Array; dimension: number },
  maps: readonly Float32Array[],
  { k, asked }: TrustOptions,
): number[] {
  const rows = block.length / dimension;
  const questions = Math.min(asked ?? rows, rows);
  const sums = maps.map(() => 0);
  const cosines = new Float64Array(rows);
  for (let n = 0; n < questions; n++) {
    const row = Math.floor((n * rows) / questions);
    const vector = block.subarray(row * dimension, (row + 1) * dimension);
    for (let other = 0; other < rows; other++) cosines[other] = dotRow(block, other * dimension, vector);
    cosines[row] = Number.POSITIVE_INFINITY;
    const sorted = cosines.toSorted();
    for (const [at, map] of maps.entries()) {
      for (const other of nearestOnMap(map, row, k))
        sums[at]! += Math.max(0, rankOf(sorted, cosines[other]!) - k);
    }
  }
  return sums.map((sum) => 1 - (2 / (questions * k * (2 * rows - 3 * k - 1))) * sum);
}

/** How many are nearer, the row itself counted: the place of the nearest is 1. */
function rankOf(sorted: Float64Array, cosine: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > cosine) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}

function nearestOnMap(map: Float32Array, row: number, k: number): Int32Array {
  const indices = new Int32Array(k);
  const squares = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (let other = 0; other < map.length / 2; other++) {
    if (other === row) continue;
    const square = (map[2 * other]! - map[2 * row]!) ** 2 + (map[2 * other + 1]! - map[2 * row + 1]!) ** 2;
    let at = k - 1;
    if (!(square < squares[at]!)) continue;
    for (; at > 0 && square < squares[at - 1]!; at--) {
      squares[at] = squares[at - 1]!;
      indices[at] = indices[at - 1]!;
    }
    squares[at] = square;
    indices[at] = other;
  }
  return indices;
}
