import type { HubLimits } from './retry.js';

/** A file of a hub repository, and what a manifest knows of it. */
export interface HubFile {
  /** owner/name */
  repository: string;
  /** A commit, tag or branch. */
  revision: string;
  /** Inside the repository, with forward slashes. */
  path: string;
  /** null until known. */
  bytes: number | null;
  /** Hex; null until known: the hub's own is taken then, where it gives one. */
  sha256: string | null;
}

/** What stands on the disk, to be written into a manifest. */
export interface FileFacts {
  path: string;
  bytes: number;
  /** Hex. */
  sha256: string;
}

/** What one run of a download works with. */
export interface DownloadWork {
  file: HubFile;
  /** Absolute. */
  target: string;
  limits: HubLimits;
  signal: AbortSignal;
  tell(doneBytes: number, totalBytes: number | null): void;
}
