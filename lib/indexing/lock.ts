import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LookbookError } from '../errors.js';
import { type ProcessLock, takeLock } from '../process-lock.js';

/**
 * Takes the right to index, alone. A lock whose process has ended, however it ended, is taken over.
 * @throws LookbookError naming the process that indexes.
 */
export async function takeIndexLock(path: string, name: string): Promise<ProcessLock> {
  await mkdir(dirname(path), { recursive: true });
  const lock = await takeLock(path);
  if (typeof lock !== 'number') return lock;
  throw new LookbookError('index', {
    what: `another run is indexing ${name}`,
    got: `process ${lock}`,
    expected: 'one indexer at a time; questions can be asked meanwhile',
    mend: 'Wait for it, or interrupt it in its notebook.',
  });
}
