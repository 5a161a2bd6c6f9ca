/** A damaged store is made anew on request, from what can still be read of it: never silently, and nothing is deleted. */
import { mkdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config.js';
import { LookbookError, reasonOf } from '../errors.js';
import { type ProcessLock, takeLock } from '../process-lock.js';
import type { Rebuilt } from '../types.js';
import { savedRows } from './saved-rows.js';

/** A server that nobody uses any more ends by itself. */
const LAST_LEASE_MS = 5000;

/**
 * Puts the damaged files of a store folder aside and writes what could be read of them into new ones; the next run of
 * the index encodes what is missing. A kill in the middle leaves the store as it was.
 * @throws LookbookError when the store is no folder of this machine, or is in use.
 */
export async function rebuild({ chroma, hnsw }: Pick<Settings, 'chroma' | 'hnsw'>): Promise<Rebuilt> {
  const { embeddedFolder, openStore } = await import('../stores/open-store.js');
  const { openSalvage, serverEnded } = await import('../stores/chroma-salvage.js');
  const { dataPath, lockPath } = await import('../stores/server-file.js');
  const folder = embeddedFolder(chroma);
  const root = folder === undefined ? undefined : await realpath(folder).catch(() => undefined);
  if (root === undefined) throw noFolder(chroma);
  const lock = await lockAlone(lockPath(root), root);
  const scratch = join(root, 'rebuilding');
  try {
    await rm(scratch, { recursive: true, force: true });
    const [reading, writing] = [join(scratch, 'reading'), join(scratch, 'writing')];
    for (const each of [reading, writing]) await mkdir(dataPath(each), { recursive: true });
    const salvage = await openSalvage(dataPath(root), reading);
    const saved = await (async () => {
      const store = await openStore(writing, { graceMs: 0 });
      try {
        return await savedRows(salvage, store, hnsw);
      } finally {
        await store.close();
        await serverEnded(writing);
      }
    })().finally(() => salvage.close());
    const aside = join(root, `damaged-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`);
    await rename(dataPath(root), aside);
    await rename(dataPath(writing), dataPath(root));
    const { unreadable } = salvage;
    return { aside, ...saved, ...(unreadable === undefined ? {} : { unreadable }) };
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
    await lock.release();
  }
}

/** The lock of the folder's server: while it is held here none can be started. */
async function lockAlone(path: string, root: string): Promise<ProcessLock> {
  const deadline = performance.now() + LAST_LEASE_MS;
  for (;;) {
    const lock = await takeLock(path).catch((error: unknown) => {
      throw new LookbookError('rebuild', {
        what: 'the store folder cannot be used',
        got: reasonOf(error),
        mend: `Make ${root} a folder that can be written.`,
        cause: error,
      });
    });
    if (typeof lock !== 'number') return lock;
    if (performance.now() > deadline)
      throw new LookbookError('rebuild', {
        what: 'the store is in use',
        got: `a server for it, process ${lock}`,
        expected: 'nobody who reads or writes it',
        mend: 'Close the notebooks and runs that have it open, then try again.',
      });
    await sleep(100);
  }
}

function noFolder(chroma: string): LookbookError {
  return new LookbookError('rebuild', {
    what: 'there is no store folder to rebuild',
    got: `"${chroma.replace(/\/\/[^/]*@/, '//')}"`,
    expected: 'the folder of an embedded store on this machine',
    mend: 'A server elsewhere is mended where it runs; set CHROMA to the folder for the embedded one.',
  });
}
