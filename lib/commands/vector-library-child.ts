/** The process that fills a store of vector-library.ts, so that its memory is its own. Argument: the recipe. */
import { join } from 'node:path';
import { dotRow } from '../arithmetic/vectors.js';
import { openStore } from '../stores/open-store.js';
import type { NewRecord } from '../types.js';
import { writeWhole } from '../whole-file.js';
import { peakMb } from './own-memory.js';
import { photographRows } from './photograph-rows.js';
import {
  DIMENSION,
  type Filled,
  filledPath,
  folderOf,
  NEAREST,
  pagesOf,
  questionsOf,
  specOf,
  type VectorRecipe,
} from './vector-library.js';

const PAGE = 1000;
const EARLY = 10_000;
/** Rows at which the clock is read. */
const POINTS = [1000, 10_000, 100_000, 1_000_000];

interface Near {
  id: string;
  score: number;
}

const recipe: VectorRecipe = JSON.parse(process.argv[2] ?? '');
const folder = folderOf(recipe);
const store = await openStore(join(folder, 'chroma'));
const pictures = await store.open(specOf(recipe));
const next = await pagesOf(recipe);
const questions = await questionsOf(recipe);
const nearest: Near[][] = questions.map(() => []);
const points: Filled['points'] = [];
const clientMb = { early: 0, most: 0 };
let seconds = 0;
for (let from = 0; from < recipe.rows; from += PAGE) {
  const count = Math.min(PAGE, recipe.rows - from);
  const block = next(count);
  const records = photographRows(block, DIMENSION, from);
  const start = performance.now();
  await pictures.upsert(records);
  seconds += (performance.now() - start) / 1000;
  for (const [n, question] of questions.entries()) compare(nearest[n]!, question, records);
  const rows = from + count;
  if (POINTS.includes(rows) || rows === recipe.rows) points.push({ rows, seconds });
  if (rows === Math.min(EARLY, recipe.rows)) clientMb.early = peakMb();
}
clientMb.most = peakMb();
const filled: Filled = {
  recipe,
  points,
  clientMb,
  at: new Date().toISOString(),
  nearest: nearest.map((list) => list.map(({ id }) => id)),
};
await store.close();
await writeWhole(filledPath(folder), JSON.stringify(filled));
process.send?.('filled', () => process.exit(0));

/** Keeps the best of the list and these rows. */
function compare(list: Near[], question: Float32Array, records: readonly NewRecord[]): void {
  for (const { id, vector } of records) {
    const score = dotRow(vector, 0, question);
    if (list.length === NEAREST && score <= list[NEAREST - 1]!.score) continue;
    list.push({ id, score });
    list.sort((a, b) => b.score - a.score);
    if (list.length > NEAREST) list.pop();
  }
}
