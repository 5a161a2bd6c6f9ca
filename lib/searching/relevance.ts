/** What a score means: how unusual is it among fixed background queries against the same vector? Pure. */
import { dotRow, stack } from '../arithmetic/vectors.js';

/** Vectors to compare with, float32[count, dimension] in one block. */
export interface Background {
  block: Float32Array;
  count: number;
  dimension: number;
}

/** How a vector scores against the background. */
export interface Standing {
  mean: number;
  deviation: number;
  /** Which background vector scores best, and how; −1 without any. */
  best: { index: number; score: number };
  /** How many were compared. */
  count: number;
}

/**
 * How many deviations above its background a score must lie to count as half relevant, and how fast it rises. On the
 * demo pictures right first answers lie at 5.8 (one in twenty below 3.8), answers to nonsense at 2.0 (one in twenty
 * above 3.5): `npm run evaluate -- relevance`.
 */
export const HALF_AT: number = 3.7;

/**
 * The same for a picture that asks, against other pictures: on 200 photographs of ten classes (MobileNet v2) hits of the
 * same class lie at 2.1 (one in twenty below 1.3), others at 1.0 (one in twenty above 1.8).
 */
export const EXAMPLE_HALF_AT: number = 1.7;

const STEEPNESS = 1.6;

export function backgroundOf(vectors: readonly Float32Array[], dimension: number): Background {
  return { block: stack(vectors, dimension), count: vectors.length, dimension };
}

/**
 * Scores a vector against the whole background. Cost: count × dimension.
 * @param below scores from here on are left out: a stored picture is no background to itself.
 */
export function standing(
  vector: Float32Array,
  background: Background,
  below: number = Number.POSITIVE_INFINITY,
): Standing {
  const { block, count, dimension } = background;
  const best = { index: -1, score: Number.NEGATIVE_INFINITY };
  let counted = 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0, at = 0; row < count; row++, at += dimension) {
    const score = dotRow(block, at, vector);
    if (score >= below) continue;
    counted++;
    sum += score;
    squares += score * score;
    if (score > best.score) {
      best.index = row;
      best.score = score;
    }
  }
  const mean = counted ? sum / counted : 0;
  const variance = counted ? squares / counted - mean * mean : 0;
  return { mean, deviation: Math.sqrt(Math.max(1e-12, variance)), best, count: counted };
}

/**
 * The relevance of one hit, 0..1, comparable between queries: how many standard deviations the query's score lies
 * above what the background scores against the same vector, through a logistic curve.
 */
export function relevanceOf(score: number, { mean, deviation }: Standing, halfAt: number = HALF_AT): number {
  return 1 / (1 + Math.exp(-STEEPNESS * ((score - mean) / deviation - halfAt)));
}
