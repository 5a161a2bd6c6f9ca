import { setImmediate as nextTurn } from 'node:timers/promises';
import { UMAP } from 'umap-js';
import { type Neighbours, nearestRows, searchNeighbours } from '../arithmetic/neighbours.js';
import { principalAxes } from '../arithmetic/principal-axes.js';
import { seeded } from '../arithmetic/seeded.js';
import { normalise, stack } from '../arithmetic/vectors.js';

export interface ProjectionOptions {
  /** Same vectors and same seed, same points (default 1). */
  seed?: number;
  /** Neighbours each point holds on to, 2-100 (default 15): few show small groups, many the large shape. */
  neighbours?: number;
  /** How close points may lie, 0-1 (default 0.1): 0 packs groups tight, 0.5 spreads them. */
  minDist?: number;
  /** Rounds of layout (default 400, and 200 above 1,000 points). */
  epochs?: number;
  /** Stops the work at the next turn; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called with the share done, 0..1, after each turn. */
  onProgress?: (share: number) => void;
}

export interface Projection {
  /** float32[n, 2] of x, y; the longer side fills 0..1, the shorter is centred. */
  points: Float32Array;
  /** float32[m, 2]: where other vectors of the same encoder belong on this map. */
  place(vectors: readonly Float32Array[]): Float32Array;
}

/** Fewer points than this have no neighbourhoods to keep; they are seen along their main axes. */
const FEWEST = 8;
/** Neighbours that decide where a new point is placed. */
const PLACED_BY = 5;
/** The event loop waits no longer than this for its turn. */
const TURN_MS = 25;

/** Two-dimensional points in which near means alike, of L2-normalised embeddings of one dimension. */
export async function project(
  vectors: readonly Float32Array[],
  options: ProjectionOptions = {},
): Promise<Projection> {
  const dimension = vectors[0]?.length ?? 0;
  const block = stack(vectors, dimension);
  const turn = turnTaker(options);
  const random = seeded(options.seed ?? 1);
  await turn(0);
  const axes = principalAxes(block, dimension, random);
  const laid =
    vectors.length < FEWEST
      ? spread(axes)
      : await layOut({ block, dimension, axes }, { ...options, random, turn });
  const points = fitToUnit(laid);
  return { points, place: (added) => placeAmong(added, block, points) };
}

interface Ground {
  block: Float32Array;
  dimension: number;
  axes: Float64Array;
}

interface LayoutOptions extends ProjectionOptions {
  random: () => number;
  turn: (share: number) => Promise<void>;
}

/** UMAP over exact neighbours, begun from the main axes so that the large shape is no accident of the seed. */
async function layOut({ block, dimension, axes }: Ground, options: LayoutOptions): Promise<Float64Array> {
  const { random, turn } = options;
  const rows = axes.length / 2;
  const nNeighbors = Math.max(2, Math.min(options.neighbours ?? 15, rows - 1));
  // umap-js counts the point itself as its first neighbour.
  const search = searchNeighbours(block, dimension, nNeighbors - 1);
  while (!search.step()) await turn(search.share() * 0.3);
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors,
    minDist: options.minDist ?? 0.1,
    nEpochs: options.epochs ?? (rows > 1000 ? 200 : 400),
    random,
  });
  const { indices, distances } = withSelf(search.result, rows);
  umap.setPrecomputedKNN(indices, distances);
  // With neighbours given it asks the data for its length only.
  const epochs = umap.initializeFit(Array.from({ length: rows }, () => []));
  const embedding = umap.getEmbedding();
  const scale = 10 / axes.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  for (const [row, point] of embedding.entries()) {
    point[0] = axes[row * 2]! * scale + (random() - 0.5) * 0.02;
    point[1] = axes[row * 2 + 1]! * scale + (random() - 0.5) * 0.02;
  }
  for (let epoch = 0; epoch < epochs; epoch = umap.step()) await turn(0.3 + (0.7 * epoch) / epochs);
  return Float64Array.from(embedding.flat());
}

/** The contract of setPrecomputedKNN, read from its source: each row itself first at distance 0, then the others. */
function withSelf(
  { k, indices, scores }: Neighbours,
  rows: number,
): { indices: number[][]; distances: number[][] } {
  const rowsOf = (self: (row: number) => number, rest: (at: number) => number): number[][] =>
    Array.from({ length: rows }, (_, row) => [
      self(row),
      ...Array.from({ length: k }, (_, n) => rest(row * k + n)),
    ]);
  return {
    indices: rowsOf(
      (row) => row,
      (at) => indices[at]!,
    ),
    // Equal pictures lie at 0, and for a row of zeros umap-js averages all distances again: a hair apart spares that.
    distances: rowsOf(
      () => 0,
      (at) => Math.max(1e-6, 1 - scores[at]!),
    ),
  };
}

/**
 * A new vector lies at the mean of its nearest few, the nearest counting most. umap-js's own transform searches a
 * forest that it only grows with its own neighbours, starts at random without it, and moves on every call.
 */
function placeAmong(added: readonly Float32Array[], block: Float32Array, points: Float32Array): Float32Array {
  const placed = new Float32Array(added.length * 2).fill(0.5);
  for (const [index, vector] of added.entries()) {
    const near = nearestRows(block, normalise(vector.slice()), PLACED_BY);
    if (!near.length) continue;
    const best = near[0]!.score;
    const width = Math.max(1e-6, best - near.at(-1)!.score);
    const weights = near.map(({ score }) => Math.exp((3 * (score - best)) / width));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const axis of [0, 1]) {
      placed[index * 2 + axis] = near.reduce(
        (at, row, n) => at + (weights[n]! / sum) * points[row.index * 2 + axis]!,
        0,
      );
    }
  }
  return placed;
}

/** Points that have no extent at all are laid on a circle, so that each can be seen. */
function spread(axes: Float64Array): Float64Array {
  const rows = axes.length / 2;
  if (rows < 2 || axes.some((value) => Math.abs(value) > 1e-6)) return axes;
  return axes.map((_, at) => {
    const angle = (2 * Math.PI * Math.floor(at / 2)) / rows;
    return at % 2 ? Math.sin(angle) : Math.cos(angle);
  });
}

/** Scaled so that the longer side fills 0..1 and the shorter is centred; a lone point lies in the middle. */
function fitToUnit(laid: Float64Array): Float32Array {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < laid.length; at++) {
    low[at % 2] = Math.min(low[at % 2]!, laid[at]!);
    high[at % 2] = Math.max(high[at % 2]!, laid[at]!);
  }
  const size = Math.max(high[0]! - low[0]!, high[1]! - low[1]!);
  return Float32Array.from(laid, (value, at) =>
    size > 0 ? Math.min(1, Math.max(0, (value - (low[at % 2]! + high[at % 2]!) / 2) / size + 0.5)) : 0.5,
  );
}

/** Lets the event loop have its turn when it has waited long enough, and ends the work where it was called off. */
function turnTaker({ signal, onProgress }: ProjectionOptions): (share: number) => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  return async (share) => {
    if (performance.now() - last < TURN_MS) return;
    await nextTurn();
    signal?.throwIfAborted();
    onProgress?.(share);
    last = performance.now();
  };
}
