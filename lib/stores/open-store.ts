/** Opens a store by the form of its name. */
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import type { VectorStore } from '../types.js';
import type { ChromaOptions } from './chroma.js';
import type { ChromaServerOptions } from './chroma-server.js';
import { openFlatStore } from './flat.js';

/**
 * A folder: the embedded Chroma server of that folder. An http(s) URL: a Chroma server that runs there.
 * `flat:<folder>`: exact search over files. `memory:`: the same without files. Folders are taken from the
 * project's root.
 */
export type StoreSpec = string | { folder: string } | { url: string };

export interface StoreOptions extends ChromaOptions, ChromaServerOptions {}

/** @throws when the form is unknown, the folder cannot be used or nothing answers at the URL. */
export async function openStore(spec: StoreSpec, options: StoreOptions = {}): Promise<VectorStore> {
  if (typeof spec === 'object')
    return 'url' in spec ? openRemote(spec.url, options) : openEmbedded(spec.folder, options);
  const text = spec.trim();
  if (text === 'memory:') return openFlatStore();
  if (text.startsWith('flat:')) return openFlatStore(projectPath(folderOf(text.slice('flat:'.length), spec)));
  if (/^https?:\/\//i.test(text)) return openRemote(text, options);
  // One letter and a colon is a drive of Windows.
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) throw unknownForm(spec);
  return openEmbedded(folderOf(text, spec), options);
}

/** The folder of the embedded server that the form names; undefined for any other store. */
export function embeddedFolder(spec: string): string | undefined {
  const text = spec.trim();
  return text && !/^[a-z][a-z0-9+.-]+:/i.test(text) ? projectPath(text) : undefined;
}

async function openEmbedded(folder: string, options: StoreOptions): Promise<VectorStore> {
  // Loaded only here: the flat store serves without Chroma's packages.
  const { openChromaServer } = await import('./chroma-server.js');
  const { openChromaStore } = await import('./chroma.js');
  const place = await openChromaServer(projectPath(folder), options);
  return openChromaStore(place, options).catch(async (error: unknown) => {
    await place.close();
    throw error;
  });
}

async function openRemote(url: string, options: StoreOptions): Promise<VectorStore> {
  if (!URL.canParse(url) || !['', '/'].includes(new URL(url).pathname)) throw unknownForm(url);
  const { openChromaStore } = await import('./chroma.js');
  const here = async (): Promise<void> => undefined;
  return openChromaStore({ url, ensure: here, close: here }, options);
}

function folderOf(text: string, spec: string): string {
  if (!text.trim()) throw unknownForm(spec);
  return text.trim();
}

function unknownForm(spec: string): LookbookError {
  return new LookbookError('store', {
    what: 'the store is not understood',
    got: `"${spec.replace(/\/\/[^/]*@/, '//')}"`,
    expected: 'a folder, http(s)://host:port, flat:<folder> or memory:',
    mend: 'Set CHROMA in the config cell to one of these, such as ".lookbook/chroma".',
  });
}
