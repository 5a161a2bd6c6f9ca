/** Brings the missing files of a model to this machine. */

import { link, mkdir, realpath, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LookbookError, reasonOf } from '../errors.js';
import { downloadFile } from '../hub/download.js';
import { hashFile } from '../hub/facts.js';
import { progressLine } from '../hub/progress-line.js';
import { hubSettings } from '../hub/settings.js';
import { bytes as inBytes } from '../words.js';
import { requireConsent } from './licences.js';
import type { Dtype, Manifest, ManifestFile } from './manifest.js';
import { type MeasuredFile, sayFacts } from './manifest-text.js';
import { cachedPlace, hasExternalData, hubPlace, writableFolder } from './places.js';
import { lackOf, type ModelEntry, modelFiles } from './registry.js';

export interface FetchOptions {
  dtype?: Dtype;
  /** Gets a line at most once a second, and one when a file is there. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

export interface FetchedFile extends MeasuredFile {
  /** Absolute. */
  path: string;
}

const LINE_MS = 1000;

/**
 * Fetches what a model lacks, each file verified before it has its name; sizes and sha256 that the manifest did not
 * know are written into it. What is cut stays as a .part, and the next call goes on from there.
 * @throws LookbookError when the licence is not accepted, there is no hub, no room or no network, or a file is another
 * than the manifest says; the signal's reason when it fires.
 */
export async function fetchFiles(entry: ModelEntry, options: FetchOptions = {}): Promise<FetchedFile[]> {
  const { manifest, origin } = entry;
  const { dtype = 'fp32', onLine = () => undefined, signal } = options;
  signal?.throwIfAborted();
  const { files, missing, cut } = await lackOf(entry, dtype);
  if (missing.length === 0 || cut.length > 0) {
    await modelFiles(entry, dtype); // throws where something has another size
    return [];
  }
  const wanted = missing.map((role) => ({ role, file: files[role]! }));
  if (wanted.some(({ file }) => hubPlace(manifest, file) === null)) {
    await modelFiles(entry, dtype); // throws, and says where the files come from
  }
  await refuseOffline(manifest, wanted);
  await requireConsent(manifest);
  const folder = await writableFolder(manifest, origin);
  await refuseWithoutRoom(manifest, folder, wanted);
  onLine(`${manifest.name}: fetching ${wanted.map(({ file }) => file.path).join(', ')} into ${folder}`);
  const fetched: FetchedFile[] = [];
  for (const { role, file } of wanted) {
    const target = join(folder, file.path);
    const linked = hasExternalData(role, files) ? await linkFromCache(manifest, file, target) : null;
    const facts = linked ?? (await download(manifest, file, { target, onLine, signal }));
    fetched.push({ role, ...facts });
  }
  await tellFacts(entry, { dtype, facts: fetched }, onLine);
  onLine(
    `${manifest.name}: ${fetched.length} ${fetched.length === 1 ? 'file' : 'files'} fetched and verified.`,
  );
  return fetched;
}

interface DownloadTo {
  target: string;
  onLine: (line: string) => void;
  signal: AbortSignal | undefined;
}

async function download(
  manifest: Manifest,
  file: ManifestFile,
  { target, onLine, signal }: DownloadTo,
): Promise<Omit<FetchedFile, 'role'>> {
  let toldAt = Number.NEGATIVE_INFINITY;
  const facts = await downloadFile(hubPlace(manifest, file)!, target, {
    onProgress(progress) {
      const isWhole = progress.doneBytes === progress.totalBytes;
      if (performance.now() - toldAt < LINE_MS && !isWhole) return;
      toldAt = performance.now();
      onLine(`${manifest.name} · ${progressLine(progress)}`);
    },
    onWait: onLine,
    ...(signal ? { signal } : {}),
  });
  return { path: target, bytes: facts.bytes, sha256: facts.sha256 };
}

/** A link of its own to what the cache holds costs no room; null where there is none, or it cannot be made. */
async function linkFromCache(
  manifest: Manifest,
  file: ManifestFile,
  target: string,
): Promise<Omit<FetchedFile, 'role'> | null> {
  const cached = await cachedPlace(manifest, file);
  if (cached === null) return null;
  try {
    await mkdir(dirname(target), { recursive: true });
    await link(await realpath(cached), target);
  } catch {
    return null; // another disk, or one without links: it is copied then
  }
  const hash = await hashFile(target);
  if (file.sha256 === null || file.sha256 === hash) {
    return { path: target, bytes: (await stat(target)).size, sha256: hash };
  }
  await rm(target); // spoilt in the cache, which is not ours to mend: the hub has the right one
  return null;
}

/** Says at once everything that is missing, before anything is done. */
async function refuseOffline(manifest: Manifest, wanted: readonly { file: ManifestFile }[]): Promise<void> {
  if (!hubSettings().offline) return;
  const cached = await Promise.all(wanted.map(({ file }) => cachedPlace(manifest, file)));
  const absent = wanted.filter((_, index) => cached[index] === null).map(({ file }) => file.path);
  if (absent.length === 0) return;
  throw new LookbookError('models', {
    what: `the weights of ${manifest.name} are not on this machine, and HF_HUB_OFFLINE forbids to fetch them`,
    got: `no ${absent.join(', no ')}`,
    expected: `what hub ${manifest.hub?.repository ?? manifest.source} has`,
    mend: `Unset HF_HUB_OFFLINE and run \`npm run models -- pull ${manifest.name}\` once.`,
  });
}

async function refuseWithoutRoom(
  { name }: Manifest,
  folder: string,
  wanted: readonly { file: ManifestFile }[],
): Promise<void> {
  const disk = await statfs(folder).catch(() => null);
  const bytes = wanted.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0);
  // Some network disks tell nothing but zeros.
  if (!disk || disk.blocks === 0 || disk.bavail * disk.bsize >= bytes) return;
  throw new LookbookError('disk', {
    what: `there is no room for the weights of ${name}`,
    got: `${inBytes(disk.bavail * disk.bsize)} free at ${folder}`,
    expected: inBytes(bytes),
    mend: 'Make room, or name a folder of another disk in LOOKBOOK_MODELS and put them there.',
  });
}

async function tellFacts(
  { manifest, origin }: ModelEntry,
  measured: { dtype: Dtype; facts: readonly MeasuredFile[] },
  onLine: (line: string) => void,
): Promise<void> {
  const unknown = measured.facts.map(
    ({ role, bytes, sha256: hash }) => `${role} ${bytes} bytes, sha256 ${hash}`,
  );
  try {
    const said = await sayFacts(origin, manifest, measured);
    if (said.length === 0) return;
    const lines = unknown.filter((_, index) => said.includes(measured.facts[index]!.role));
    onLine(`${basename(origin)} now knows: ${lines.join('; ')}`);
  } catch (error) {
    // The weights are whole; only the next machine will have to believe the hub again.
    onLine(`${basename(origin)} could not be written (${reasonOf(error)}); measured: ${unknown.join('; ')}`);
  }
}
