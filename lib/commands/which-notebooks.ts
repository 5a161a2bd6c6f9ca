import { readdir } from 'node:fs/promises';
import { LookbookError } from '../errors.js';

/** What runs where nothing is said: the main job. */
const USUAL: readonly string[] = ['01-index', '02-query'];

export interface Asked {
  /** After the command's name: `--all` runs every notebook, in the order of their names. */
  args: readonly string[];
  /** LOOKBOOK_NOTEBOOKS: names with commas between them, run in this order. */
  listed?: string | undefined;
}

/**
 * The notebooks that `npm start` runs, by name without `.ipynb`.
 * @param folder where they lie.
 * @throws LookbookError that lists the known ones, when one that was named is not there, or an argument is none.
 */
export async function whichNotebooks(folder: string, { args, listed }: Asked): Promise<string[]> {
  const unknown = args.filter((arg) => arg !== '--all');
  if (unknown.length)
    throw problem(unknown.join(' '), '--all, or nothing', 'npm start -- --all runs every notebook.');
  const known = (await readdir(folder))
    .filter((file) => file.endsWith('.ipynb'))
    .map((file) => file.slice(0, -'.ipynb'.length))
    .sort();
  if (args.includes('--all')) return known;
  const names = (listed ?? '')
    .split(',')
    .map((name) => name.trim().replace(/\.ipynb$/, ''))
    .filter(Boolean);
  const missing = names.filter((name) => !known.includes(name));
  if (missing.length)
    throw problem(missing.join(', '), known.join(', '), 'Name one of them in LOOKBOOK_NOTEBOOKS.');
  return names.length ? names : [...USUAL];
}

function problem(got: string, expected: string, mend: string): LookbookError {
  return new LookbookError('start', { what: 'there is nothing of that name to run', got, expected, mend });
}
