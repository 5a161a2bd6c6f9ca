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

/**
 * Share of what is relevant that stands among the first k, 0..1.
 * @param relevant how many right ones there are in all, at least 1.
 */
export function recallAtK(right: readonly boolean[], k: number, relevant: number): number {
  return relevant > 0 ? right.slice(0, Math.max(0, k)).filter(Boolean).length / relevant : 0;
}

/**
 * Normalised discounted cumulative gain of the first k, 0..1: a right one at rank r (from 1) gains 1 / log2(r + 1), and
 * the sum is divided by that of the best order (Järvelin and Kekäläinen 2002, with gains of 0 and 1).
 * @param relevant how many right ones there are in all, at least 1.
 */
export function ndcgAtK(right: readonly boolean[], k: number, relevant: number): number {
  const gain = (rank: number): number => 1 / Math.log2(rank + 2);
  let best = 0;
  for (let rank = 0; rank < Math.min(k, relevant); rank++) best += gain(rank);
  const sum = right
    .slice(0, Math.max(0, k))
    .reduce((got, isRight, rank) => got + (isRight ? gain(rank) : 0), 0);
  return best > 0 ? sum / best : 0;
}

/** 1 / the rank (from 1) of the first right one, 0 where nothing is right; its mean over queries is the MRR. */
export function reciprocalRank(right: readonly boolean[]): number {
  return 1 / (right.indexOf(true) + 1 || Number.POSITIVE_INFINITY);
}

/** Share of the first k of one ranking that also stand among the first k of another, 0..1; both hold the same kind of id. */
export function overlapAtK<Id>(a: readonly Id[], b: readonly Id[], k: number): number {
  const other = new Set(b.slice(0, k));
  return k > 0 ? a.slice(0, k).filter((id) => other.has(id)).length / k : 0;
}
