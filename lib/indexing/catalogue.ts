import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Place } from '../types.js';

/** What was found at one place when it was last read. */
export interface CatalogueEntry extends Place {
  size: number;
  mtimeMs: number;
  imageId?: string;
  /** Why its bytes are no picture; asked again only when they change. */
  reason?: string;
}

/**
 * What is true of this disk: place → content. A cache: without it the next run hashes every file again, but
 * encodes nothing again. One JSON line per change, so that a kill costs at most the last line.
 */
export interface Catalogue {
  readonly get: (place: Place) => CatalogueEntry | undefined;
  set(entry: CatalogueEntry): void;
  delete(place: Place): void;
  entries(): IterableIterator<CatalogueEntry>;
  close(): Promise<void>;
}

/** The file is written anew when it holds this many times more lines than places. */
const WASTE = 3;

export async function openCatalogue(path: string): Promise<Catalogue> {
  await mkdir(dirname(path), { recursive: true });
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const entries = new Map<string, CatalogueEntry>();
  const lines = text.split('\n');
  for (const line of lines) apply(entries, line);
  if (lines.length > 100 && lines.length > WASTE * entries.size) {
    await writeFile(
      `${path}.part`,
      [...entries.values()].map((entry) => `${JSON.stringify(entry)}\n`).join(''),
    );
    await rename(`${path}.part`, path);
  }
  let file: WriteStream | undefined;
  // A line that a kill cut short must not swallow the next one.
  let glue = text === '' || text.endsWith('\n') ? '' : '\n';
  const append = (line: unknown): void => {
    file ??= createWriteStream(path, { flags: 'a' });
    file.write(`${glue}${JSON.stringify(line)}\n`);
    glue = '';
  };
  return {
    get: (place) => entries.get(keyOf(place)),
    set(entry) {
      entries.set(keyOf(entry), entry);
      append(entry);
    },
    delete(place) {
      if (entries.delete(keyOf(place))) append({ root: place.root, path: place.path, gone: true });
    },
    entries: () => entries.values(),
    close: () =>
      new Promise((resolve, reject) => {
        if (!file) return resolve();
        file.on('error', reject);
        file.end(resolve);
      }),
  };
}

/** One key for root and path; NUL occurs in no path. */
export function keyOf({ root, path }: Place): string {
  return `${root}\0${path}`;
}

function apply(entries: Map<string, CatalogueEntry>, line: string): void {
  if (line === '') return;
  let value: Partial<CatalogueEntry> & { gone?: boolean };
  try {
    value = JSON.parse(line);
  } catch {
    return; // a line cut by a kill: its file is hashed again, nothing else
  }
  if (typeof value.root !== 'string' || typeof value.path !== 'string') return;
  const place = { root: value.root, path: value.path };
  if (value.gone) entries.delete(keyOf(place));
  else if (typeof value.size === 'number' && typeof value.mtimeMs === 'number')
    entries.set(keyOf(place), { ...value, ...place, size: value.size, mtimeMs: value.mtimeMs });
}
