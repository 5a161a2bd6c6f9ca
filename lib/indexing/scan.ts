import type { Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import picomatch from 'picomatch';
import { LookbookError, reasonOf } from '../errors.js';
import { isUrl } from '../picture-bytes.js';
import type { Failure, Place } from '../types.js';

/** A file or URL that may be a picture. `size` and `mtimeMs` are 0 for URLs. */
export interface Source extends Place {
  /** What to open: an absolute path or a URL. */
  location: string;
  size: number;
  mtimeMs: number;
  /**
   * When the system last changed anything of it (ctime), which nobody can set back: another file of equal size and time,
   * moved there or edited with its time kept, differs here. Missing while it is so fresh that one more change could bear
   * the same time. 0 for URLs.
   */
  changedMs?: number;
}

export interface Scan {
  sources: Source[];
  /** Left alone, by kind. */
  skipped: Record<string, number>;
  failed: Failure[];
  /** Places that are there but could not be looked at: never gone. */
  unclear: Place[];
  /** Roots that were read whole: only below these may a missing file count as gone. */
  wholeRoots: Set<string>;
  /** Roots that could not be read at all. */
  missingRoots: string[];
  /** root → the number of the disk that its folder lies on. */
  disks: Map<string, number>;
  /** Folders in which nothing lies, below whole roots too: a mount point without its disk looks so. */
  emptyFolders: Place[];
}

export interface ScanOptions {
  extensions: readonly string[];
  exclude: readonly string[];
  signal?: AbortSignal;
}

/** Files looked at side by side. */
const STATS_AT_ONCE = 64;

/** How coarse the clock of a file's changes is: 10 ms in the slowest kernels, and twice that to be sure. */
const TICK_MS = 20;
/** Disks that tell whole seconds only: FAT counts in steps of two. */
const COARSE_TICK_MS = 2000;

/**
 * Lists what lies at the sources, in the order of their names. A source that is missing is remembered, not fatal,
 * as long as another one is there.
 * @throws LookbookError when none of the sources exists, or a .csv has no `path` column.
 */
export async function scan(images: readonly string[], options: ScanOptions): Promise<Scan> {
  const walk = new Walk(options);
  for (const source of images) await walk.source(source);
  const { found } = walk;
  if (found.missingRoots.length === images.length) {
    throw new LookbookError('scan', {
      what: 'there is nothing at the place of the pictures',
      got: found.missingRoots.join(', '),
      expected: 'a folder, a file or a .csv that exists',
      mend: 'Create it and put pictures in, or change IMAGES in the config cell.',
    });
  }
  return found;
}

class Walk {
  readonly found: Scan = {
    sources: [],
    skipped: {},
    failed: [],
    unclear: [],
    wholeRoots: new Set(),
    missingRoots: [],
    disks: new Map(),
    emptyFolders: [],
  };
  readonly #options: ScanOptions;
  readonly #excluded: (path: string) => boolean;
  readonly #extensions: Set<string>;

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#extensions = new Set(options.extensions);
    this.#excluded = options.exclude.length ? picomatch([...options.exclude], { dot: true }) : () => false;
  }

  async source(source: string): Promise<void> {
    const facts = await stat(source).catch(() => null);
    if (!facts) this.found.missingRoots.push(source);
    else if (facts.isDirectory()) await this.#root(source, facts.dev);
    else if (source.toLowerCase().endsWith('.csv')) await this.#table(source);
    else
      this.#take({
        root: dirname(source),
        path: basename(source),
        location: source,
        ...lookOf(facts),
      });
  }

  async #root(root: string, disk: number): Promise<void> {
    this.found.disks.set(root, disk);
    if (await this.#descend(root, '', new Set())) this.found.wholeRoots.add(root);
  }

  /** @returns whether everything below could be listed. */
  async #folder(root: string, below: string, above: ReadonlySet<string>): Promise<boolean> {
    this.#options.signal?.throwIfAborted();
    const folder = join(root, below);
    let names: Buffer[];
    try {
      names = (await readdir(folder, { encoding: 'buffer' })).sort(Buffer.compare);
    } catch (error) {
      this.#fail(folder, `the folder cannot be read: ${reasonOf(error)}`);
      return false;
    }
    if (names.length === 0) this.found.emptyFolders.push({ root, path: below });
    let complete = true;
    const folders: string[] = [];
    for (let start = 0; start < names.length; start += STATS_AT_ONCE) {
      const part = names.slice(start, start + STATS_AT_ONCE).map((name) => this.#entry(root, below, name));
      for (const result of await Promise.all(part)) if (result) folders.push(result);
    }
    for (const path of folders) complete = (await this.#descend(root, path, above)) && complete;
    return complete;
  }

  /** Takes a file; gives the path of a folder back, to be read afterwards. */
  async #entry(root: string, below: string, raw: Buffer): Promise<string | null> {
    const name = raw.toString('utf8');
    const path = below ? `${below}/${name}` : name;
    if (!Buffer.from(name, 'utf8').equals(raw)) {
      this.#fail(join(root, path), 'the name is not UTF-8, so it cannot be kept: rename it');
      return null;
    }
    if (name.startsWith('._')) return this.#skip('sidecar');
    if (name.startsWith('.')) return this.#skip('hidden');
    if (this.#excluded(path)) return this.#skip('excluded');
    const location = join(root, path);
    try {
      const facts = await stat(location);
      if (facts.isDirectory()) return path;
      if (!facts.isFile()) return this.#skip('no plain file');
      this.#take({ root, path, location, ...lookOf(facts) });
    } catch (error) {
      this.found.unclear.push({ root, path });
      this.#fail(location, reasonOf(error));
    }
    return null;
  }

  async #descend(root: string, path: string, above: ReadonlySet<string>): Promise<boolean> {
    const real = await realpath(join(root, path)).catch(() => null);
    if (real === null) {
      this.#fail(join(root, path), 'the folder cannot be followed');
      return false;
    }
    if (above.has(real)) {
      this.#fail(join(root, path), 'a link that leads back to a folder above it');
      return true;
    }
    if (this.#looksLikePicture(path))
      this.#fail(join(root, path), 'a folder with the name of a picture; its contents were read');
    return this.#folder(root, path, new Set([...above, real]));
  }

  async #table(table: string): Promise<void> {
    for (const value of pathColumn(table, await readFile(table, 'utf8'))) {
      if (isUrl(value)) {
        this.found.sources.push({
          root: table,
          path: value,
          location: value,
          size: 0,
          mtimeMs: 0,
          changedMs: 0,
        });
        continue;
      }
      const location = resolve(dirname(table), value);
      try {
        const facts = await stat(location);
        if (facts.isFile()) this.found.sources.push({ root: table, path: value, location, ...lookOf(facts) });
        else this.#fail(location, 'not a file');
      } catch (error) {
        // The table still names it: it may lie on a disk that is not mounted.
        this.found.unclear.push({ root: table, path: value });
        this.#fail(location, reasonOf(error));
      }
    }
    this.found.wholeRoots.add(table);
  }

  #take(source: Source): void {
    if (this.#looksLikePicture(source.path)) this.found.sources.push(source);
    else this.#skip(`extension ${/\.[^./]+$/.exec(source.path)?.[0].toLowerCase() ?? '(none)'}`);
  }

  #looksLikePicture(path: string): boolean {
    const extension = /\.([^./]+)$/.exec(path)?.[1];
    return extension !== undefined && this.#extensions.has(extension.toLowerCase());
  }

  #skip(kind: string): null {
    this.found.skipped[kind] = (this.found.skipped[kind] ?? 0) + 1;
    return null;
  }

  #fail(path: string, reason: string): void {
    this.found.failed.push({ path, reason });
  }
}

