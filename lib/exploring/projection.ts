import { principalPlane, seenOn } from '../arithmetic/pca.js';
import { seeded } from '../arithmetic/seeded.js';
import { fitCurve } from '../arithmetic/umap-curve.js';
import { fuzzyGraph } from '../arithmetic/umap-graph.js';
import { prepareLayout } from '../arithmetic/umap-layout.js';
import { stack } from '../arithmetic/vectors.js';
import { inTurns, type Turns, turnTaker } from '../turns.js';
import { neighbours } from './neighbours.js';
import { gatherRows, type VectorBlock, type VectorSource } from './neighbours-rows.js';
import { type LaidMap, placeAmong, placeFew } from './placing.js';
import { evenly, merged, others, seenByAll, take } from './projection-rows.js';

export interface ProjectionOptions {
  /** Same vectors and same seed, same points (default 1). */
  seed?: number | undefined;
  /** Neighbours each point holds on to, 2-100 (default 15): few show small groups, many the large shape. */
  neighbours?: number | undefined;
  /** How close points may lie, 0-1 (default 0.1): 0 packs groups tight, 0.5 spreads them. */
  minDist?: number | undefined;
  /** Rounds of layout (default, as umap-js: 500 up to 2,500 points, 400 up to 5,000, 300 up to 7,500, else 200). */
  epochs?: number | undefined;
  /** Of more points than this an even sample is laid out and the rest placed among it (default 30,000). */
  mostFitted?: number | undefined;
  /** Stops the work at the next turn; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called with the share done, 0..1, after each turn. */
  onProgress?: ((share: number) => void) | undefined;
  /** Called once, early, with the points along the main axes: something to look at meanwhile, float32[n, 2] of 0..1. */
  onFirstView?: ((points: Float32Array) => void) | undefined;
}

export interface Projection {
  /** float32[n, 2] of x, y; the longer side fills 0..1, the shorter is centred. */
  points: Float32Array;
  /** What was laid out, and where: with it `placeAmong` places any number of others, now or after it was kept. */
  map: LaidMap;
  /** Which rows were laid out, ascending: all, or the even sample. */
  fittedRows: Int32Array;
  /** float32[m, 2]: where a few other vectors of the same encoder belong on this map, at once. */
  place(vectors: readonly Float32Array[]): Float32Array;
}

/** Fewer points than this have no neighbourhoods to keep; they are seen along their main axes. */
export const FEWEST = 8;
const MOST_FITTED = 30_000;
/** Rows whose layout is moved before others may have their turn. */
const ROWS_A_TURN = 8192;
/** Rows that decide the plane of a first view. */
const FIRST_VIEW_ROWS = 2000;
/** How far the main axis reaches from the middle when the layout begins, in its units. */
const REACH = 10;

/**
 * Two-dimensional points in which near means alike: UMAP over exact neighbours by cosine, begun from the main axes so
 * that the large shape is no accident of the seed. 100,000 vectors cost what 30,000 do, and 70,000 · 30,000 ·
 * dimension products to place the rest.
 * @throws LookbookError when a vector holds NaN or lengths differ; the signal's reason when called off.
 */
export async function project(source: VectorSource, options: ProjectionOptions = {}): Promise<Projection> {
  const { signal, onProgress, onFirstView, mostFitted = MOST_FITTED, neighbours: near, minDist } = options;
  signal?.throwIfAborted();
  const rows = await gatherRows(source, { signal });
  try {
    const chosen = evenly(rows.count, mostFitted);
    const isAll = chosen.length === rows.count;
    const stage = stages(options, isAll ? 1 : 0.6);
    const fitted = await take(rows, chosen);
    const random = seeded(options.seed ?? 1);
    const plane = await inTurns(
      principalPlane(fitted.vectors, fitted.dimension, random),
      turnTaker(stage(0, 0.02)),
    );
    if (onFirstView) onFirstView(fitToUnit(spread(await seenByAll(rows, plane, { signal }))).points);
    const axes = await inTurns(seenOn(plane, fitted.vectors), turnTaker(stage(0.02, 0.04)));
    const laid =
      chosen.length < FEWEST ? spread(axes) : await layOut({ fitted, axes, random }, { ...options, stage });
    const { points, size } = fitToUnit(laid);
    const map: LaidMap = { fitted, points, size, neighbours: near, minDist };
    const place = (vectors: readonly Float32Array[]): Float32Array => {
      const dimension = vectors[0]?.length ?? 0;
      return placeFew({ vectors: stack(vectors, dimension), dimension }, map);
    };
    if (isAll) return { points, map, fittedRows: chosen, place };
    const rest = await placeAmong({ pages: others(rows, chosen), dimension: rows.dimension }, map, {
      signal,
      onProgress: (share) => onProgress?.(0.6 + 0.4 * share),
    });
    return { points: merged(points, rest, chosen), map, fittedRows: chosen, place };
  } finally {
    await rows.close();
  }
}

