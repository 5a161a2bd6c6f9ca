/** Rows of vectors in memory or, when they are too many for that, in a file while they are needed. */
import type { ScaledRows } from '../arithmetic/neighbours.js';
import { LookbookError } from '../errors.js';
import { turnTaker } from '../turns.js';
import type { VectorCollection } from '../types.js';
import { openRowFile, type RowFile } from './neighbours-file.js';

/** float32[rows, dimension], row-major; rows need not be normalised. */
export interface VectorBlock {
  vectors: Float32Array;
  dimension: number;
}

/** Blocks float32[rows of the page, dimension], one after the other. */
export interface VectorPages {
  pages: AsyncIterable<Float32Array>;
  dimension: number;
}

export type VectorSource = readonly Float32Array[] | VectorBlock | VectorPages;

/** Rows that can be read in pieces, again and again. */
export interface Rows {
  readonly count: number;
  readonly dimension: number;
  /** The rows from..to (excluded); valid until the next read of the caller's own. */
  read(from: number, to: number): Promise<ScaledRows>;
  close(): Promise<void>;
}

export interface GatherOptions {
  signal?: AbortSignal | undefined;
  /** Pages of more bytes than this go to a file (default 512 MiB). */
  memoryBytes?: number | undefined;
}

const MEMORY_BYTES = 512 * 2 ** 20;
/** Rows that are looked at before others may have their turn. */
const ROWS_A_TURN = 4096;

/** All vectors of a collection in pages, in the store's order; `ids` is given each row's id in that order. */
export function storedVectors(collection: VectorCollection, ids: string[]): VectorPages {
  const { dimension } = collection;
  async function* pages(): AsyncGenerator<Float32Array> {
    for await (const page of collection.pages({ vectors: true, metadata: false })) {
      const rows = page.filter((row) => row.vector?.length === dimension);
      const block = new Float32Array(rows.length * dimension);
      for (const [at, { id, vector }] of rows.entries()) {
        block.set(vector!, at * dimension);
        ids.push(id);
      }
      yield block;
    }
  }
  return { pages: pages(), dimension };
}

/**
 * Vectors made ready to be read in pieces: in memory those that lie there are not copied.
 * @throws LookbookError when a vector holds NaN or an infinity, or is of another length than the others.
 */
export async function gatherRows(source: VectorSource, options: GatherOptions = {}): Promise<Rows> {
  if ('pages' in source) return gatherPages(source, options);
  const turn = turnTaker({ signal: options.signal });
  if ('vectors' in source) {
    const { vectors, dimension } = source;
    checkWhole(vectors, dimension, 0);
    const count = dimension ? vectors.length / dimension : 0;
    const values = (from: number, to: number): Float32Array =>
      vectors.subarray(from * dimension, to * dimension);
    const scales = new Float64Array(count);
    for (let from = 0; from < count; from += ROWS_A_TURN) {
      const to = Math.min(count, from + ROWS_A_TURN);
      scales.set(scaledRows({ vectors: values(from, to), dimension }, from).scales, from);
      await turn(to / count);
    }
    return inMemory(dimension, scales, values);
  }
  const dimension = source[0]?.length ?? 0;
  const scales = new Float64Array(source.length);
  for (const [row, vectors] of source.entries()) {
    if (vectors.length !== dimension) throw otherLength(`${vectors.length} numbers in row ${row}`, dimension);
    scaleRows({ vectors, dimension }, { scales: scales.subarray(row, row + 1), first: row });
    if (row % ROWS_A_TURN === 0) await turn(row / source.length);
  }
  return inMemory(dimension, scales, (from, to) => {
    const block = new Float32Array((to - from) * dimension);
    for (let row = from; row < to; row++) block.set(source[row]!, (row - from) * dimension);
    return block;
  });
}

/**
 * A block as it is compared, not copied.
 * @throws LookbookError as `gatherRows` does.
 */
