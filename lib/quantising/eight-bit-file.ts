import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { LookbookError, reasonOf } from '../errors.js';
import { derivedPath } from '../paths.js';
import { writeWhole } from '../whole-file.js';
import { REWRITE_VERSION, type Recipe, rewritten, roundable } from './rewrite.js';

/** A graph's file and its sha256. */
export interface GraphFile {
  path: string;
  sha256: string;
}

/** Larger files are no protobuf, and no Buffer of every Node. */
const LARGEST_BYTES = 2 ** 31 - 1;

const making = new Map<string, Promise<string>>();

/**
 * The 8-bit form of a graph, written once below the derived files and named by what it was made of; the same bytes on
 * every machine.
 * @returns its path.
 * @throws LookbookError that says why the graph has none: no products, weights in other files, too large, too old.
 */
export async function eightBitFile(graph: GraphFile, recipe: Recipe): Promise<string> {
  const path = placeOf(graph, recipe);
  if (await stat(path).catch(() => null)) return path; // not there is an answer here, not a fault
  const made = making.get(path) ?? make(graph, recipe, path);
  making.set(path, made);
  try {
    return await made;
  } finally {
    making.delete(path);
  }
}

/** Removes a form that was made for a trial only. */
export async function removeEightBitFile(graph: GraphFile, recipe: Recipe): Promise<void> {
  await rm(placeOf(graph, recipe), { force: true });
}

/** The names of the products that may be in 8 bits, in the graph's order. @throws as eightBitFile. */
export function roundableProducts(graph: GraphFile): Promise<string[]> {
  return reading(graph, (bytes) => roundable(bytes));
}

function placeOf({ sha256 }: GraphFile, { keep }: Recipe): string {
  const made = JSON.stringify([REWRITE_VERSION, sha256, [...new Set(keep)].sort()]);
  return derivedPath('int8', `${createHash('sha256').update(made).digest('hex').slice(0, 32)}.onnx`);
}

async function make(graph: GraphFile, recipe: Recipe, path: string): Promise<string> {
  const { parts } = await reading(graph, (bytes) => rewritten(bytes, recipe));
  await writeWhole(path, parts());
  return path;
}

async function reading<Result>({ path }: GraphFile, work: (bytes: Buffer) => Result): Promise<Result> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_BYTES) throw new Error('it is larger than 2 GB');
    return work(await readFile(path));
  } catch (cause) {
    throw new LookbookError('int8', {
      what: 'a graph has no form of 8 bits',
      got: `${path}: ${reasonOf(cause)}`,
      expected: 'one ONNX file of matrix products with constant weights',
      mend: 'Set DTYPE to fp32 in the config cell.',
      cause,
    });
  }
}
