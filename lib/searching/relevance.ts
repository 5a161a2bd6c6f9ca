/** What a score means: how unusual is it among fixed background queries against the same vector? Pure. */
import { dot } from '../arithmetic/vectors.js';

/** How a vector scores against the background. */
export interface Background {
  mean: number;
  deviation: number;
  /** Which background query scores best, and how. */
  best: { index: number; score: number };
}

/**
 * How many deviations above its background a score must lie to count as half relevant, and how fast it rises. On the
 * demo pictures right first answers lie at 5.8 (one in twenty below 3.8), answers to nonsense at 2.0 (one in twenty
 * above 3.5): `npm run evaluate -- relevance`.
 */
const HALF_AT = 3.7;
const STEEPNESS = 1.6;

/** @param background vectors of queries that have nothing to do with this one, float32[dimension] each; at least two. */
export function backgroundOf(vector: Float32Array, background: readonly Float32Array[]): Background {
  let sum = 0;
  let squares = 0;
  const best = { index: -1, score: Number.NEGATIVE_INFINITY };
  for (const [index, query] of background.entries()) {
    const score = dot(query, vector);
    sum += score;
    squares += score * score;
    if (score > best.score) {
      best.index = index;
      best.score = score;
    }
  }
  const mean = sum / background.length;
  const variance = squares / background.length - mean * mean;
  return { mean, deviation: Math.sqrt(Math.max(1e-12, variance)), best };
}

/**
 * The relevance of one hit, 0..1, comparable between queries: how many standard deviations the query's score lies
 * above what the background scores against the same vector, through a logistic curve.
 */
export function relevanceOf(score: number, { mean, deviation }: Background): number {
  return 1 / (1 + Math.exp(-STEEPNESS * ((score - mean) / deviation - HALF_AT)));
}
