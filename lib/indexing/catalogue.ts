import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LookbookError } from '../errors.js';
import type { Place } from '../types.js';
import { writeWhole } from '../whole-file.js';

/** What was found at one place when it was last read. */
export interface CatalogueEntry extends Place {
  size: number;
  mtimeMs: number;
  /** See `Source`; without it the place is read again. */
  changedMs?: number;
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
  /** @throws LookbookError when a line could not be written. */
  close(): Promise<void>;
}

/** The file is written anew when it holds this many times more lines than places, small ones never. */
const WASTE = 3;
const LEAST_LINES = 50;

/** @throws LookbookError when the file cannot be read, or its folder not be made. */
export async function openCatalogue(path: string): Promise<Catalogue> {
  const text = await read(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw notWritten(path, error);
  });
  const entries = new Map<string, CatalogueEntry>();
  const written = text.split('\n');
  for (const line of written) apply(entries, line);
  let lines = written.length;
  let file: WriteStream | undefined;
  let failure: Error | undefined;
  // A line that a kill cut short must not swallow the next one.
  let glue = text === '' || text.endsWith('\n') ? '' : '\n';
  const append = (line: unknown): void => {
    if (!file) {
      file = createWriteStream(path, { flags: 'a' });
      file.on('error', (error) => {
        failure ??= error;
      });
    }
    file.write(`${glue}${JSON.stringify(line)}\n`);
    glue = '';
    lines++;
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
    close: async () => {
      if (!file) return;
      // A stream that failed has closed itself already.
      const ended = file.closed ? undefined : new Promise<void>((resolve) => file?.once('close', resolve));
      file.end();
      await ended;
      if (failure) throw notWritten(path, failure);
      // Only who has written, alone under the index lock, makes the file short again.
      if (lines > WASTE * (entries.size + LEAST_LINES)) await writeWhole(path, linesOf(entries));
    },
  };
}

async function read(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  return readFile(path, 'utf8');
}

function linesOf(entries: ReadonlyMap<string, CatalogueEntry>): string {
  return [...entries.values()].map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

function notWritten(path: string, cause: Error): LookbookError {
  return new LookbookError('index', {
    what: 'the catalogue cannot be written',
    got: `${path}: ${cause.message}`,
    expected: 'a folder that may be written, with room on its disk',
    mend: 'Make room or change the permissions; the next run hashes the files again and encodes none twice.',
    cause,
  });
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
