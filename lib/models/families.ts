/** From a model's name to the open model: its family's code, its files, its self-check. */
import { readdir } from 'node:fs/promises';
import { LookbookError } from '../errors.js';
import { eightBitFile } from '../quantising/eight-bit-file.js';
import type { Encoder, Highlighter, Segmenter } from '../types.js';
import { fetchFiles } from './fetch-files.js';
import { type EightBits, knownSha256, type OpenOptions } from './identity.js';
import { atLayer } from './layers.js';
import { requireConsent } from './licences.js';
import type { Dtype, Manifest } from './manifest.js';
import { filesOf, findModel, lackOf, listModels, type ModelEntry, modelFiles } from './registry.js';
import { checkEncoder, checkHighlighter, checkSegmenter } from './self-check.js';
import { isCheckOff, keepCheck, knownCheck, refuseFailed, type SelfCheck } from './self-check-results.js';

/** What each file of lib/encoders, lib/segmenters and lib/highlighters exports as `open`; the file's name is the family. */
export type OpenFamily<Family extends Manifest, Model> = (
  manifest: Family,
  files: Record<string, string>,
  options: OpenOptions,
) => Promise<Model>;

/** The rooms of the families, and what their models can do. */
interface Rooms {
  encoders: Encoder;
  segmenters: Segmenter;
  highlighters: Highlighter;
}

/** A model that is open, and how its family opens it by another manifest. */
interface Opened<Model> {
  model: Model;
  manifest: Manifest;
  reopen(manifest: Manifest): Promise<Model>;
}

/** Where the files of a model lie, by role. */
export interface ModelFiles {
  manifest: Manifest;
  files: Record<string, string>;
}

/** Lines of a download where nobody listens for them. */
const CONSOLE_MS = 5000;

/**
 * Opens the encoder of a manifest or of a hub repository (hf:owner/name@revision). Missing files are fetched where the
 * manifest names a hub, and what comes from elsewhere must pass its self-check once.
 * @throws LookbookError: unknown name (lists the known), no encoder, files missing or refused, a self-check not passed.
 */
export async function openEncoder(name: string, options: OpenOptions): Promise<Encoder> {
  return openModel('encoders', name, options, ({ model, manifest, reopen }) =>
    checkEncoder(model, manifest, reopen),
  );
}

/** Opens an encoder for a trial: without its self-check, which is for those that are used. @throws as openEncoder. */
export async function openForTrial(name: string, options: OpenOptions): Promise<Encoder> {
  return (await openFiles('encoders', name, options)).model;
}

/** Opens the segmenter of a manifest. @throws as openEncoder. */
export async function openSegmenter(name: string, options: OpenOptions): Promise<Segmenter> {
  return openModel('segmenters', name, options, ({ model }) => checkSegmenter(model));
}

/** Opens the highlighter of a manifest. @throws as openEncoder. */
export async function openHighlighter(name: string, options: OpenOptions): Promise<Highlighter> {
  return openModel('highlighters', name, options, ({ model }) => checkHighlighter(model));
}

/** Finds a model that is to be one of a room. @throws LookbookError: unknown name or none of the room, with the known. */
export async function findIn(room: keyof Rooms, name: string): Promise<ModelEntry> {
  const entry = await findModel(name);
  if (!(await families(room)).includes(entry.manifest.family)) throw await wrongRoom(room, name);
  return entry;
}

/** The families of a room: its directory listing. */
export async function families(room: keyof Rooms): Promise<string[]> {
  const files = await readdir(new URL(`../${room}/`, import.meta.url));
  return files.filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -'.js'.length));
}

/**
 * Runs the self-check of a model whose files are here, whatever is known of it, and keeps the result.
 * @throws LookbookError when it does not open.
 */
export async function checkModel(name: string, options: OpenOptions): Promise<SelfCheck> {
  const { manifest } = await findModel(name);
  const isEncoder = (await families('encoders')).includes(manifest.family);
  if (isEncoder) {
    const opened = await openFiles('encoders', name, options);
    return checkAndClose(opened.model, () => checkEncoder(opened.model, opened.manifest, opened.reopen));
  }
  if ((await families('highlighters')).includes(manifest.family)) {
    const { model } = await openFiles('highlighters', name, options);
    return checkAndClose(model, () => checkHighlighter(model));
  }
  const { model } = await openFiles('segmenters', name, options);
  return checkAndClose(model, () => checkSegmenter(model));
}

async function checkAndClose(
  model: Encoder | Segmenter | Highlighter,
  run: () => Promise<SelfCheck>,
): Promise<SelfCheck> {
  try {
    const check = await run();
    await keepCheck(model.fingerprint, model.name, check);
    return check;
  } finally {
    await model.close();
  }
}

