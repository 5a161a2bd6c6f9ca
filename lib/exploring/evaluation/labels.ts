/** Which class each picture has. */
import { basename, dirname } from 'node:path';
import { LookbookError } from '../../errors.js';
import { isUrl } from '../../picture-bytes.js';
import type { LabelTable } from '../../types.js';
import { counted } from '../../words.js';
import { finder, firstOf, type Placed, readTable } from './tables.js';

/** Classes of pictures, in the pictures' order; a picture that lies in two folders has two, one without any is left out. */
export interface Labels {
  /** Where they come from, in words. */
  from: string;
  of: (readonly string[])[];
  notes: string[];
}

/**
 * As the options say. Without a word it is the names of folders, where these tell pictures apart.
 * @returns null where there are no classes to go by.
 * @throws LookbookError when a table names pictures that are not there, or parts nothing.
 */
export async function labelsOf(
  wish: string | LabelTable | null | undefined,
  pictures: readonly Placed[],
): Promise<Labels | null> {
  if (wish === null) return null;
  const labels = wish === undefined ? folderLabels(pictures) : await tableLabels(wish, pictures);
  const { classes, several } = shapeOf(labels.of);
  if (classes >= 2 && several >= 1) return { ...labels, notes: [...labels.notes, ...lonely(labels)] };
  if (wish === undefined) return null;
  throw new LookbookError('evaluate', {
    what: 'these labels tell no pictures apart',
    got: `${counted(classes, 'class', 'classes')}, ${several} of them with several pictures, in ${labels.from}`,
    expected: 'two or more classes, and two pictures or more in one of them',
    mend: 'Name more pictures in it, or leave labels out for figures without any.',
  });
}

/** The last folder of each place. What lies in a root itself has the root's name where there are several. */
function folderLabels(pictures: readonly Placed[]): Labels {
  const roots = new Set(pictures.flatMap(({ places }) => places.map(({ root }) => root)));
  const of = pictures.map(({ places }) => {
    const names = places.map(({ root, path }) => {
      const folder = isUrl(path) ? dirname(new URL(path).pathname) : dirname(path);
      if (folder !== '.') return decoded(basename(folder));
      return roots.size > 1 && !root.toLowerCase().endsWith('.csv') ? basename(root) : '';
    });
    return [...new Set(names.filter(Boolean))];
  });
  const without = of.filter((names) => names.length === 0).length;
  const notes = without
    ? [`${counted(without, 'picture')} in no folder of a class ${without === 1 ? 'was' : 'were'} left out.`]
    : [];
  return { from: 'the names of folders', of, notes };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a folder whose own name holds a percent sign
  }
}

async function tableLabels(source: string | LabelTable, pictures: readonly Placed[]): Promise<Labels> {
  const { from, entries, base } = await readTable(source, ['path', 'class']);
  const find = finder(pictures, base);
  const of: string[][] = pictures.map(() => []);
  const missing: string[] = [];
  const odd: string[] = [];
  for (const [path, label] of entries) {
    const index = find(path);
    if (typeof label !== 'string' || label === '') odd.push(path);
    else if (index === undefined) missing.push(path);
    else if (!of[index]!.includes(label)) of[index]!.push(label);
  }
  const problems = [
    ...(odd.length ? [firstOf(odd, 'path without a class', 'paths without a class')] : []),
    ...(missing.length ? [firstOf(missing, 'missing file')] : []),
    ...(entries.length ? [] : ['no line at all']),
  ];
  if (problems.length) {
    throw new LookbookError('evaluate', {
      what: `${from} does not fit the pictures`,
      got: problems.join('; '),
      expected: 'paths of indexed pictures, each with a class',
      mend: 'Index these pictures first, or take their lines out.',
    });
  }
  const without = of.filter((names) => names.length === 0).length;
  const notes = without
    ? [`${counted(without, 'picture')} without a label ${without === 1 ? 'was' : 'were'} left out.`]
    : [];
  return { from, of, notes };
}

function shapeOf(of: readonly (readonly string[])[]): { classes: number; several: number } {
  const sizes = [...sizesOf(of).values()];
  return { classes: sizes.length, several: sizes.filter((size) => size > 1).length };
}

/** Class → number of its pictures. */
export function sizesOf(of: readonly (readonly string[])[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const label of of.flat()) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  return sizes;
}

/** The fifteen neighbours of the score, and the picture that asks. */
const FULL_CLASS = 16;

function lonely({ of }: Labels): string[] {
  const sizes = [...sizesOf(of).values()];
  const alone = sizes.filter((size) => size === 1).length;
  const few = sizes.filter((size) => size > 1 && size < FULL_CLASS).length;
  return [
    ...(alone
      ? [
          `${counted(alone, 'class', 'classes')} of one picture ${alone === 1 ? 'asks' : 'ask'} for nothing, and only ${alone === 1 ? 'stands' : 'stand'} among the answers.`,
        ]
      : []),
    ...(few
      ? [
          `${counted(few, 'class', 'classes')} of fewer than ${FULL_CLASS} pictures cannot reach a score of 100, which takes fifteen right neighbours, nor those of k or fewer a full precision.`,
        ]
      : []),
  ];
}
