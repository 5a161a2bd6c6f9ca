import { dot } from './vectors.js';

/** How alike two ways of making the same vectors are. */
export interface Agreement {
  /** Mean share of the nearest that both ways find, 0..1. */
  neighbours: number;
  /** How many nearest were compared. */
  k: number;
  /** The lowest cosine of a vector made one way and the other. */
  least: number;
  /** Their mean. */
  mean: number;
}

/**
 * @param one and other: L2-normalised vectors of the same things, in the same order.
 * @param most nearest that are compared; of few vectors at most half of the others, for all of them always agree.
 */
export function agreementOf(
  one: readonly Float32Array[],
  other: readonly Float32Array[],
  most: number = 10,
): Agreement {
  const k = Math.min(most, Math.floor((one.length - 1) / 2));
  const cosines = one.map((vector, index) => dot(vector, other[index]!));
  const shares = [...one.keys()].map((row) => {
    const nearest = new Set(nearestOf(row, one, k));
    return nearestOf(row, other, k).filter((each) => nearest.has(each)).length / k;
  });
  return {
    neighbours: k > 0 ? mean(shares) : 1,
    k: Math.max(0, k),
    least: Math.min(...cosines),
    mean: mean(cosines),
  };
}

/** Ties by index. */
function nearestOf(row: number, vectors: readonly Float32Array[], k: number): number[] {
  return vectors
    .map((vector, index) => ({ index, score: dot(vectors[row]!, vector) }))
    .filter(({ index }) => index !== row)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, k)
    .map(({ index }) => index);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
