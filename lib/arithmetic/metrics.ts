/** How well a ranking answers. A ranking is its hits, best first: true where the one at that rank is right. Pure. */

const SCORED_RANKS = 15;

/**
 * The score of the public ConvNet feature explorer, 0..100, of one query: the first 15 neighbours (the query itself left
 * out) count 15 for the first down to 1 for the last, divided by what 15 right ones would give. Fewer than 15 lose.
 */
export function neighbourScore(right: readonly boolean[]): number {
  const most = (SCORED_RANKS * (SCORED_RANKS + 1)) / 2;
  const sum = right
    .slice(0, SCORED_RANKS)
    .reduce((total, isRight, rank) => total + (isRight ? SCORED_RANKS - rank : 0), 0);
  return (100 * sum) / most;
}

/** Share of right ones among the first k, 0..1; places that a short ranking leaves empty are wrong. */
export function precisionAtK(right: readonly boolean[], k: number): number {
  return k > 0 ? right.slice(0, k).filter(Boolean).length / k : 0;
}

/**
 * The mean of the precisions at each right one of a ranking of everything, 0..1.
 * @returns 0 where nothing is right.
 */
export function averagePrecision(right: readonly boolean[]): number {
  let found = 0;
  let sum = 0;
  for (const [rank, isRight] of right.entries()) {
    if (!isRight) continue;
    found++;
    sum += found / (rank + 1);
  }
  return found ? sum / found : 0;
}
