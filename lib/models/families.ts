import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LookbookError } from '../errors.js';
import type { Encoder, Segmenter } from '../types.js';
import type { OpenOptions } from './identity.js';
import type { Manifest } from './manifest.js';
import { findModel, listModels, modelFiles } from './registry.js';

/** What each file of lib/encoders and lib/segmenters exports as `open`; the file's name is the family. */
export type OpenFamily<Family extends Manifest, Model> = (
  manifest: Family,
  files: Record<string, string>,
  options: OpenOptions,
) => Promise<Model>;

/** Opens the encoder of a manifest. @throws LookbookError: unknown name (lists the known), no encoder, files missing. */
export async function openEncoder(name: string, options: OpenOptions): Promise<Encoder> {
  return openModel<Encoder>('encoders', name, options);
}

/** Opens the segmenter of a manifest. @throws as openEncoder. */
export async function openSegmenter(name: string, options: OpenOptions): Promise<Segmenter> {
  return openModel<Segmenter>('segmenters', name, options);
}

/** The families of a room: its directory listing. */
export async function families(room: 'encoders' | 'segmenters'): Promise<string[]> {
  const files = await readdir(new URL(`../${room}/`, import.meta.url));
  return files.filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -'.js'.length));
}

async function openModel<Model>(
  room: 'encoders' | 'segmenters',
  name: string,
  options: OpenOptions,
): Promise<Model> {
  const entry = await findModel(name);
  const file = new URL(`../${room}/${entry.manifest.family}.js`, import.meta.url);
  if (!existsSync(fileURLToPath(file))) throw await wrongRoom(room, name);
  const files = await modelFiles(entry);
  // The file's name is the family and the schema has checked the family's fields: the types meet here.
  const family: { open: OpenFamily<Manifest, Model> } = await import(file.href);
  return family.open(entry.manifest, files, options);
}

async function wrongRoom(room: 'encoders' | 'segmenters', name: string): Promise<LookbookError> {
  const known = await families(room);
  const fitting = (await listModels()).filter(({ manifest }) => known.includes(manifest.family));
  return new LookbookError('models', {
    what: `${name} is none of the ${room}`,
    got: name,
    expected: `one of ${fitting.map(({ manifest }) => manifest.name).join(', ')}`,
    mend: 'Choose one of them in the config cell.',
  });
}
