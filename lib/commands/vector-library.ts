/**
 * A lookbook of so many vectors without a picture, kept below the derived files: what a store of that size costs and how it
 * answers is measured on it. The rows are those that an index of photographs writes; the answers that are right were found
 * by comparing every row with every question while it was filled.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '../arithmetic/seeded.js';
import { derivedPath } from '../paths.js';
import { backgroundPrompts } from '../searching/background-prompts.js';
import type { Library } from '../searching/library.js';
import { backgroundOf } from '../searching/relevance.js';
import { openStore } from '../stores/open-store.js';
import type { CollectionSpec, Encoder, VectorCollection, VectorStore } from '../types.js';
import { childAnswer } from './child-answer.js';
import { mixture } from './mixed-vectors.js';
import { recordedVectors } from './recorded-vectors.js';

export const DIMENSION = 512;
/** Groups of the mixture. */
const GROUPS = 1000;
/** Questions, and how many nearest rows of each are known. */
export const QUESTIONS = 200;
export const NEAREST = 10;
/** Raised when the rows change: what was kept is then filled anew. */
const VERSION = 1;

/** `recorded`: what the embedded model gives of real pictures; `mixture`: see mixed-vectors.ts. */
export interface VectorRecipe {
  rows: number;
  from: 'recorded' | 'mixture';
  /** As of HnswSettings; missing is Chroma's own. */
  syncThreshold?: number;
}

/** With Chroma's own syncThreshold of 1000 the list of ids, 84 MB in the end, would be written a thousand times. */
export const LARGEST: VectorRecipe = { rows: 1_000_000, from: 'mixture', syncThreshold: 10_000 };

/** How the store was filled, by a process of its own. */
export interface Filled {
  recipe: VectorRecipe;
  /** Seconds of upserts until so many rows stood in it. */
  points: { rows: number; seconds: number }[];
  /** Resident memory of that process at most, megabytes of 2²⁰: over the first 10,000 rows, and over all. */
  clientMb: { early: number; most: number };
  /** When, for a reader who wonders what else the machine did. */
  at: string;
  /** The ids of the NEAREST of each question, best first. */
  nearest: string[][];
}

export interface VectorLibrary {
  folder: string;
  store: VectorStore;
  pictures: VectorCollection;
  filled: Filled;
  questions: Float32Array[];
  /** To search in; a question is asked by its number: { text: '17' }. */
  library: Library;
  close(): Promise<void>;
}

/** Opens the store, and fills it first where it is not there whole; a million rows take a quarter of an hour and 4 GB. */
export async function openVectorLibrary(
  recipe: VectorRecipe,
  say: (line: string) => void,
): Promise<VectorLibrary> {
  const folder = folderOf(recipe);
  if (!existsSync(filledPath(folder))) {
    say(`filling ${recipe.rows} rows (${recipe.from}) in ${folder}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await childAnswer('vector-library-child', recipe);
  }
  const filled: Filled = JSON.parse(await readFile(filledPath(folder), 'utf8'));
  const questions = await questionsOf(recipe);
  const store = await openStore(join(folder, 'chroma'));
  const pictures = await store.open(specOf(recipe));
  // As many as a search judges by; which they are costs nothing more.
  const judges = backgroundPrompts.map((_, n) => questions[n % questions.length]!);
  const background = backgroundOf(judges, DIMENSION);
  const library: Library = {
    encoder: asking(questions),
    pictures,
    segments: null,
    segmentsMarker: null,
    labels: [],
    minSegmentArea: 0.002,
    allowPrivateUrls: false,
    background: async () => background,
    labelVectors: async () => [],
    locate: ({ root, path }) => `${root}/${path}`,
  };
  return { folder, store, pictures, filled, questions, library, close: () => store.close() };
}

export function folderOf({ rows, from }: VectorRecipe): string {
  return derivedPath('bench', `vectors-v${VERSION}`, `${from}-${rows}`);
}

export function filledPath(folder: string): string {
  return join(folder, 'filled.json');
}

/** All else is the product's own default, so that what is measured is what people get. */
export function specOf({ rows, from, syncThreshold }: VectorRecipe): CollectionSpec {
  return {
    name: `vectors.pictures.${rows}`,
    dimension: DIMENSION,
    fingerprint: `${from}-v${VERSION}`,
    ...(syncThreshold === undefined ? {} : { hnsw: { syncThreshold } }),
  };
}

/** Rows page by page. */
export async function pagesOf({ from }: VectorRecipe): Promise<(rows: number) => Float32Array> {
  if (from === 'mixture') return mixture({ dimension: DIMENSION, groups: GROUPS, seed: 1 });
  const { pictures } = await recordedVectors();
  let at = 0;
  return (rows) => {
    at += rows;
    return pictures.slice((at - rows) * DIMENSION, at * DIMENSION);
  };
}

/** Of the mixture: further rows of the same groups. Of what was recorded: the vectors of words. */
export async function questionsOf({ from }: VectorRecipe): Promise<Float32Array[]> {
  const block =
    from === 'mixture'
      ? mixture({ dimension: DIMENSION, groups: GROUPS, seed: 1 })(QUESTIONS, seeded(2))
      : (await recordedVectors()).words;
  return Array.from({ length: QUESTIONS }, (_, n) => block.slice(n * DIMENSION, (n + 1) * DIMENSION));
}

/** Words are numbers of questions: what their encoding takes is not what is measured here. */
function asking(questions: readonly Float32Array[]): Encoder {
  return {
    name: 'questions',
    fingerprint: 'questions',
    dimension: DIMENSION,
    preprocessing: { resize: 'none', size: 1, interpolation: 'nearest', mean: [0, 0, 0], std: [1, 1, 1] },
    poolsSegments: false,
    embed: () => Promise.reject(new Error('there are no pictures here')),
    embedTexts: async (texts) => texts.map((text) => questions[Number(text)]!),
    close: async () => undefined,
  };
}
