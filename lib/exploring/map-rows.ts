import type { Turns } from '../turns.js';
import type { StoredRecord, VectorCollection } from '../types.js';
import type { VectorRow } from './laying.js';

export interface RowsWanted extends Turns {
  /** Of more rows than this a fixed share. */
  most: number;
  /** Rows that are wanted whatever the share. */
  keep: { has(id: string): boolean };
}

export interface ChosenRows {
  /** By id, so that the order in which they were indexed is of no account. */
  rows: VectorRow[];
  /** All ids of the collection. */
  stored: ReadonlySet<string>;
}

const ROWS_A_READ = 2000;

/**
 * All rows of a collection with their vectors, or a share of them. Ids are made from the content's hash, so the first of
 * them by id are an even share, and hardly change when others come or go.
 */
export async function chosenRows(collection: VectorCollection, wanted: RowsWanted): Promise<ChosenRows> {
  const { most, keep, signal, onProgress } = wanted;
  const stored = new Set<string>();
  for await (const page of collection.pages({ metadata: false })) {
    signal?.throwIfAborted();
    for (const { id } of page) stored.add(id);
  }
  const ids = [...stored].sort();
  const chosen = ids.filter((id, at) => at < most || keep.has(id));
  const found = new Map<string, VectorRow>();
  const pages = chosen.length === ids.length ? collection.pages({ vectors: true }) : read(collection, chosen);
  for await (const page of pages) {
    signal?.throwIfAborted();
    for (const row of page) if (hasVector(row)) found.set(row.id, row);
    onProgress?.(Math.min(1, found.size / chosen.length));
  }
  return { rows: chosen.flatMap((id) => found.get(id) ?? []), stored };
}

async function* read(
  collection: VectorCollection,
  ids: readonly string[],
): AsyncGenerator<StoredRecord[], void, undefined> {
  for (let from = 0; from < ids.length; from += ROWS_A_READ)
    yield await collection.get(ids.slice(from, from + ROWS_A_READ), { vectors: true });
}

function hasVector(row: StoredRecord): row is VectorRow {
  return row.vector !== undefined && row.vector.length > 0;
}
