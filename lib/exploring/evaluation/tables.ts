/** Files and tables that say of pictures what is true: their classes, or the words that must find them. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { LookbookError, reasonOf } from '../../errors.js';
import { projectPath, projectRoot, shownPath } from '../../paths.js';
import { isUrl } from '../../picture-bytes.js';
import type { Place } from '../../types.js';
import { counted } from '../../words.js';

/** A picture and where it lies. */
export interface Placed {
  imageId: string;
  places: readonly Place[];
  /** The places as a person can open them: absolute paths or URLs. */
  locations: readonly string[];
}

/** What a table holds, line by line: JSON gives its keys and whatever they hold, CSV the two columns. */
export interface Table {
  /** In words, for messages. */
  from: string;
  entries: [string, unknown][];
  /** What relative paths count from. */
  base: string;
}

/** How many of the wrong ones a message names. */
const NAMED = 3;

/**
 * A table in memory, or a file by its ending.
 * @param columns of a CSV file: the one of the keys, the one of the values.
 * @throws LookbookError when the file cannot be read or holds something else.
 */
export async function readTable(
  source: string | Readonly<Record<string, unknown>>,
  columns: readonly [string, string],
): Promise<Table> {
  if (typeof source !== 'string')
    return { from: 'the table given', entries: Object.entries(source), base: projectRoot };
  const file = projectPath(source);
  const from = shownPath(file);
  const base = dirname(file);
  try {
    const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
    if (/\.json$/i.test(file)) return { from, entries: entriesOfJson(text), base };
    return { from, entries: entriesOfCsv(text, columns), base };
  } catch (cause) {
    throw new LookbookError('evaluate', {
      what: 'the file cannot be read',
      got: `${from}: ${reasonOf(cause)}`,
      expected: `JSON with one object, or comma separated values with the columns ${columns.join(' and ')}`,
      mend: 'Repair it, or name another one.',
      cause,
    });
  }
}

function entriesOfJson(text: string): [string, unknown][] {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('it holds no object at its top');
  return Object.entries(value);
}

function entriesOfCsv(text: string, [key, value]: readonly [string, string]): [string, unknown][] {
  const rows: Record<string, string>[] = parse(text, {
    columns: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
  });
  const columns = Object.keys(rows[0] ?? {});
  if (rows.length && !(columns.includes(key) && columns.includes(value)))
    throw new Error(`its columns are ${columns.join(', ')}`);
  return rows.map((row) => [row[key] ?? '', row[value] ?? '']);
}

/**
 * Finds pictures by the paths that people write: absolute ones and URLs, from `base`, and as below a source root.
 * @returns the index of the picture; undefined where there is none, or where two roots hold another one each.
 */
export function finder(pictures: readonly Placed[], base: string): (path: string) => number | undefined {
  const byLocation = new Map<string, number>();
  const byPath = new Map<string, number | undefined>();
  for (const [index, { places, locations }] of pictures.entries()) {
    for (const location of locations) byLocation.set(location, index);
    for (const { path } of places) {
      const known = byPath.has(path) && byPath.get(path) !== index;
      byPath.set(path, known ? undefined : index);
    }
  }
  return (path) => {
    if (isUrl(path)) return byLocation.get(path);
    return byLocation.get(resolve(base, path)) ?? byPath.get(path.replace(/^(\.?\/)+/, ''));
  };
}

/** (paths, 'missing file') → "12 missing files, the first: a.jpg, b.jpg, c.jpg". */
export function firstOf(names: readonly string[], one: string, many: string = `${one}s`): string {
  const shown = names.slice(0, NAMED).map((name) => (name.length > 120 ? `${name.slice(0, 119)}…` : name));
  return `${counted(names.length, one, many)}${names.length > NAMED ? ', the first' : ''}: ${shown.join(', ')}`;
}
