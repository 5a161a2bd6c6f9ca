import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LookbookError, reasonOf } from '../errors.js';
import { hashFile } from '../hub/facts.js';
import { projectPath } from '../paths.js';
import { hubManifest, hubManifestPath } from './from-hub/manifests.js';
import { isHubName } from './from-hub/repository.js';
import { type Dtype, type DtypeChoice, type Manifest, type ManifestFile, readManifest } from './manifest.js';
import { graphOfData, locate, modelFolders, ownFolders, sizeFault } from './places.js';

/** A manifest and where each of its files was found; null where it lies nowhere. */
export interface ModelEntry {
  manifest: Manifest;
  /** The JSON file that holds the manifest. */
  origin: string;
  /** Of the files that are fp32. */
  found: Record<string, string | null>;
  /** Every one of them is there. */
  ready: boolean;
}

/** What models/ and the folders of LOOKBOOK_MODELS hold: sound manifests, and in words what is wrong with the others. */
export interface ModelList {
  entries: ModelEntry[];
  faults: string[];
}

/** The forms that weights may have. */
export const DTYPES: readonly Dtype[] = ['fp32', 'fp16', 'q8'];

/** What a config may ask for. */
export const DTYPE_CHOICES: readonly DtypeChoice[] = [...DTYPES, 'int8', 'auto'];

/** The form of the files that a choice begins with. */
export function fileDtype(choice: DtypeChoice): Dtype {
  return choice === 'int8' || choice === 'auto' ? 'fp32' : choice;
}

/** Lies beside the manifests, and is none. */
const SCHEMA = 'manifest.schema.json';

/** Larger JSON files are tokenizers and the like. */
const LARGEST_MANIFEST = 2 ** 20;

/** The names of models/*.json and of the manifests in LOOKBOOK_MODELS: the directory listing is the registry. */
export async function modelNames(): Promise<string[]> {
  return [...(await manifestPaths()).keys()].sort();
}

export async function listModels(): Promise<ModelList> {
  const settled = await Promise.allSettled((await modelNames()).map(findModel));
  return {
    entries: settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    faults: settled.flatMap((result) => (result.status === 'rejected' ? [reasonOf(result.reason)] : [])),
  };
}

/**
 * Finds a model by the name of its manifest, or by that of its hub repository (hf:owner/name@revision).
 * @throws LookbookError that lists the known names when there is no such manifest, or what is wrong with it.
 */
export async function findModel(name: string): Promise<ModelEntry> {
  if (isHubName(name)) return entryOf(await hubManifest(name), hubManifestPath(name));
  const paths = await manifestPaths();
  const origin = paths.get(name);
  if (origin !== undefined) return entryOf(await readManifest(origin, name), origin);
  throw new LookbookError('models', {
    what: 'no model of that name',
    got: JSON.stringify(name),
    expected: `one of ${[...paths.keys()].sort().join(', ')}, or hf:owner/name@revision`,
    mend: 'Choose one of them, or add models/<name>.json.',
  });
}

async function entryOf(manifest: Manifest, origin: string): Promise<ModelEntry> {
  const found = await locate(manifest, manifest.files);
  return { manifest, origin, found, ready: Object.values(found).every((path) => path !== null) };
}

/** The forms that a model's weights have. */
export function dtypesOf({ variants }: Manifest): Dtype[] {
  return DTYPES.filter((dtype) => dtype === 'fp32' || variants?.[dtype] !== undefined);
}

/** The form of a model that runs beside another one of which a form is wished: that one where there is it, else fp32. */
export async function dtypeBeside(name: string, wish: Dtype): Promise<Dtype> {
  const { manifest } = await findModel(name);
  return dtypesOf(manifest).includes(wish) ? wish : 'fp32';
}

/**
 * The files of one form of a model, by role: what the variant names stands in, and takes the external data of the graph
 * that it replaces with it.
 * @throws LookbookError that lists the forms there are.
 */
export function filesOf(manifest: Manifest, dtype: Dtype = 'fp32'): Record<string, ManifestFile> {
  if (dtype === 'fp32') return manifest.files;
  const variant = manifest.variants?.[dtype];
  if (!variant) {
    throw new LookbookError('models', {
      what: `${manifest.name} has no weights of that form`,
      got: String(dtype),
      expected: `one of ${dtypesOf(manifest).join(', ')}`,
      mend: 'Change DTYPE in the config cell, or choose another model of `npm run models -- list`.',
    });
  }
  const kept = Object.entries(manifest.files).filter(
    ([role]) => !Object.hasOwn(variant, graphOfData(role) ?? ''),
  );
  return { ...Object.fromEntries(kept), ...variant };
}

