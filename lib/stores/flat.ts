/**
 * The exact store: every row in memory, every query compared with every row, one log file a collection. For
 * small sets, for tests, and as the truth against which the recall of others is measured. One process at a
 * time holds a folder. What was acknowledged is on the disk; a kill leaves at most a torn frame, cut at opening.
 */
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LookbookError, reasonOf } from '../errors.js';
import { type ProcessLock, takeLock } from '../process-lock.js';
import type { CollectionSpec, CollectionSummary, VectorCollection, VectorStore } from '../types.js';
import { checkSame, checkSpec, closedStore, unknownCollection } from './checks.js';
import { createHome, type FlatHome, FlatRows, fileName, openHome } from './flat-rows.js';

const suffix = '.flat';

/** All collections of one folder. */
interface FlatFolder {
  homes: Map<string, FlatHome>;
  path: string | undefined;
  /** Creating and dropping go one after another, so that neither meets a half of the other. */
  turn: Promise<unknown>;
}

/** A folder that this process holds, shared by all stores that it opens there. */
interface Held {
  opened: Promise<FlatFolder & { lock: ProcessLock }>;
  users: number;
}

const held = new Map<string, Held>();
/** Folders that are being closed, to be waited for by who opens them next. */
const closing = new Map<string, Promise<void>>();

/** Without a folder: in memory only. @throws when the folder cannot be used or another process holds it. */
export async function openFlatStore(folder?: string): Promise<VectorStore> {
  if (folder === undefined) {
    const inMemory = { homes: new Map(), path: undefined, turn: Promise.resolve() };
    return new FlatStore(inMemory, async () => undefined);
  }
  const path = await prepare(folder);
  const shared = held.get(path) ?? { opened: openFolder(path), users: 0 };
  held.set(path, shared);
  shared.users++;
  const release = (): Promise<void> => releaseFolder(path, shared);
  try {
    return new FlatStore(await shared.opened, release);
  } catch (error) {
    // A refusal now must not refuse for ever.
    if (held.get(path) === shared) held.delete(path);
    throw error;
  }
}

async function releaseFolder(path: string, shared: Held): Promise<void> {
  if (--shared.users > 0) return;
  held.delete(path);
  const work = shared.opened.then(async ({ homes, lock, turn }) => {
    await turn;
    for (const { log } of homes.values()) await log?.close();
    await lock.release();
  });
  closing.set(path, work);
  await work.finally(() => closing.delete(path));
}

class FlatStore implements VectorStore {
  readonly kind = 'flat';
  readonly capabilities: { persistent: boolean; exact: boolean };
  readonly #folder: FlatFolder;
  readonly #release: () => Promise<void>;
  #closed = false;

  constructor(folder: FlatFolder, release: () => Promise<void>) {
    this.#folder = folder;
    this.#release = release;
    this.capabilities = { persistent: folder.path !== undefined, exact: true };
  }

  async open(spec: CollectionSpec): Promise<VectorCollection> {
    const { homes, path } = this.#live();
    checkSpec(spec);
    const home = await this.#inTurn(async () => {
      const known = homes.get(spec.name);
      if (known) return known;
      const file = path && join(path, fileName(spec.name) + suffix);
      const made = await createHome(spec, file).catch((error: unknown) => {
        throw error instanceof LookbookError ? error : unusable(file ?? 'memory', error);
      });
      homes.set(spec.name, made);
      return made;
    });
    checkSame(spec, home.spec);
    return new FlatRows(home, () => this.#live());
  }

  async list(): Promise<CollectionSummary[]> {
    const { homes } = this.#live();
    const summaries = [...homes.values()].map(({ spec, table }) => ({
      name: spec.name,
      fingerprint: spec.fingerprint,
      dimension: spec.dimension,
      count: table.size,
      facts: { ...spec.facts },
    }));
    return summaries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async drop(name: string): Promise<void> {
    const { homes, path } = this.#live();
    await this.#inTurn(async () => {
      const home = homes.get(name);
      if (!home) throw unknownCollection(name, await this.list());
      homes.delete(name);
      home.dropped = true;
      await home.log?.close();
      if (path) await rm(join(path, fileName(name) + suffix), { force: true });
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#release();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#folder.turn.then(work);
    this.#folder.turn = mine.catch(() => undefined);
    return mine;
  }

  #live(): FlatFolder {
    if (this.#closed) throw closedStore('store');
    return this.#folder;
  }
}

async function openFolder(path: string): Promise<FlatFolder & { lock: ProcessLock }> {
  await closing.get(path);
  const lock = await takeLock(join(path, 'flat.lock')).catch((error: unknown) => {
    throw unusable(path, error);
  });
  if (typeof lock === 'number')
    throw new LookbookError('store', {
      what: 'the folder of the flat store is held by another process',
      got: `process ${lock}`,
      expected: 'one process at a time',
      mend: `Close the lookbook there, or give ${path} to the embedded Chroma server, which many may share.`,
    });
  const homes = new Map<string, FlatHome>();
  try {
    for (const file of await readdir(path)) {
      if (!file.endsWith(suffix)) continue;
      const home = await openHome(join(path, file));
      homes.set(home.spec.name, home);
    }
  } catch (error) {
    for (const { log } of homes.values()) await log?.close();
    await lock.release();
    throw error;
  }
  return { homes, path, lock, turn: Promise.resolve() };
}

async function prepare(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return await realpath(folder);
  } catch (error) {
    throw unusable(folder, error);
  }
}

function unusable(place: string, cause: unknown): LookbookError {
  return new LookbookError('store', {
    what: 'the folder of the flat store cannot be used',
    got: `${place}: ${reasonOf(cause)}`,
    expected: 'a folder that can be made and written, with room on its disk',
    mend: 'Choose another folder, make room or make it writable.',
    cause,
  });
}