/** Fetches what is missing, opens, and refuses a model from elsewhere that has not passed its self-check. */
async function openModel<Room extends keyof Rooms>(
  room: Room,
  name: string,
  options: OpenOptions,
  check: (opened: Opened<Rooms[Room]>) => Promise<SelfCheck>,
): Promise<Rooms[Room]> {
  const opened = await openFiles(room, name, options);
  const { model, manifest } = opened;
  // What ships with the project or was put here by hand without a hub is checked by its tests and by verify. An early
  // layer that cannot tell copies from others is as it was trained.
  const isOwn = options.layer === undefined;
  if (isCheckOff() || !isOwn || !(manifest.hub || manifest.export)) return model;
  try {
    let result = await knownCheck(model.fingerprint);
    if (!result) {
      result = await check(opened);
      await keepCheck(model.fingerprint, name, result);
    }
    refuseFailed(result, manifest);
    return model;
  } catch (error) {
    await model.close();
    throw error;
  }
}

async function openFiles<Room extends keyof Rooms>(
  room: Room,
  name: string,
  options: OpenOptions,
): Promise<Opened<Rooms[Room]>> {
  const found = await filesIn(room, name, options);
  const { manifest, files, added } = await atLayer(found.manifest, found.files, options);
  const file = new URL(`../${room}/${manifest.family}.js`, import.meta.url);
  const graphs = await inEightBits(files, options.eightBits ?? {});
  // The file's name is the family and the schema has checked the family's fields: the types meet here.
  const family: { open: OpenFamily<Manifest, Rooms[Room]> } = await import(file.href);
  const reopen = (other: Manifest): Promise<Rooms[Room]> => family.open(other, graphs, { ...options, added });
  return { model: await reopen(manifest), manifest, reopen };
}

/** An encoder's manifest and files, fetched where they are missing, before anything of it is open. @throws as openEncoder. */
export function encoderFiles(name: string, options: OpenOptions): Promise<ModelFiles> {
  return filesIn('encoders', name, options);
}

async function filesIn(room: keyof Rooms, name: string, options: OpenOptions): Promise<ModelFiles> {
  const entry = await findIn(room, name);
  const files = await filesFor(entry, options);
  await refuseOtherWeights(entry, files, options.dtype ?? 'fp32');
  return { manifest: entry.manifest, files };
}

/** The files with the 8-bit forms of some graphs in their places: the fingerprint is then that of those forms. */
async function inEightBits(
  files: Record<string, string>,
  eightBits: EightBits,
): Promise<Record<string, string>> {
  const made = { ...files };
  for (const [role, recipe] of Object.entries(eightBits)) {
    const path = files[role]!;
    made[role] = await eightBitFile({ path, sha256: await knownSha256(path) }, recipe);
  }
  return made;
}

/** The fingerprint needs the sha256 of every file anyway, so a file that was swapped is found before it is opened. */
async function refuseOtherWeights(
  { manifest }: ModelEntry,
  files: Record<string, string>,
  dtype: Dtype,
): Promise<void> {
  const expected = filesOf(manifest, dtype);
  const faults: string[] = [];
  for (const [role, path] of Object.entries(files)) {
    const wanted = expected[role]?.sha256;
    const got = wanted ? await knownSha256(path) : wanted;
    if (got !== wanted) faults.push(`${path} with sha256 ${got}, not ${wanted}`);
  }
  if (faults.length === 0) return;
  throw new LookbookError('models', {
    what: `files of ${manifest.name} are not those of the manifest`,
    got: faults.join('; '),
    expected: 'the sha256 that the manifest gives',
    mend: 'Delete them and open the model again, or fetch them from where they came.',
  });
}

/** The files of a model; what is missing is fetched where the manifest names a hub. */
async function filesFor(entry: ModelEntry, options: OpenOptions): Promise<Record<string, string>> {
  const { dtype = 'fp32', signal } = options;
  // Also of weights that lie here already, in another tool's cache for one.
  if (entry.manifest.hub || entry.manifest.export) await requireConsent(entry.manifest);
  if (entry.manifest.hub && (await lackOf(entry, dtype)).missing.length > 0) {
    const onLine = options.onDownload ?? onConsole();
    await fetchFiles(entry, { dtype, onLine, ...(signal ? { signal } : {}) });
  }
  return modelFiles(entry, dtype);
}

function onConsole(): (line: string) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (line) => {
    if (performance.now() - toldAt < CONSOLE_MS) return;
    toldAt = performance.now();
    console.error(line);
  };
}

async function wrongRoom(room: keyof Rooms, name: string): Promise<LookbookError> {
  const known = await families(room);
  const fitting = (await listModels()).entries.filter(({ manifest }) => known.includes(manifest.family));
  return new LookbookError('models', {
    what: `${name} is none of the ${room}`,
    got: name,
    expected: `one of ${fitting.map(({ manifest }) => manifest.name).join(', ')}`,
    mend: 'Choose one of them in the config cell.',
  });
}
