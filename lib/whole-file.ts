import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LookbookError, reasonOf } from './errors.js';

let parts = 0;

/** For what only saves time: where it cannot be written, the time is spent again. Whole or not at all. */
export async function keepForLater(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  await writeWhole(path, content).catch((error: unknown) => {
    if (!(error instanceof LookbookError)) throw error;
  });
}

/**
 * Writes a file whole or not at all: a kill in the middle leaves the old one. Makes the folders above it.
 * @throws LookbookError when the disk is full or the folder may not be written.
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const part = `${path}.${process.pid}-${parts++}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(part, content);
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw new LookbookError('disk', {
      what: 'a file cannot be written',
      got: `${path}: ${reasonOf(cause)}`,
      expected: 'a folder that may be written, with room on its disk',
      mend: 'Make room or change the permissions, then run again: it goes on from where it was.',
      cause,
    });
  }
}
