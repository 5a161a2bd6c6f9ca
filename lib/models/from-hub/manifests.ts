/** Manifests of hub repositories (hf:owner/name@revision): made once of what the repository says, then kept. */
import { readFile } from 'node:fs/promises';
import { fetchHubText, listHubFiles } from '../../hub/download.js';
import { derivedPath } from '../../paths.js';
import { writeWhole } from '../../whole-file.js';
import { checkManifest, type Manifest } from '../manifest.js';
import { formatManifest } from '../manifest-text.js';
import {
  folderOfRepository,
  type HubListing,
  type HubReader,
  manifestOfRepository,
  parseHubName,
} from './repository.js';

/** Where the manifest of a hub name is kept. */
export function hubManifestPath(name: string): string {
  return derivedPath('hub-manifests', `${folderOfRepository(parseHubName(name))}.json`);
}

/**
 * The manifest of a hub name. What is kept is checked again, and made anew where it is not sound by now; with it no
 * network is needed.
 * @throws LookbookError when the name is none, the hub does not answer or the repository cannot be used.
 */
export async function hubManifest(name: string): Promise<Manifest> {
  const path = hubManifestPath(name);
  const kept = await readFile(path, 'utf8').then(
    (text) => checkManifest(parsed(text), name, path).catch(() => undefined),
    () => undefined, // not made yet
  );
  if (kept) return kept;
  const manifest = await manifestOfRepository(name, hubReader(name));
  await writeWhole(path, formatManifest(manifest));
  return manifest;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // as good as none: it is made anew
  }
}

/** Reads a repository; every text is of the commit that the list is of. */
function hubReader(name: string): HubReader {
  const { repository, revision } = parseHubName(name);
  let listing: Promise<HubListing> | undefined;
  const list = (): Promise<HubListing> => {
    listing ??= listHubFiles(repository, revision);
    return listing;
  };
  return {
    list,
    async text(path) {
      const { commit } = await list();
      return fetchHubText({ repository, revision: commit, path });
    },
  };
}
