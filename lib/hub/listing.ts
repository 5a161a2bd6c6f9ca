import { LookbookError, reasonOf } from '../errors.js';
import { listingAddress } from './addresses.js';
import { isCommit } from './cache.js';
import { checkHubPlace, type HubPlace, placeInWords } from './names.js';
import { offlineRefusal } from './offline.js';
import { askHub } from './question.js';
import type { HubLimits } from './retry.js';
import { hubSettings } from './settings.js';

/** A repository at one commit. */
export interface HubListing {
  /** What the revision stands for now: 40 hex digits. */
  commit: string;
  /** By path. */
  files: ListedFile[];
}

export interface ListedFile {
  path: string;
  bytes: number;
  /** Hex; null for small files, which hubs keep without one. */
  sha256: string | null;
}

export interface ListingOptions {
  signal?: AbortSignal;
  limits?: Partial<HubLimits>;
}

const maxBytes = 32 * 2 ** 20;

/**
 * Asks a hub what a repository holds at a revision, and for which commit that is. One request gives both, so that
 * the files are those of the commit even while somebody pushes.
 * @throws LookbookError when the repository is not there or the answer is none of a hub's.
 */
export async function listHubFiles(
  repository: string,
  revision: string,
  options: ListingOptions = {},
): Promise<HubListing> {
  const place = { repository, revision };
  checkHubPlace(place);
  const settings = hubSettings();
  if (settings.offline) throw offlineRefusal(place, null);
  const bytes = await askHub(listingAddress(settings.endpoint, place), {
    place,
    settings,
    maxBytes,
    ...options,
  });
  return readListing(Buffer.from(bytes ?? []).toString('utf8'), place);
}

function readListing(text: string, place: HubPlace): HubListing {
  const faults: string[] = [];
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    faults.push(reasonOf(error));
  }
  const commit = fieldOf(answer, 'sha');
  const siblings = fieldOf(answer, 'siblings');
  if (typeof commit !== 'string' || !isCommit(commit)) faults.push('no commit in "sha"');
  if (!Array.isArray(siblings)) faults.push('no list in "siblings"');
  const files = Array.isArray(siblings) ? siblings.map(readFileEntry) : [];
  faults.push(...files.filter((file) => typeof file === 'string').slice(0, 5));
  if (faults.length === 0) {
    const listed = files.filter((file) => typeof file !== 'string');
    return { commit: String(commit), files: listed.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  }
  throw new LookbookError('hub', {
    what: `the listing of ${placeInWords(place)} cannot be used`,
    got: faults.join('; '),
    expected: 'a commit and its files with their sizes',
    mend: 'Check HF_ENDPOINT: a mirror must answer as the hub does.',
  });
}

/** One file of a listing, or in words what is wrong with it. */
function readFileEntry(entry: unknown): ListedFile | string {
  const path = fieldOf(entry, 'rfilename');
  if (typeof path !== 'string') return 'a file without a name';
  try {
    checkHubPlace({ repository: 'owner/name', revision: 'main', path });
  } catch {
    return `${JSON.stringify(path)}, which is outside of the repository`;
  }
  const lfs = fieldOf(entry, 'lfs');
  const bytes = fieldOf(lfs, 'size') ?? fieldOf(entry, 'size');
  const sha256 = fieldOf(lfs, 'sha256') ?? null;
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) return `${path} without a size`;
  if (sha256 !== null && !(typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256))) {
    return `${path} with a sha256 that is none`;
  }
  return { path, bytes, sha256 };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