/** By what a file is known again without being read. */
function lookOf({ size, mtimeMs, ctimeMs }: Stats): Pick<Source, 'size' | 'mtimeMs' | 'changedMs'> {
  const tick = ctimeMs % 1000 === 0 ? COARSE_TICK_MS : TICK_MS;
  const isFresh = Math.abs(Date.now() - ctimeMs) < tick;
  return { size, mtimeMs, ...(isFresh ? {} : { changedMs: ctimeMs }) };
}

/** The `path` column of a comma separated table with a head line; empty cells are left out, doubles taken once. */
function pathColumn(table: string, text: string): string[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(text, {
      columns: true,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
    });
  } catch (cause) {
    throw new LookbookError('scan', {
      what: 'a table of pictures cannot be read',
      got: `${table}: ${reasonOf(cause)}`,
      expected: 'comma separated values with a head line',
      mend: 'Repair the table.',
      cause,
    });
  }
  if (rows[0] && !('path' in rows[0])) {
    throw new LookbookError('scan', {
      what: 'a table of pictures has no column named path',
      got: Object.keys(rows[0]).join(', '),
      expected: 'path, with files and http(s) URLs',
      mend: `Name the column of ${table} path.`,
    });
  }
  return [...new Set(rows.map((row) => row.path ?? '').filter(Boolean))];
}
