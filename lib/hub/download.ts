import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import { type ProcessLock, takeLock } from '../process-lock.js';
import { findInHubCache, isCommit } from './cache.js';
import { fileFault, hashFile } from './facts.js';
import type { DownloadWork, FileFacts, HubFile } from './hub-file.js';
import { shareRuns } from './in-flight.js';
import { createMeter, type DownloadProgress } from './meter.js';
import { checkHubPlace } from './names.js';
import { offlineRefusal } from './offline.js';
import { openPart, partPath, throwDisk } from './part-file.js';
import { pullFile } from './pull.js';
import { defaultLimits, type HubLimits, pause } from './retry.js';
import { hubSettings } from './settings.js';

export type { FileFacts, HubFile } from './hub-file.js';
export { listHubFiles } from './listing.js';
export type { DownloadProgress } from './meter.js';
export { fetchHubText } from './text.js';

export interface DownloadOptions {
  onProgress?: (progress: DownloadProgress) => void;
  /** Told once when another process downloads the same file, in a sentence; progress goes on meanwhile. */
  onWait?: (sentence: string) => void;
  signal?: AbortSignal;
  limits?: Partial<HubLimits>;
}

const share = shareRuns<DownloadOptions, FileFacts>();

/**
 * Brings one file of a hub repository to `target`, verified, and tells what stands there. A file that is there
 * and right is kept (its bytes are read for their sha256); a Hugging Face cache that holds it is copied from. A cut
 * or killed download goes on in `<target>.part`, in whichever process comes next.
 * @throws LookbookError when the file is not the expected one, the hub refuses, the disk is full, or patience ends;
 * the signal's reason when it fires.
 */
export async function downloadFile(
  file: HubFile,
  target: string,
  options: DownloadOptions = {},
): Promise<FileFacts> {
  checkHubPlace(file);
  const key = projectPath(target);
  const { repository, revision, path, bytes, sha256 } = file;
  const wish = {
    key,
    kind: JSON.stringify([repository, revision, path, bytes, sha256]),
    listener: { ...options },
    signal: options.signal,
  };
  return share(wish, (listeners, signal) => {
    const limits = { ...defaultLimits, ...options.limits };
    const meter = createMeter(path, limits.progressMs);
    const tell = (done: number, total: number | null): void => {
      const progress = meter.at(done, total) ?? (done === total ? meter.now() : null);
      if (progress) for (const { onProgress } of listeners) onProgress?.(progress);
    };
    const onWait = (sentence: string): void => {
      for (const listener of listeners) listener.onWait?.(sentence);
    };
    return bring({ file, target: key, limits, signal, tell }, onWait);
  });
}

async function bring(work: DownloadWork, onWait: (sentence: string) => void): Promise<FileFacts> {
  const standing = await standingFile(work);
  if (standing) return standing;
  await mkdir(dirname(work.target), { recursive: true }).catch(throwDisk(work.target));
  const lock = await waitForLock(work, onWait);
  try {
    return (await standingFile(work)) ?? (await copyFromCache(work)) ?? (await pullOrRefuse(work));
  } finally {
    await lock.release();
  }
}

async function pullOrRefuse(work: DownloadWork): Promise<FileFacts> {
  const settings = hubSettings();
  if (settings.offline) throw offlineRefusal(work.file, work.target);
  return pullFile(work, settings);
}

/** What lies at the target, if something does. @throws LookbookError when it is another file than the expected one. */
async function standingFile({ file, target, signal }: DownloadWork): Promise<FileFacts | null> {
  const found = await stat(target).catch(() => null);
  if (!found) return null;
  if (!found.isFile()) {
    throw new LookbookError('hub', {
      what: 'a model file cannot be put into its place',
      got: `something at ${target} that is no file`,
      expected: 'a file, or nothing',
      mend: 'Move it away, then run again.',
    });
  }
  // The size is told without reading hundreds of megabytes.
  const fault = fileFault(file, { bytes: found.size });
  const sha256 = fault ? '' : await hashFile(target, signal);
  const wrong = fault ?? fileFault(file, { sha256 });
  if (!wrong) return { path: target, bytes: found.size, sha256 };
  throw new LookbookError('hub', {
    what: 'a model file is not the one of its manifest',
    got: `${target} with ${wrong.got}`,
    expected: wrong.expected,
    mend: 'Delete it and run again to fetch the right one.',
  });
}

/** A branch may have moved since it was cached: without a sha256 only a commit, or having no network, is reason enough. */
async function copyFromCache({ file, target, signal, tell }: DownloadWork): Promise<FileFacts | null> {
  if (!isCommit(file.revision) && file.sha256 === null && !hubSettings().offline) return null;
  const cached = await findInHubCache(file);
  if (cached === null) return null;
  const { size } = await stat(cached);
  const part = await openPart(target);
  try {
    await part.startAnew(null);
    for await (const chunk of createReadStream(cached, { highWaterMark: 2 ** 20, signal })) {
      await part.append(chunk);
      tell(part.bytes, size);
    }
    const facts = { path: target, bytes: part.bytes, sha256: part.sha256() };
    if (fileFault(file, facts)) {
      await part.discard(); // spoilt in the cache, which is not ours to mend: the hub has the right one
      return null;
    }
    await part.finish();
    return facts;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await part.close();
  }
}

/** Takes the target's lock, waiting while another process downloads to it and telling how far that is. */
async function waitForLock(work: DownloadWork, onWait: (sentence: string) => void): Promise<ProcessLock> {
  const { file, target, limits, signal, tell } = work;
  for (let waits = 0; ; waits++) {
    signal.throwIfAborted();
    const lock = await takeLock(`${target}.lock`).catch(throwDisk(target));
    if (typeof lock !== 'number') return lock;
    if (waits === 0)
      onWait(`${lock ? `Process ${lock}` : 'Another process'} is downloading ${file.path}: waiting for it.`);
    const part = await stat(partPath(target)).catch(() => null);
    if (part) tell(part.size, file.bytes);
    await pause(limits.lockPollMs, signal);
  }
}
