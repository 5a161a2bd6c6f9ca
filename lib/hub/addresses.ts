import type { HubPlace } from './names.js';

/** Where the bytes of a file are, at a hub. */
export function fileAddress(endpoint: URL, { repository, revision, path }: HubPlace & { path: string }): URL {
  const segments = path.split('/').map(encodeURIComponent).join('/');
  return new URL(`${repository}/resolve/${encodeURIComponent(revision)}/${segments}`, endpoint);
}

/** Where a hub describes a repository at a revision: its commit, its files and their sizes. */
export function listingAddress(endpoint: URL, { repository, revision }: HubPlace): URL {
  return new URL(`api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`, endpoint);
}
