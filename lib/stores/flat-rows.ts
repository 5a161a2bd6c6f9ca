/** The rows of one flat collection: checked, logged, then taken into memory. */
import { createHash } from 'node:crypto';
import { LookbookError, reasonOf } from '../errors.js';
import type {
  CollectionSpec,
  Metadata,
  Neighbour,
  NewRecord,
  QueryOptions,
  ReadOptions,
  Scalar,
  StoredRecord,
  VectorCollection,
  Where,
} from '../types.js';
import { checkChanges, checkQuery, checkRecords, checkWhere, lastOfEach } from './checks.js';
import { type FlatLog, type Frame, openFlatLog } from './flat-log.js';
import { FlatTable } from './flat-table.js';

/** One collection, shared by all who opened it in this process. */
export interface FlatHome {
  spec: CollectionSpec;
  table: FlatTable;
  log: FlatLog<FlatChange> | undefined;
  dropped: boolean;
}

type Changes = { id: string; metadata: Record<string, Scalar | null> };
/** The first frame of a file creates; each later one is a change. */
export type FlatChange =
  | { create: CollectionSpec }
  | { upsert: { id: string; metadata: Metadata }[] }
  | { set: readonly Changes[] }
  | { remove: readonly string[] };

const rowsPerFrame = 1000;
/** A log is written anew at opening when it holds this many times the rows that live. */
const wasteFactor = 2;

/** Short enough for every file system, and apart where only upper and lower case differ. */
export function fileName(collection: string): string {
  const hash = createHash('sha256').update(collection).digest('hex').slice(0, 12);
  return `${collection.slice(0, 60)}-${hash}`;
}

/** The collection of a spec, in memory or in the log file at the path, which is made where it is missing. */
export async function createHome(spec: CollectionSpec, path: string | undefined): Promise<FlatHome> {
  if (!path) return { spec, table: new FlatTable(spec.dimension), log: undefined, dropped: false };
  return openHome(path, { header: { create: spec }, numbers: new Float32Array() });
}

/** The collection of a log file. */
export async function openHome(path: string, start?: Frame<FlatChange>): Promise<FlatHome> {
  const { log, frames } = await openFlatLog<FlatChange>(path, start);
  const [first, ...rest] = frames;
  if (!first || !('create' in first.header)) throw new Error(`${path} does not begin with its collection`);
  const spec = first.header.create;
  const home: FlatHome = { spec, table: new FlatTable(spec.dimension), log, dropped: false };
  let written = 0;
  for (const frame of rest) written += replay(home, frame);
  if (written > wasteFactor * (home.table.size + rowsPerFrame)) await log.replace([...framesOf(home)]);
  return home;
}

/** The number of rows that the frame wrote. */
function replay({ table, spec }: FlatHome, { header, numbers }: Frame<FlatChange>): number {
  if ('create' in header) return 0;
  if ('remove' in header) {
    for (const id of header.remove) table.delete(id);
    return header.remove.length;
  }
  if ('set' in header) {
    for (const { id, metadata } of header.set) table.change(id, metadata);
    return header.set.length;
  }
  for (const [index, { id, metadata }] of header.upsert.entries())
    table.put({
      id,
      metadata,
      vector: numbers.subarray(index * spec.dimension, (index + 1) * spec.dimension),
    });
  return header.upsert.length;
}

function* framesOf({ spec, table }: FlatHome): Generator<Frame<FlatChange>, void, undefined> {
  yield { header: { create: spec }, numbers: new Float32Array() };
  const records = [...table.records()];
  for (let start = 0; start < records.length; start += rowsPerFrame)
    yield upsertFrame(records.slice(start, start + rowsPerFrame), spec.dimension);
}

function upsertFrame(records: readonly NewRecord[], dimension: number): Frame<FlatChange> {
  const numbers = new Float32Array(records.length * dimension);
  for (const [index, { vector }] of records.entries()) numbers.set(vector, index * dimension);
  return { header: { upsert: records.map(({ id, metadata }) => ({ id, metadata })) }, numbers };
}

export class FlatRows implements VectorCollection {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
  readonly #home: FlatHome;
  readonly #checkOpen: () => unknown;

  constructor(home: FlatHome, checkOpen: () => unknown) {
    this.name = home.spec.name;
    this.fingerprint = home.spec.fingerprint;
    this.dimension = home.spec.dimension;
    this.#home = home;
    this.#checkOpen = checkOpen;
  }

  async have(ids: readonly string[]): Promise<Set<string>> {
    const table = this.#table();
    return new Set(ids.filter((id) => table.has(id)));
  }

  async get(
    ids: readonly string[],
    { vectors = false, metadata = true }: ReadOptions = {},
  ): Promise<StoredRecord[]> {
    const table = this.#table();
    const records = ids.flatMap((id) => table.get(id, vectors) ?? []);
    return metadata ? records : records.map((record) => ({ ...record, metadata: {} }));
  }

  async upsert(records: readonly NewRecord[]): Promise<void> {
    checkRecords(this.name, this.dimension, records);
    const rows = lastOfEach(records);
    for (let start = 0; start < rows.length; start += rowsPerFrame)
      await this.#write(upsertFrame(rows.slice(start, start + rowsPerFrame), this.dimension));
  }

  async setMetadata(rows: readonly Changes[]): Promise<void> {
    checkChanges(this.name, rows);
    if (rows.length) await this.#write({ header: { set: rows }, numbers: new Float32Array() });
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length) await this.#write({ header: { remove: ids }, numbers: new Float32Array() });
  }

  async query(vector: Float32Array, k: number, options: QueryOptions = {}): Promise<Neighbour[]> {
    const { where, ids, metadata = true } = options;
    checkQuery(this, vector, { k, where });
    const found = this.#table().nearest(vector, k, { where, ids });
    return metadata ? found : found.map(({ id, score }) => ({ id, score, metadata: {} }));
  }

  async *pages(
    options: ReadOptions & { where?: Where; size?: number } = {},
  ): AsyncGenerator<StoredRecord[], void, undefined> {
    const { where, size = 500 } = options;
    checkWhere(this.name, where);
    // The ids of now: what is written meanwhile neither repeats nor hides a row.
    const ids = this.#table().select(where);
    for (let start = 0; start < ids.length; start += Math.max(1, size))
      yield await this.get(ids.slice(start, start + Math.max(1, size)), options);
  }

  async count(where?: Where): Promise<number> {
    checkWhere(this.name, where);
    return this.#table().count(where);
  }

  /** On the disk first, so that memory never shows what a kill would take back. */
  async #write(frame: Frame<FlatChange>): Promise<void> {
    this.#table();
    try {
      await this.#home.log?.append(frame);
    } catch (error) {
      throw new LookbookError(`store ${this.name}`, {
        what: 'rows cannot be written',
        got: reasonOf(error),
        mend: 'Free some space or make the folder writable, then run again: what was acknowledged is kept.',
        cause: error,
      });
    }
    replay(this.#home, frame);
  }

  #table(): FlatTable {
    this.#checkOpen();
    if (!this.#home.dropped) return this.#home.table;
    throw new LookbookError(`store ${this.name}`, {
      what: 'the collection is gone',
      got: 'a collection that was dropped',
      expected: 'the collection that was opened',
      mend: 'Open the lookbook again and index.',
    });
  }
}
