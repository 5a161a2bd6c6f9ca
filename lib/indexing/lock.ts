import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LookbookError, reasonOf } from '../errors.js';
import { type ProcessLock, takeLock } from '../process-lock.js';

/**
 * Takes the right to index, alone. A lock whose process has ended, however it ended, is taken over.
 * @throws LookbookError naming the process that indexes, or when the lock cannot be written.
 */
export async function takeIndexLock(path: string, name: string): Promise<ProcessLock> {
  const lock = await take(path);
  if (typeof lock !== 'number') return lock;
  throw new LookbookError('index', {
    what: `another run is indexing ${name}`,
    got: `process ${lock}`,
    expected: 'one indexer at a time; questions can be asked meanwhile',
    mend: 'Wait for it, or interrupt it in its notebook.',
  });
}

async function take(path: string): Promise<ProcessLock | number> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await takeLock(path);
  } catch (cause) {
    throw new LookbookError('index', {
      what: 'the lock of the index cannot be written',
      got: `${path}: ${reasonOf(cause)}`,
      expected: 'a folder that may be written, with room on its disk',
      mend: 'Make room or change the permissions, then run again.',
      cause,
    });
  }
}
