import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import { type Manifest, type ManifestFile, readManifest } from './manifest.js';

/** A manifest and where each of its files was found; null where it lies nowhere. */
export interface ModelEntry {
  manifest: Manifest;
  found: Record<string, string | null>;
  /** Every file is there. */
  ready: boolean;
}

/** The names that models/*.json gives: the directory listing is the registry. */
export async function modelNames(): Promise<string[]> {
  const files = await readdir(projectPath('models'));
  return files
    .filter((file) => file.endsWith('.json') && file !== 'manifest.schema.json')
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

export async function listModels(): Promise<ModelEntry[]> {
  return Promise.all((await modelNames()).map(findModel));
}

/** @throws LookbookError that lists the known names when there is no such manifest. */
export async function findModel(name: string): Promise<ModelEntry> {
  const names = await modelNames();
  if (!names.includes(name)) {
    throw new LookbookError('models', {
      what: 'no model of that name',
      got: JSON.stringify(name),
      expected: `one of ${names.join(', ')}`,
      mend: 'Choose one of them, or add models/<name>.json.',
    });
  }
  const manifest = await readManifest(projectPath(`models/${name}.json`), name);
  const places = Object.entries(manifest.files).map(
    async ([role, file]) => [role, await locate(manifest, file)] as const,
  );
  const found = Object.fromEntries(await Promise.all(places));
  return { manifest, found, ready: Object.values(found).every((path) => path !== null) };
}

/**
 * The files of a model, by role.
 * @throws LookbookError that lists every missing or cut file with the places that were searched.
 */
export async function modelFiles(entry: ModelEntry): Promise<Record<string, string>> {
  const { manifest, found } = entry;
  const missing = Object.keys(found).filter((role) => found[role] === null);
  if (missing.length) {
    throw new LookbookError('models', {
      what: `the weights of ${manifest.name} are not on this machine`,
      got: `no ${missing.map((role) => manifest.files[role]?.path).join(', no ')}`,
      expected: `them in ${modelFolders(manifest).join(' or ')}`,
      mend: `They come from ${manifest.source}; put them there, or name the folder that holds them in LOOKBOOK_MODELS.`,
    });
  }
  const files = Object.entries(found).flatMap(([role, path]) =>
    path === null ? [] : [[role, path] as const],
  );
  const faults = await Promise.all(files.map(([role, path]) => sizeFault(path, manifest.files[role])));
  const cut = faults.filter((fault) => fault !== null);
  if (cut.length) {
    throw new LookbookError('models', {
      what: `files of ${manifest.name} are not those of the manifest`,
      got: cut.join('; '),
      expected: 'the sizes that the manifest gives',
      mend: `Fetch them again from ${manifest.source}.`,
    });
  }
  return Object.fromEntries(files);
}

/** Compares size and sha256 of each file with the manifest: what differs, or an empty list. */
export async function verifyModel(name: string): Promise<string[]> {
  const entry = await findModel(name);
  const files = await modelFiles(entry);
  const faults = await Promise.all(
    Object.entries(files).map(async ([role, path]) => {
      const expected = entry.manifest.files[role]?.sha256;
      const got = await sha256(path);
      if (expected === null || expected === undefined) return `${path}: sha256 ${got}, none in the manifest`;
      return got === expected ? null : `${path}: got sha256 ${got}, expected ${expected}`;
    }),
  );
  return faults.filter((fault) => fault !== null);
}

/** sha256 of a file in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** models/<folder>, then in each folder of LOOKBOOK_MODELS: its <folder>, or the files directly. */
function modelFolders(manifest: Manifest): string[] {
  const folder = manifest.folder ?? manifest.name;
  const more = (process.env.LOOKBOOK_MODELS ?? '').split(delimiter).filter(Boolean).map(projectPath);
  return [projectPath(`models/${folder}`), ...more.flatMap((root) => [join(root, folder), root])];
}

async function locate(manifest: Manifest, file: ManifestFile): Promise<string | null> {
  for (const folder of modelFolders(manifest)) {
    const path = join(folder, file.path);
    if (await isFile(path)) return path;
  }
  return null;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // not there is an answer here, not a fault
  }
}

async function sizeFault(path: string, file: ManifestFile | undefined): Promise<string | null> {
  const { size } = await stat(path);
  return file?.bytes == null || file.bytes === size ? null : `${path} of ${size} bytes, not ${file.bytes}`;
}