/** What of a model is not on this machine as its manifest says: absent roles, and in words what has another size. */
export interface Lack {
  files: Record<string, ManifestFile>;
  found: Record<string, string | null>;
  missing: string[];
  cut: string[];
}

/** Looks for the files of one form of a model. */
export async function lackOf({ manifest }: ModelEntry, dtype: Dtype = 'fp32'): Promise<Lack> {
  const files = filesOf(manifest, dtype);
  const found = await locate(manifest, files);
  const missing = Object.keys(files).filter((role) => (found[role] ?? null) === null);
  const places = Object.entries(found).flatMap(([role, path]) => (path === null ? [] : [{ role, path }]));
  const faults = await Promise.all(places.map(({ role, path }) => sizeFault(path, files[role])));
  return { files, found, missing, cut: faults.filter((fault) => fault !== null) };
}

/**
 * The files of one form of a model, by role.
 * @throws LookbookError that lists every missing or cut file with the places that were searched.
 */
export async function modelFiles(entry: ModelEntry, dtype: Dtype = 'fp32'): Promise<Record<string, string>> {
  const { manifest } = entry;
  const { files, found, missing, cut } = await lackOf(entry, dtype);
  if (cut.length) {
    throw new LookbookError('models', {
      what: `files of ${manifest.name} are not those of the manifest`,
      got: cut.join('; '),
      expected: 'the sizes that the manifest gives',
      mend: `Delete them and get them again: ${wayTo(manifest)}`,
    });
  }
  if (missing.length)
    throw missingFiles(
      manifest,
      missing.map((role) => files[role]!.path),
    );
  return Object.fromEntries(Object.entries(found).flatMap(([role, path]) => (path ? [[role, path]] : [])));
}

function missingFiles(manifest: Manifest, paths: readonly string[]): LookbookError {
  return new LookbookError('models', {
    what: `the weights of ${manifest.name} are not on this machine`,
    got: `no ${paths.join(', no ')}`,
    expected: `them in ${[...modelFolders(manifest), ...ownFolders()].join(' or ')}`,
    mend: wayTo(manifest),
  });
}

/** How a person gets the files of a model. */
function wayTo({ name, hub, export: made, source }: Manifest): string {
  if (hub) return `\`npm run models -- pull ${name}\` fetches them.`;
  if (made) return `No hub has them as ONNX: \`npm run models -- export ${name}\` makes them.`;
  return `They come from ${source}; put them there, or name the folder that holds them in LOOKBOOK_MODELS.`;
}

/** Compares size and sha256 of each file with the manifest: what differs, or an empty list. */
export async function verifyModel(name: string, dtype: Dtype = 'fp32'): Promise<string[]> {
  const entry = await findModel(name);
  const expected = filesOf(entry.manifest, dtype);
  const files = await modelFiles(entry, dtype);
  const faults: string[] = [];
  for (const [role, path] of Object.entries(files)) {
    const [want, got] = [expected[role]?.sha256 ?? null, await hashFile(path)];
    if (want === null) faults.push(`${path}: sha256 ${got}, none in the manifest`);
    else if (got !== want) faults.push(`${path}: got sha256 ${got}, expected ${want}`);
  }
  return faults;
}

/** Name → file; models/ wins over the folders of LOOKBOOK_MODELS, and those in their order. */
async function manifestPaths(): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  const shipped = projectPath('models');
  for (const folder of [shipped, ...ownFolders()]) {
    const files = await readdir(folder).catch(() => []); // a folder of LOOKBOOK_MODELS that is not mounted
    for (const file of files.filter((name) => /^[^.].*\.json$/.test(name) && name !== SCHEMA)) {
      const [name, path] = [file.slice(0, -'.json'.length), join(folder, file)];
      if (!paths.has(name) && (folder === shipped || (await isManifest(path)))) paths.set(name, path);
    }
  }
  return paths;
}

/** Whether a JSON file means to be a manifest: folders of weights hold config.json, tokenizer.json and more. */
async function isManifest(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => null);
  if (!facts?.isFile() || facts.size > LARGEST_MANIFEST) return false;
  const text = await readFile(path, 'utf8');
  return /"family"\s*:/.test(text) && /"files"\s*:/.test(text);
}
