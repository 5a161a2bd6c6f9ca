/** Reads what can still be read of a damaged Chroma folder, and changes nothing in it. */
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LookbookError, reasonOf } from '../errors.js';
import { lockHolder } from '../process-lock.js';
import type { CollectionSummary, StoredRecord, VectorCollection, VectorStore } from '../types.js';
import { vectorProblem } from './checks.js';
import { type ChromaIdentity, chromaIdentities, openChromaStore } from './chroma.js';
import { openChromaServer } from './chroma-server.js';
import { type HnswVectors, openHnsw } from './hnsw-files.js';
import { dataPath, lockPath, TABLES } from './server-file.js';

export interface Salvage {
  /** Why no row at all can be read. */
  readonly unreadable?: string;
  readonly collections: readonly CollectionSummary[];
  /** All rows that can be told; one whose vector is lost, or is not whole, comes without it. */
  rows(collection: CollectionSummary): AsyncGenerator<StoredRecord[]>;
  close(): Promise<void>;
}

/** Rows that are given up together where one of them cannot be read. */
const LEAST = 16;
const ENDED_MS = 15_000;

/**
 * Chroma keeps metadata and the newest vectors in one SQLite file, and older vectors in the files of an index alone. A
 * server on a copy of the first, without the index that it might refuse, tells the one; the index is read without it.
 * @param data Chroma's own folder, which no server has open.
 * @param scratch a new folder, for the copy.
 */
export async function openSalvage(data: string, scratch: string): Promise<Salvage> {
  try {
    await copyTables(data, dataPath(scratch));
    const place = await openChromaServer(scratch, { graceMs: 0 });
    const store = await openChromaStore(place, { retries: 0 });
    const close = async (): Promise<void> => {
      await store.close();
      await serverEnded(scratch);
    };
    try {
      const [collections, identities] = [await store.list(), await chromaIdentities(place)];
      const folders = await indexFolders(data);
      const indexOf = ({ name, dimension }: CollectionSummary): Promise<HnswVectors | undefined> =>
        indexOfCollection(identities.get(name), { data, folders, dimension });
      return { collections, close, rows: (summary) => rowsOf(summary, { store, index: indexOf(summary) }) };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    const said = error instanceof LookbookError ? error.facts.got : undefined;
    return {
      unreadable: said ?? reasonOf(error),
      collections: [],
      rows: nothing,
      close: async () => undefined,
    };
  }
}

/** Waits until nothing works in a store folder any more. */
export async function serverEnded(root: string): Promise<void> {
  const deadline = performance.now() + ENDED_MS;
  while ((await lockHolder(lockPath(root))) !== undefined && performance.now() < deadline) await sleep(20);
}

async function* nothing(): AsyncGenerator<StoredRecord[]> {}

/** With what SQLite keeps beside its file while it writes. */
async function copyTables(from: string, to: string): Promise<void> {
  const files = (await readdir(from)).filter((name) => name.startsWith(TABLES));
  if (!files.includes(TABLES)) throw new Error(`${TABLES} is gone`);
  await mkdir(to, { recursive: true });
  for (const file of files) await copyFile(join(from, file), join(to, file), constants.COPYFILE_FICLONE);
}

async function* rowsOf(
  summary: CollectionSummary,
  from: { store: VectorStore; index: Promise<HnswVectors | undefined> },
): AsyncGenerator<StoredRecord[]> {
  const index = await from.index;
  try {
    const collection = await from.store.open(summary);
    for await (const page of pagesUntilDamage(collection)) yield await withVectors(page, collection, index);
  } finally {
    await index?.close();
  }
}

/** A page that cannot be read ends them: SQLite says no more of what comes after. */
async function* pagesUntilDamage(collection: VectorCollection): AsyncGenerator<StoredRecord[]> {
  const pages = collection.pages()[Symbol.asyncIterator]();
  for (;;) {
    const next = await pages.next().catch(() => undefined);
    if (!next || next.done) return;
    yield next.value;
  }
}

async function withVectors(
  page: readonly StoredRecord[],
  collection: VectorCollection,
  index: HnswVectors | undefined,
): Promise<StoredRecord[]> {
  const vectors = new Map<string, Float32Array>();
  const keep = (id: string, vector: Float32Array | undefined): void => {
    if (vector && !vectorProblem(vector, collection.dimension)) vectors.set(id, vector);
  };
  for (const { id } of page) keep(id, await index?.vector(id));
  const rest = page.map(({ id }) => id).filter((id) => !vectors.has(id));
  for (const { id, vector } of await readable(collection, rest)) keep(id, vector);
  return page.map(({ id, metadata }) => {
    const vector = vectors.get(id);
    return vector ? { id, metadata, vector } : { id, metadata };
  });
}

/** Chroma refuses a whole call for one row that it has no vector of: such a call is halved. */
async function readable(collection: VectorCollection, ids: readonly string[]): Promise<StoredRecord[]> {
  if (!ids.length) return [];
  try {
    return await collection.get(ids, { vectors: true, metadata: false });
  } catch {
    if (ids.length <= LEAST) return [];
    const half = Math.ceil(ids.length / 2);
    return [
      ...(await readable(collection, ids.slice(0, half))),
      ...(await readable(collection, ids.slice(half))),
    ];
  }
}

async function indexOfCollection(
  identity: ChromaIdentity | undefined,
  { data, folders, dimension }: { data: string; folders: ReadonlyMap<string, string>; dimension: number },
): Promise<HnswVectors | undefined> {
  const folder = folders.get(identity?.id ?? '');
  if (identity === undefined || folder === undefined) return undefined;
  const { neighbours } = identity;
  return openHnsw(join(data, folder), { dimension, ...(neighbours === undefined ? {} : { neighbours }) });
}

/**
 * Collection's id → its index's folder. Chroma tells nobody; but SQLite keeps a row's texts one behind the other, so that
 * the row which says it can be found in the file's bytes.
 */
async function indexFolders(data: string): Promise<Map<string, string>> {
  const id = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
  const row = new RegExp(`(${id})urn:chroma:segment/vector/hnsw-local-persistedVECTOR(${id})`, 'g');
  const folders = new Map<string, string>();
  const files = (await readdir(data)).filter((name) => name.startsWith(TABLES));
  for (const file of files) {
    let rest = '';
    for await (const chunk of createReadStream(join(data, file), { encoding: 'latin1' })) {
      const text = rest + String(chunk);
      for (const [, folder = '', collection = ''] of text.matchAll(row)) folders.set(collection, folder);
      rest = text.slice(-200);
    }
  }
  return folders;
}
