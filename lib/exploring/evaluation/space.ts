/** Vectors of pictures and how they are compared; rankings of it, and what they are worth. */
import { drawn } from '../../arithmetic/bootstrap.js';
import { distances, orderOf } from '../../arithmetic/distances.js';
import { averagePrecision, neighbourScore, precisionAtK } from '../../arithmetic/metrics.js';
import { seeded } from '../../arithmetic/seeded.js';
import { type Turns, turnTaker } from '../../turns.js';
import type { Metric } from '../../types.js';
import { sizesOf } from './labels.js';

/** float32[rows, dimension] and the metric that orders it. */
export interface Space {
  vectors: Float32Array;
  dimension: number;
  metric: Metric;
}

/** Neighbours that the score looks at, and that an example shows. */
export const NEAREST = 15;

/** More queries than this make figures surer by little: an interval then is ±2 of 100 at most. */
const MOST_QUERIES = 2000;

/** Queries whose distances are made at once: 100,000 rows take 6 MB. */
const QUERIES_AT_ONCE = 16;

/** What each row that asked got, all in the order of `queries`. */
export interface RowFigures {
  /** Row numbers, rising. */
  queries: number[];
  score: number[];
  precision: number[];
  averagePrecision: number[];
  /** The rows of the most nearest first, NEAREST or k of them, whichever is more. */
  nearest: Uint32Array[];
  /** Labelled rows whose class has a second one; more than `queries` where these are a sample. */
  possible: number;
}

/**
 * Rows of a class ask for the others of it, each left out of its own answer; rows without a class are no answer. The
 * same rows ask in every space of one length, so that figures of several compare.
 */
export async function measureRows(
  space: Space,
  of: readonly (readonly string[])[],
  { k, ...watch }: { k: number } & Turns,
): Promise<RowFigures> {
  const sizes = sizesOf(of);
  const able = of.flatMap((labels, row) => (labels.some((label) => sizes.get(label)! > 1) ? [row] : []));
  const queries = drawn(able, MOST_QUERIES, seeded(1));
  const figures: RowFigures = {
    queries,
    score: [],
    precision: [],
    averagePrecision: [],
    nearest: [],
    possible: able.length,
  };
  await rankRows(space, queries, {
    ...watch,
    visit(order, row) {
      const others = order.filter((other) => other !== row && of[other]!.length > 0);
      const right = Array.from(others, (other) => of[other]!.some((label) => of[row]!.includes(label)));
      figures.score.push(neighbourScore(right));
      figures.precision.push(precisionAtK(right, k));
      figures.averagePrecision.push(averagePrecision(right));
      figures.nearest.push(others.slice(0, Math.max(k, NEAREST)));
    },
  });
  return figures;
}

/** Calls `visit` with the order of all rows as each of `queries` sees them, itself included. */
export async function rankRows(
  { vectors, dimension, metric }: Space,
  queries: readonly number[],
  { visit, ...watch }: { visit(order: Uint32Array, row: number): void } & Turns,
): Promise<void> {
  const turn = turnTaker(watch);
  const rows = vectors.length / dimension;
  for (let start = 0; start < queries.length; start += QUERIES_AT_ONCE) {
    const part = queries.slice(start, start + QUERIES_AT_ONCE);
    const asking = new Float32Array(part.length * dimension);
    for (const [at, row] of part.entries())
      asking.set(vectors.subarray(row * dimension, (row + 1) * dimension), at * dimension);
    const found = distances(asking, vectors, { dimension, metric });
    for (const [at, row] of part.entries()) {
      await turn((start + at) / queries.length);
      visit(orderOf(found.subarray(at * rows, (at + 1) * rows)), row);
    }
  }
}
