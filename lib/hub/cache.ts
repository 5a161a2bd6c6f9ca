import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkHubPlace, type HubPlace } from './names.js';
import { hubCacheFolder } from './settings.js';

/** A file that may lie in the cache, with what is known of it. */
export interface CachedFile extends HubPlace {
  path: string;
  bytes?: number | null;
  sha256?: string | null;
}

/**
 * Finds a file in the cache that Hugging Face's libraries share (HF_HUB_CACHE, HF_HOME), and never writes there.
 * Its size, and the sha256 by which the cache names large contents, must fit; the bytes are not read.
 * @returns an absolute path, or null.
 * @throws LookbookError when the names are none of a hub's.
 */
export async function findInHubCache(file: CachedFile): Promise<string | null> {
  checkHubPlace(file);
  const folder = join(hubCacheFolder(), `models--${file.repository.replace('/', '--')}`);
  const commit = await commitOf(folder, file.revision);
  if (commit === null) return null;
  const path = join(folder, 'snapshots', commit, ...file.path.split('/'));
  // A snapshot is a tree of links to blobs; a link whose blob is gone is no file.
  const facts = await stat(path).catch(() => null);
  if (!facts?.isFile()) return null;
  if (typeof file.bytes === 'number' && facts.size !== file.bytes) return null;
  const blob = basename(await realpath(path));
  const named = /^[0-9a-f]{64}$/.test(blob);
  return file.sha256 && named && blob !== file.sha256.toLowerCase() ? null : path;
}

/** Whether a revision names one content for ever; tags and branches move. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

async function commitOf(folder: string, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const text = await readFile(join(folder, 'refs', ...revision.split('/')), 'utf8').catch(() => '');
  return isCommit(text.trim()) ? text.trim() : null;
}