export function scaledRows({ vectors, dimension }: VectorBlock, first: number = 0): ScaledRows {
  checkWhole(vectors, dimension, first);
  const scales = new Float64Array(dimension ? vectors.length / dimension : 0);
  scaleRows({ vectors, dimension }, { scales, first });
  return { values: vectors, scales, dimension };
}

function inMemory(
  dimension: number,
  scales: Float64Array,
  values: (from: number, to: number) => Float32Array,
): Rows {
  return {
    count: scales.length,
    dimension,
    read: async (from, to) => ({ values: values(from, to), scales: scales.subarray(from, to), dimension }),
    close: async () => {},
  };
}

async function gatherPages(
  { pages, dimension }: VectorPages,
  { signal, memoryBytes = MEMORY_BYTES }: GatherOptions,
): Promise<Rows> {
  const kept: Float32Array[] = [];
  const scales: Float64Array[] = [];
  let count = 0;
  let file: RowFile | undefined;
  try {
    for await (const page of pages) {
      signal?.throwIfAborted();
      const { scales: own } = scaledRows({ vectors: page, dimension }, count);
      scales.push(own);
      count += own.length;
      kept.push(page);
      if (!file && 4 * count * dimension > memoryBytes) file = await openRowFile();
      if (file) for (const block of kept.splice(0)) await file.append(block);
    }
  } catch (error) {
    await file?.close();
    throw error;
  }
  const all = new Float64Array(count);
  let at = 0;
  for (const own of scales) {
    all.set(own, at);
    at += own.length;
  }
  if (!file) {
    const values = new Float32Array(count * dimension);
    let start = 0;
    // Each page is let go as soon as it is copied.
    for (let page = kept.shift(); page; page = kept.shift()) {
      values.set(page, start);
      start += page.length;
    }
    return inMemory(dimension, all, (from, to) => values.subarray(from * dimension, to * dimension));
  }
  const { read, close } = file;
  return {
    count,
    dimension,
    read: async (from, to) => ({
      values: await read(from * dimension, to * dimension),
      scales: all.subarray(from, to),
      dimension,
    }),
    close,
  };
}

/** 1 / length of each row into `scales`; `first` is the number of the first row. */
function scaleRows(
  { vectors, dimension }: VectorBlock,
  { scales, first }: { scales: Float64Array; first: number },
): void {
  for (let row = 0; row < scales.length; row++) {
    let sum = 0;
    for (let at = row * dimension; at < (row + 1) * dimension; at++) sum += vectors[at]! * vectors[at]!;
    if (!Number.isFinite(sum)) throw noNumber(vectors.subarray(row * dimension), first + row);
    scales[row] = sum > 0 ? 1 / Math.sqrt(sum) : 0;
  }
}

/** @throws LookbookError when queries cannot be compared with the keys. */
export function refuseOtherDimension(
  { dimension }: { dimension: number },
  keys: { dimension: number },
): void {
  if (dimension !== keys.dimension) throw otherLength(`${dimension} numbers`, keys.dimension);
}

function checkWhole({ length }: Float32Array, dimension: number, first: number): void {
  if (length === 0 || (dimension > 0 && length % dimension === 0)) return;
  throw otherLength(`${length} numbers in a block from row ${first}`, dimension);
}

function noNumber(row: Float32Array, number: number): LookbookError {
  const at = row.findIndex((value) => !Number.isFinite(value));
  return new LookbookError('neighbours', {
    what: 'a vector cannot be compared',
    got: `${row[at]} at place ${at} of row ${number}`,
    expected: 'finite numbers',
    mend: 'Index its picture again, or leave it out.',
  });
}

function otherLength(got: string, dimension: number): LookbookError {
  return new LookbookError('neighbours', {
    what: 'vectors of different length cannot be compared',
    got,
    expected: `${dimension} numbers a row`,
    mend: 'Take the vectors of one encoder.',
  });
}
