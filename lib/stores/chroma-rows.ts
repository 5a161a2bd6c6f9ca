/** The rows of one Chroma collection: batches, pages, filters and scores in lookbook's words. */
import { LookbookError } from '../errors.js';
import type {
  CollectionSpec,
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
import { changing, type Fields, plain, replacing } from './chroma-fields.js';
import { isNamed } from './chroma-retry.js';
import { type ChromaFilter, type ChromaWhere, toChroma } from './chroma-where.js';

/** Rows as Chroma answers them; lists that were not asked for are empty. */
interface Rows {
  ids: string[];
  embeddings: number[][];
  metadatas: (Fields | null)[];
}

interface Question {
  queryEmbeddings: number[][];
  nResults: number;
  where?: ChromaWhere;
  include: ('metadatas' | 'distances')[];
}

/** Neighbours as Chroma answers them, a list for each query vector. */
interface Neighbours {
  ids: string[][];
  distances: (number | null)[][];
  metadatas: (Fields | null)[][];
}

/** What is used of chromadb's own collection. */
export interface ChromaTable {
  get(args: {
    ids?: string[];
    where?: ChromaWhere;
    limit?: number;
    offset?: number;
    include: ('embeddings' | 'metadatas')[];
  }): Promise<Rows>;
  upsert(args: { ids: string[]; embeddings: number[][]; metadatas: Record<string, Scalar>[] }): Promise<void>;
  update(args: { ids: string[]; metadatas: Record<string, Scalar>[] }): Promise<void>;
  delete(args: { ids: string[] }): Promise<unknown>;
  query(args: Question & { ids?: string[] }): Promise<Neighbours>;
  count(): Promise<number>;
}

/** Runs a call against the collection wherever its server is now, again where it may be repeated. */
export type TableCall = <T>(act: (table: ChromaTable) => Promise<T>) => Promise<T>;

/** What the server says of the table. */
export interface TableFacts {
  /** See VectorCollection. */
  identity: string;
  /** Rows per call at most. */
  maxBatch: number;
}

/** Best measured for 512 numbers a row; a page of 500 × 512 is about 5 MB of JSON. */
const rowsPerCall = 500;
const idsPerCall = 20_000;

export class ChromaRows implements VectorCollection {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
  readonly identity: string;
  readonly #call: TableCall;
  readonly #rowsPerCall: number;

  constructor(spec: CollectionSpec, call: TableCall, { identity, maxBatch }: TableFacts) {
    const { name, fingerprint, dimension } = spec;
    this.identity = identity;
    this.name = name;
    this.fingerprint = fingerprint;
    this.dimension = dimension;
    this.#call = (act) => call(act).catch((error: unknown) => this.#fail(error));
    this.#rowsPerCall = maxBatch > 0 ? Math.min(rowsPerCall, maxBatch) : rowsPerCall;
  }

  async have(ids: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (const part of this.#parts([...new Set(ids)])) {
      const page = await this.#call((table) => table.get({ ids: part, include: [] }));
      for (const id of page.ids) found.add(id);
    }
    return found;
  }

  async get(ids: readonly string[], options: ReadOptions = {}): Promise<StoredRecord[]> {
    const found = new Map<string, StoredRecord>();
    for (const part of this.#parts([...new Set(ids)])) {
      const include = includes(options);
      const page = await this.#call((table) => table.get({ ids: part, include }));
      for (const record of recordsOf(page, options)) found.set(record.id, record);
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  async upsert(records: readonly NewRecord[]): Promise<void> {
    checkRecords(this.name, this.dimension, records);
    for (const part of this.#parts(lastOfEach(records))) {
      const ids = part.map((record) => record.id);
      // Chroma keeps the old fields of a row that is written again; here the new row replaces the old one.
      const old = new Map((await this.get(ids)).map((record) => [record.id, record.metadata]));
      const metadatas = part.map(({ id, metadata }) => replacing(metadata, old.get(id)));
      const embeddings = part.map((record) => Array.from(record.vector));
      await this.#call((table) => table.upsert({ ids, embeddings, metadatas }));
    }
  }

  async setMetadata(rows: readonly { id: string; metadata: Record<string, Scalar | null> }[]): Promise<void> {
    checkChanges(this.name, rows);
    // Two changes of one row both count, the later one on top.
    const merged = new Map<string, Record<string, Scalar | null>>();
    for (const { id, metadata } of rows) merged.set(id, { ...merged.get(id), ...metadata });
    for (const part of this.#parts([...merged])) {
      const ids = part.map(([id]) => id);
      const metadatas = part.map(([, changes]) => changing(changes));
      await this.#call((table) => table.update({ ids, metadatas }));
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const part of this.#parts([...new Set(ids)]))
      await this.#call((table) => table.delete({ ids: part }));
  }

  async query(vector: Float32Array, k: number, options: QueryOptions = {}): Promise<Neighbour[]> {
    const { where, ids: among, metadata = true } = options;
    checkQuery(this, vector, { k, where });
    const filter = filterOf(where);
    if (filter === false || among?.length === 0) return [];
    const asked: Question = {
      queryEmbeddings: [Array.from(vector)],
      nResults: k,
      include: metadata ? ['metadatas', 'distances'] : ['distances'],
      ...clause(filter),
    };
    const answer = await this.#call((table) =>
      among ? queryAmong(table, asked, [...new Set(among)]) : table.query(asked),
    );
    const ids = answer.ids[0] ?? [];
    const neighbours = ids.map((id, index) => ({
      id,
      // cosine distance → cosine
      score: 1 - (answer.distances[0]?.[index] ?? 2),
      metadata: metadata ? plain(answer.metadatas[0]?.[index]) : {},
    }));
    return neighbours.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  }

  async *pages(
    options: ReadOptions & { where?: Where; size?: number } = {},
  ): AsyncGenerator<StoredRecord[], void, undefined> {
    const { where, size } = options;
    checkWhere(this.name, where);
    const filter = filterOf(where);
    if (filter === false) return;
    const include = includes(options);
    // A filter is evaluated anew for each page, so that ids alone come in few large ones.
    const most = include.length ? 2 * rowsPerCall : idsPerCall;
    const limit = Math.max(1, Math.min(size ?? (include.length ? rowsPerCall : idsPerCall), most));
    const ask = (offset: number): Promise<Rows> =>
      this.#call((table) => table.get({ limit, offset, include, ...clause(filter) }));
    let next = ask(0);
    for (let offset = limit; ; offset += limit) {
      const rows = await next;
      const isLast = rows.ids.length < limit;
      if (!isLast) {
        // The server reads on while this page is read here.
        next = ask(offset);
        next.catch(() => undefined); // awaited when its turn comes, if it comes
      }
      const page = recordsOf(rows, options);
      if (page.length) yield page;
      if (isLast) return;
    }
  }

  async count(where?: Where): Promise<number> {
    checkWhere(this.name, where);
    const filter = filterOf(where);
    if (filter === true) return this.#call((table) => table.count());
    if (filter === false) return 0;
    for (let offset = 0; ; offset += idsPerCall) {
      const wanted = { limit: idsPerCall, offset, include: [], ...clause(filter) };
      const page = await this.#call((table) => table.get(wanted));
      if (page.ids.length < idsPerCall) return offset + page.ids.length;
    }
  }

  *#parts<T>(rows: readonly T[]): Generator<T[], void, undefined> {
    for (let start = 0; start < rows.length; start += this.#rowsPerCall)
      yield rows.slice(start, start + this.#rowsPerCall);
  }

  #fail(error: unknown): never {
    if (!isNamed(error, 'ChromaNotFoundError')) throw error;
    throw new LookbookError(`store ${this.name}`, {
      what: 'the collection is gone',
      got: 'a server that does not know it',
      expected: 'the collection that was opened',
      mend: 'Somebody dropped it or gave the server another folder: open the lookbook again and index.',
      cause: error,
    });
  }
}

/** Chroma fails when one of the ids is not stored; to ask first which are would double the cost of every query. */
async function queryAmong(table: ChromaTable, question: Question, ids: string[]): Promise<Neighbours> {
  try {
    return await table.query({ ...question, ids });
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('Error finding id')) throw error;
    const known = await table.get({ ids, include: [] });
    if (known.ids.length === 0) return { ids: [], distances: [], metadatas: [] };
    return table.query({ ...question, ids: known.ids });
  }
}

function filterOf(where: Where | undefined): ChromaFilter {
  return where ? toChroma(where) : true;
}

function clause(filter: ChromaFilter): { where?: ChromaWhere } {
  return typeof filter === 'boolean' ? {} : { where: filter };
}

function includes({ vectors = false, metadata = true }: ReadOptions): ('embeddings' | 'metadatas')[] {
  return [...(metadata ? (['metadatas'] as const) : []), ...(vectors ? (['embeddings'] as const) : [])];
}

function recordsOf(page: Rows, { vectors = false, metadata = true }: ReadOptions): StoredRecord[] {
  return page.ids.map((id, index) => ({
    id,
    metadata: metadata ? plain(page.metadatas[index]) : {},
    ...(vectors ? { vector: Float32Array.from(page.embeddings[index] ?? []) } : {}),
  }));
}
