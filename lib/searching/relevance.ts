/** What a score means: how does it compare with what fixed background queries score against the same vector? Pure. */
import { logistic } from '../arithmetic/logistic.js';
import { dotRow, stack } from '../arithmetic/vectors.js';
import type { RelevanceCurve } from '../types.js';

/** What a thing asked is compared with: words with words, pictures with pictures. */
export type Kind = 'words' | 'pictures';

/** Vectors to compare with, float32[count, dimension] in one block. */
export interface Background {
  block: Float32Array;
  count: number;
  dimension: number;
}

/** How the background scores against one vector. */
export interface Standing {
  mean: number;
  deviation: number;
  /** The mean of the RIVALS best scores. */
  rivals: number;
  /** Which background vector scores best, and how; −1 without any. */
  best: { index: number; score: number };
  /** How many were compared. */
  count: number;
}

/** So many of the best of the background are what a score is measured against: one could be a synonym of what is asked. */
export const RIVALS = 10;

/** Fewer than this are no background. */
const LEAST_BACKGROUND = 20;

/**
 * Where no curve was measured. Words that score as the rivals do are likely right, those that score as the mean does are
 * not, whatever the encoder's cosines are like. For pictures: same class above 1.3 deviations in 95 % of 200 photographs of
 * ten classes (MobileNet v2), others below 1.8.
 */
const UNMEASURED = { words: { half: 0.85, slope: 5 }, pictures: { half: 1.7, slope: 1.6 } } as const;

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
  const rivals: number[] = []; // best first
  let best = -1;
  let counted = 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0, at = 0; row < count; row++, at += dimension) {
    const score = dotRow(block, at, vector);
    if (score >= below) continue;
    counted++;
    sum += score;
    squares += score * score;
    if (rivals.length === RIVALS && score <= rivals.at(-1)!) continue;
    const place = rivals.findIndex((other) => other < score);
    rivals.splice(place < 0 ? rivals.length : place, 0, score);
    if (rivals.length > RIVALS) rivals.pop();
    if (rivals[0] === score) best = row;
  }
  const mean = counted ? sum / counted : 0;
  const variance = counted ? squares / counted - mean * mean : 0;
  return {
    mean,
    deviation: Math.sqrt(Math.max(1e-12, variance)),
    rivals: rivals.length ? rivals.reduce((total, score) => total + score, 0) / rivals.length : 0,
    best: { index: best, score: rivals[0] ?? Number.NEGATIVE_INFINITY },
    count: counted,
  };
}

/**
 * What the curve of relevance is of. For words it is the score less a share of the rivals' mean, as the curve says: none of it
 * where a tower for words is near to what people mean, since for kinds and other names ("rodent") the rivals are what is meant
 * ("chipmunk"); on photographs read through labels it hardly matters (none tells .73 of pairs, half .72). Deviations from the
 * mean, the rank and the logarithm of a softmax over the background told fewer pairs. For pictures it is the deviations from
 * the mean: the rivals there are the very pictures of the same kind, and the lead tells .66 where deviations tell .89 (200
 * photographs, MobileNet v2).
 */
export function strengthOf(
  score: number,
  { mean, deviation, rivals }: Omit<Standing, 'best' | 'count'>,
  { kind, share }: { kind: Kind; share: number },
): number {
  return kind === 'words' ? score - share * rivals : (score - mean) / deviation;
}

/**
 * The logit of one hit's relevance; 0 is half.
 * @param standing how the vector stands against the background; not asked where the curve is of the score alone.
 * @returns null with too few to compare with.
 */
export function logitOf(
  score: number,
  standing: () => Standing,
  { kind, curve }: { kind: Kind; curve?: RelevanceCurve | undefined },
): number | null {
  const share = curve?.rivals ?? 0;
  if (curve && kind === 'words' && share === 0) return curve.slope * (score - curve.half);
  const against = standing();
  if (against.count < LEAST_BACKGROUND) return null;
  if (curve) return curve.slope * (strengthOf(score, against, { kind, share }) - curve.half);
  const { half, slope } = UNMEASURED[kind];
  const room = Math.max(1e-6, against.rivals - against.mean);
  const value = (score - against.mean) / (kind === 'words' ? room : against.deviation);
  return slope * (value - half);
}

/** Logit → relevance, 0..1. */
export function relevanceOf(logit: number): number {
  return logistic(logit);
}
