import { emptyLists, type NearestLists, scan } from '../arithmetic/neighbours.js';
import { fitCurve } from '../arithmetic/umap-curve.js';
import { smooth, weightOf } from '../arithmetic/umap-graph.js';
import { prepareLayout } from '../arithmetic/umap-layout.js';
import { inTurns, turnTaker } from '../turns.js';
import { neighboursAmong } from './neighbours.js';
import {
  gatherRows,
  refuseOtherDimension,
  scaledRows,
  type VectorBlock,
  type VectorSource,
} from './neighbours-rows.js';

/** A map to place others on. It is plain data: kept, it places the same vector at the same point again. */
export interface LaidMap {
  /** float32[n, dimension] that were laid out. */
  fitted: VectorBlock;
  /** float32[n, 2] of 0..1, where they lie. */
  points: Float32Array;
  /** What 1 on the map is in units of the layout, in which distance means nearness. */
  size: number;
  /** As the map was laid out (default 15). */
  neighbours?: number | undefined;
  /** As the map was laid out (default 0.1). */
  minDist?: number | undefined;
}

export interface PlacingOptions {
  signal?: AbortSignal | undefined;
  /** Called with the share done, 0..1. */
  onProgress?: ((share: number) => void) | undefined;
}

/** Rounds and first step of a new point, as umap-learn's transform has them for large maps. */
const EPOCHS = 30;
const RATE = 0.25;
const ROWS_A_TURN = 8192;

/**
 * Where other vectors of the same encoder belong on a map: float32[m, 2] of 0..1. Each begins at the mean of its
 * nearest, weighted as UMAP weights neighbours, and takes a few steps of its layout; what lies there does not move, and
 * where a point comes to lie does not depend on which others are placed with it. A copy lies on its original.
 * @throws LookbookError as `neighbours` does; the signal's reason when called off.
 */
export async function placeAmong(
  added: VectorSource,
  map: LaidMap,
  { signal, onProgress }: PlacingOptions = {},
): Promise<Float32Array> {
  const rows = await gatherRows(added, { signal });
  try {
    const placed = new Float32Array(rows.count * 2).fill(0.5);
    if (!map.points.length) return placed;
    for (let from = 0; from < rows.count; from += ROWS_A_TURN) {
      const to = Math.min(rows.count, from + ROWS_A_TURN);
      const { values, dimension } = await rows.read(from, to);
      const tell = (share: number): void => onProgress?.((from + (to - from) * share) / rows.count);
      const lists = await neighboursAmong(
        { queries: { vectors: values, dimension }, keys: map.fitted },
        { k: map.neighbours ?? 15, signal, onProgress: (share) => tell(share * 0.9) },
      );
      const turn = turnTaker({ signal, onProgress: (share) => tell(0.9 + share * 0.1) });
      placed.set(await inTurns(settle(lists, map), turn), from * 2);
    }
    return placed;
  } finally {
    await rows.close();
  }
}

/**
 * As `placeAmong`, at once: for a handful of vectors, such as a question's.
 * @throws LookbookError as `placeAmong` does.
 */
export function placeFew(added: VectorBlock, map: LaidMap): Float32Array {
  const queries = scaledRows(added);
  const keys = scaledRows(map.fitted);
  const lists = emptyLists(queries.scales.length, Math.min(map.neighbours ?? 15, keys.scales.length));
  if (!lists.indices.length) return new Float32Array(queries.scales.length * 2).fill(0.5);
  refuseOtherDimension(queries, keys);
  finish(scan(lists, { queries, keys }, { queries: 0, keys: 0, same: false }));
  return finish(settle(lists, map));
}

function finish<Result>(work: Generator<number, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** From the nearest of each new point to its place; pauses now and then with the share done. */
function* settle(lists: NearestLists, map: LaidMap): Generator<number, Float32Array> {
  const { k, indices, distances } = lists;
  const rows = indices.length / k;
  const weights = new Float32Array(rows * k);
  const means = new Float32Array(rows * 2);
  const { nearest, width } = yield* smooth(lists, { byNearest: false });
  for (let row = 0; row < rows; row++) {
    const isCopy = distances[row * k] === 0;
    let [x, y, sum] = [0, 0, 0];
    for (let at = row * k; at < (row + 1) * k; at++) {
      const distance = distances[at]!;
      const weight = isCopy ? Number(distance === 0) : weightOf(distance, nearest[row]!, width[row]!);
      x += weight * map.points[2 * indices[at]!]!;
      y += weight * map.points[2 * indices[at]! + 1]!;
      sum += weight;
      weights[at] = weight;
    }
    means[2 * row] = x / sum;
    means[2 * row + 1] = y / sum;
    // The first is the nearest. With weight 1 there, how often the others pull is the row's own affair; a copy has no edge.
    const most = weights[row * k]!;
    for (let at = row * k; at < (row + 1) * k; at++) weights[at] = isCopy ? 0 : weights[at]! / most;
  }
  const points = means.map((value) => value * map.size);
  const layout = prepareLayout(
    {
      points,
      others: map.points.map((value) => value * map.size),
      graph: {
        starts: Int32Array.from({ length: rows + 1 }, (_, row) => row * k),
        ends: indices,
        weights,
      },
    },
    { epochs: EPOCHS, seed: 1, curve: fitCurve(map.minDist ?? 0.1), rate: RATE },
  );
  for (let row = 0; row < rows; row++) {
    layout.reseed();
    for (let epoch = 0; epoch < EPOCHS; epoch++) layout.epoch(epoch, row, row + 1);
    if (row % 64 === 63) yield row / rows;
  }
  return points.map((value, at) => {
    if (distances[(at >> 1) * k] === 0) return means[at]!;
    return Math.min(1, Math.max(0, value / map.size));
  });
}
