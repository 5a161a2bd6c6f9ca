import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import { LookbookError, reasonOf } from './errors.js';
import { fetchBytes } from './fetching.js';

/** URLs asked at once. */
const FETCHES_AT_ONCE = 4;
const fetchTurn = pLimit(FETCHES_AT_ONCE);

/** A picture IS its bytes: the first 32 hex digits of their sha256. */
export function imageIdOfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

export function isUrl(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/** Larger files are not read: the whole file is held in memory, and once more while it is decoded. */
const MAX_FILE_BYTES = 512e6;

/**
 * @param source `size` where it is known.
 * @throws LookbookError with the reason: gone, unreadable, too large, not answering.
 */
export async function readSource(
  { location, size = 0 }: { location: string; size?: number },
  options: { allowPrivateUrls: boolean; signal?: AbortSignal },
): Promise<Uint8Array> {
  const { allowPrivateUrls: allowPrivate, signal } = options;
  if (isUrl(location)) {
    return fetchTurn(() => fetchBytes(location, { allowPrivate, ...(signal ? { signal } : {}) }));
  }
  if (size > MAX_FILE_BYTES) {
    throw new LookbookError('read', {
      what: 'the file is too large',
      got: `${Math.round(size / 1e6)} MB`,
      expected: `at most ${MAX_FILE_BYTES / 1e6} MB`,
      mend: 'Save it smaller, or leave it out with EXCLUDE.',
    });
  }
  try {
    return await readFile(location);
  } catch (cause) {
    throw new LookbookError('read', {
      what: 'the file cannot be read',
      got: reasonOf(cause),
      mend: 'Check that it is there and that you may read it.',
      cause,
    });
  }
}

/**
 * The bytes of a stored picture, from the first of its places that still holds it.
 * @returns null when none does: moved, replaced or gone since it was indexed.
 */
export async function readStored(
  imageId: string,
  locations: readonly string[],
  options: { allowPrivateUrls: boolean },
): Promise<Uint8Array | null> {
  for (const location of locations) {
    const bytes = await readSource({ location }, options).catch(() => null); // the next place may still hold it
    if (bytes && imageIdOfBytes(bytes) === imageId) return bytes;
  }
  return null;
}
