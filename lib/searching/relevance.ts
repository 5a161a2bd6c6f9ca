/** What a score means: how unusual is it among fixed background queries against the same vector? Pure. */
import { dot } from '../arithmetic/vectors.js';

/** How many deviations above its background a score must lie to count as half relevant, and how fast it rises. */
const HALF_AT = 2.6;
const STEEPNESS = 1.6;

/**
 * The relevance of one hit, 0..1, comparable between queries: the score of the query against the hit's vector,
 * in standard deviations above what the background scores against the same vector, through a logistic curve.
 * @param background vectors of queries that mean anything and nothing, float32[dimension] each.
 */
export function relevanceOf(score: number, hit: Float32Array, background: readonly Float32Array[]): number {
  if (background.length < 2) return 0;
  let sum = 0;
  let squares = 0;
  for (const vector of background) {
    const value = dot(vector, hit);
    sum += value;
    squares += value * value;
  }
  const mean = sum / background.length;
  const deviation = Math.sqrt(Math.max(1e-12, squares / background.length - mean * mean));
  return 1 / (1 + Math.exp(-STEEPNESS * ((score - mean) / deviation - HALF_AT)));
}
