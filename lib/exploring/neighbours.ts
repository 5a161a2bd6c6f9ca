import type { NearestLists } from '../arithmetic/neighbours.js';
import { LookbookError } from '../errors.js';
import { hasTensorflowGpu } from '../tensorflow.js';
import { turnTaker } from '../turns.js';
import { multiplyAll, type Sides, scanAll } from './neighbours-blocks.js';
import { type NearestGraph, openNearestGraph } from './neighbours-graph.js';
import { gatherRows, type Rows, refuseOtherDimension, type VectorSource } from './neighbours-rows.js';
import { openNearestTensorflow } from './neighbours-tensorflow.js';

export interface NeighboursOptions {
  /** Neighbours of each row; fewer where there are fewer other rows. */
  k: number;
  signal?: AbortSignal | undefined;
  /** Called with the share done, 0..1. */
  onProgress?: ((share: number) => void) | undefined;
  /**
   * `onnx` multiplies by onnxruntime, `tfjs` by TensorFlow.js, `plain` here; the same answer. By default the fastest that
   * is to be had: a GPU where @tensorflow/tfjs-node-gpu is installed, else onnxruntime, else WebAssembly.
   */
  way?: 'onnx' | 'tfjs' | 'plain' | undefined;
  /** Pages of more bytes than this go to a temporary file (default 512 MiB). */
  memoryBytes?: number | undefined;
}

/** The k nearest of each row by cosine, nearest first, ties by index: int32[rows, k], float32[rows, k] of 0..2. */
export interface NeighbourTable extends NearestLists {
  /** How they were found. */
  way: 'onnx' | 'tfjs' | 'plain';
}

/** Below so many products plain loops end before a session is open. */
const FEW_PRODUCTS = 1e8;

/**
 * The exact nearest neighbours of every row among the others, never the row itself. A row of zeros is at distance 1 of
 * all. rows² · dimension products in blocks; memory holds the rows up to `memoryBytes`, else a temporary file does.
 * @throws LookbookError when a vector holds NaN, lengths differ or k is no count; the signal's reason when called off.
 */
export async function neighbours(source: VectorSource, options: NeighboursOptions): Promise<NeighbourTable> {
  const rows = await gathered(source, options);
  try {
    return await nearestOf({ queries: rows, keys: rows, same: true }, options);
  } finally {
    await rows.close();
  }
}

/**
 * The exact nearest of each query among the keys, equal ones included: indices are rows of the keys.
 * @throws LookbookError as `neighbours` does.
 */
export async function neighboursAmong(
  { queries, keys }: { queries: VectorSource; keys: VectorSource },
  options: NeighboursOptions,
): Promise<NeighbourTable> {
  const opened = [await gathered(keys, options)];
  try {
    opened.push(await gathered(queries, options));
    const [keyRows, queryRows] = opened as [Rows, Rows];
    if (queryRows.count && keyRows.count) refuseOtherDimension(queryRows, keyRows);
    return await nearestOf({ queries: queryRows, keys: keyRows, same: false }, options);
  } finally {
    for (const rows of opened) await rows.close();
  }
}

async function gathered(source: VectorSource, options: NeighboursOptions): Promise<Rows> {
  const { k, signal, memoryBytes } = options;
  signal?.throwIfAborted();
  if (!(Number.isInteger(k) && k >= 1)) {
    throw new LookbookError('neighbours', {
      what: 'neighbours cannot be counted so',
      got: `k ${k}`,
      expected: 'a whole number from 1',
      mend: 'Ask for 15 to 50.',
    });
  }
  return gatherRows(source, { signal, memoryBytes });
}

async function nearestOf(sides: Sides, options: NeighboursOptions): Promise<NeighbourTable> {
  const { queries, keys, same } = sides;
  const k = Math.max(0, Math.min(options.k, keys.count - (same ? 1 : 0)));
  const few = queries.count * keys.count * queries.dimension < FEW_PRODUCTS;
  const ways = k === 0 ? [] : options.way ? [options.way] : few ? [] : await fastestFirst();
  const graph = await firstGraph(ways);
  if (!graph) return { ...(await scanAll(sides, k, turnTaker(options))), way: 'plain' };
  try {
    return { ...(await multiplyAll(graph, sides, { k, turn: turnTaker(options) })), way: graph.way };
  } finally {
    await graph.close();
  }
}

type Way = NonNullable<NeighboursOptions['way']>;

async function fastestFirst(): Promise<Way[]> {
  return (await hasTensorflowGpu()) ? ['tfjs', 'onnx'] : ['onnx', 'tfjs'];
}

/** None where no runtime or no temporary file is to be had: plain loops give the same answer, only later. */
async function firstGraph(ways: readonly Way[]): Promise<NearestGraph | null> {
  for (const way of ways) {
    const graph =
      way === 'plain' ? null : await graphIfAny(way === 'tfjs' ? openNearestTensorflow : openNearestGraph);
    if (graph) return graph;
  }
  return null;
}

async function graphIfAny(open: () => Promise<NearestGraph>): Promise<NearestGraph | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof LookbookError || (error instanceof Error && 'code' in error)) return null;
    throw error;
  }
}