/**
 * The points along the two main axes: float32[n, 2] of 0..1, within a second where `project` takes many.
 * @throws LookbookError as `project` does.
 */
export async function firstView(
  source: VectorSource,
  { seed = 1, signal }: { seed?: number; signal?: AbortSignal } = {},
): Promise<Float32Array> {
  const rows = await gatherRows(source, { signal });
  try {
    const { vectors, dimension } = await take(rows, evenly(rows.count, FIRST_VIEW_ROWS));
    const plane = await inTurns(principalPlane(vectors, dimension, seeded(seed)), turnTaker({ signal }));
    return fitToUnit(spread(await seenByAll(rows, plane, { signal }))).points;
  } finally {
    await rows.close();
  }
}

type Stage = (from: number, to: number) => Turns;

/** Parts of the work tell shares of the whole, the last of which ends at `most`. */
function stages({ signal, onProgress }: ProjectionOptions, most: number): Stage {
  return (from, to) => ({
    signal,
    onProgress: (share) => onProgress?.(most * (from + (to - from) * share)),
  });
}

interface Ground {
  fitted: VectorBlock;
  /** float64[n, 2] */
  axes: Float64Array;
  random: () => number;
}

async function layOut(
  { fitted, axes, random }: Ground,
  { stage, ...options }: ProjectionOptions & { stage: Stage },
): Promise<Float64Array> {
  const rows = axes.length / 2;
  // UMAP counts the point itself as its first neighbour.
  const k = Math.max(1, Math.min(options.neighbours ?? 15, rows) - 1);
  const lists = await neighbours(fitted, { k, ...stage(0.04, 0.3) });
  const graph = await inTurns(fuzzyGraph(lists), turnTaker(stage(0.3, 0.35)));
  const scale = REACH / axes.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  const points = Float32Array.from(axes, (value) => value * scale + (random() - 0.5) * 0.02);
  const epochs = options.epochs ?? usualEpochs(rows);
  const layout = prepareLayout(
    { points, others: points, graph },
    { epochs, seed: options.seed ?? 1, curve: fitCurve(options.minDist ?? 0.1) },
  );
  const turn = turnTaker(stage(0.35, 1));
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let from = 0; from < rows; from += ROWS_A_TURN) {
      layout.epoch(epoch, from, Math.min(rows, from + ROWS_A_TURN));
      await turn((epoch + from / rows) / epochs);
    }
  }
  return Float64Array.from(points);
}

function usualEpochs(rows: number): number {
  if (rows <= 2500) return 500;
  if (rows <= 5000) return 400;
  return rows <= 7500 ? 300 : 200;
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

/** Scaled so that the longer side, `size`, fills 0..1 and the shorter is centred; a lone point lies in the middle. */
function fitToUnit(laid: Float64Array): { points: Float32Array; size: number } {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < laid.length; at++) {
    low[at % 2] = Math.min(low[at % 2]!, laid[at]!);
    high[at % 2] = Math.max(high[at % 2]!, laid[at]!);
  }
  const size = Math.max(high[0]! - low[0]!, high[1]! - low[1]!);
  const isWide = size > 0 && Number.isFinite(size);
  const points = Float32Array.from(laid, (value, at) =>
    isWide ? Math.min(1, Math.max(0, (value - (low[at % 2]! + high[at % 2]!) / 2) / size + 0.5)) : 0.5,
  );
  return { points, size: isWide ? size : 1 };
}
