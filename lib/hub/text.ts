import { readFile, stat } from 'node:fs/promises';
import { LookbookError } from '../errors.js';
import { fileAddress } from './addresses.js';
import { isMissingFile } from './answers.js';
import { findInHubCache, isCommit } from './cache.js';
import type { HubFile } from './hub-file.js';
import { checkHubPlace, placeInWords } from './names.js';
import { offlineRefusal } from './offline.js';
import { askHub } from './question.js';
import type { HubLimits } from './retry.js';
import { hubSettings } from './settings.js';

export interface TextOptions {
  /** 1 MB unless told; tokenizers take up to 64. */
  maxBytes?: number;
  signal?: AbortSignal;
  limits?: Partial<HubLimits>;
}

const defaultMaxBytes = 2 ** 20;

/**
 * Reads a small text of a repository (config.json and the like) as UTF-8, or null where the repository has none.
 * @throws LookbookError when repository or revision are not there, the text is too large or no UTF-8, or patience ends.
 */
export async function fetchHubText(
  file: Pick<HubFile, 'repository' | 'revision' | 'path'>,
  options: TextOptions = {},
): Promise<string | null> {
  checkHubPlace(file);
  const settings = hubSettings();
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  if (settings.offline || isCommit(file.revision)) {
    const cached = await findInHubCache(file);
    if (cached !== null && (await stat(cached)).size <= maxBytes) return decode(await readFile(cached), file);
  }
  if (settings.offline) throw offlineRefusal({ ...file, bytes: null, sha256: null }, null);
  const bytes = await askHub(fileAddress(settings.endpoint, file), {
    place: file,
    settings,
    maxBytes,
    limits: options.limits,
    signal: options.signal,
    missing: isMissingFile,
  });
  return bytes === null ? null : decode(bytes, file);
}

function decode(bytes: Uint8Array, place: Pick<HubFile, 'repository' | 'revision' | 'path'>): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LookbookError('hub', {
      what: `${placeInWords(place)} is no text`,
      got: `${bytes.length} bytes that are not UTF-8`,
      expected: 'a text, as JSON is',
      mend: 'Check repository, revision and path.',
      cause,
    });
  }
}
