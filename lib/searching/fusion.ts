/** From lists of neighbours to one order of pictures. Pure. */
import type { Fusion } from '../types.js';

export interface RankedPicture {
  imageId: string;
  score: number;
}

export interface RankedSegment {
  imageId: string;
  segmentId: string;
  score: number;
  /** How well the words name its label, 0..1. */
  label?: number;
}

export interface Fused {
  imageId: string;
  score: number;
  picture?: { rank: number; score: number };
  /** Best first; `rank` counts over all segments that were given. */
  segments: { segmentId: string; rank: number; score: number; label?: number }[];
}

/**
 * The usual fusion when words ask, or a part of a picture. `npm run evaluate -- demo` (R-precision) and 500 scenes (first segment right), embedded
 * model: best part .78 and .57, best of both .73 and .57, a share of .15 .73 and .58, of .3 .71 and .55. Ten classes of
 * photographs (MobileNet v2 words, DeepLab; mean average precision): .62, .70, .65, .66, whole pictures alone .69. So
 * encoders that were measured say their own, and this holds for the rest.
 */
export const FOR_WORDS: Fusion = 'best of both';

/**
 * The same when a whole picture asks. On 200 photographs of ten classes (MobileNet v2, DeepLab, score of the 15 nearest of
 * 100): at 0.3 83.8, 0.5 90.6, 0.7 91.6, 0.8 91.7, 0.9 91.5, the whole alone 91.3.
 */
export const FOR_EXAMPLES: Fusion = { picture: 0.8 };

/** What a label that is named in full adds, in lengths of the list of segments from its best score to its last. */
const LABEL_SHARE = 0.5;

/**
 * One score a picture: `best part` is its best segment's, `best of both` the better of that and the whole's, a share s
 * gives s · whole + (1 − s) · best segment. Where one side did not come among its neighbours, the last neighbour of that
 * side stands in for it: more than that it cannot be worth. Without any segments the whole pictures decide alone. A
 * segment whose label the words name rises by up to LABEL_SHARE. Better evidence never lowers a picture.
 * `regions` is decided later, by all segments of the candidates: see `regionScore`.
 * @param pictures best first.
 * @param segments best first.
 * @returns best first; equal scores by id.
 */
export function fuse(
  pictures: readonly RankedPicture[],
  segments: readonly RankedSegment[],
  fusion: Fusion = FOR_WORDS,
): Fused[] {
  const byId = new Map<string, Fused>();
  const entry = (imageId: string): Fused => {
    const found = byId.get(imageId) ?? { imageId, score: 0, segments: [] };
    byId.set(imageId, found);
    return found;
  };
  for (const [index, { imageId, score }] of pictures.entries())
    entry(imageId).picture = { rank: index + 1, score };
  for (const [index, { imageId, segmentId, score, label }] of segments.entries()) {
    entry(imageId).segments.push({ segmentId, rank: index + 1, score, ...(label ? { label } : {}) });
  }
  const pictureFloor = pictures.at(-1)?.score;
  const segmentFloor = segments.at(-1)?.score;
  const bonus = labelShare(fusion) * ((segments[0]?.score ?? 0) - (segmentFloor ?? 0));
  for (const fused of byId.values()) {
    const lifted = (part: { score: number; label?: number }): number =>
      part.score + bonus * (part.label ?? 0);
    fused.segments.sort((a, b) => lifted(b) - lifted(a) || a.rank - b.rank);
    const whole = fused.picture?.score ?? pictureFloor;
    const [best] = fused.segments;
    fused.score = combine(whole, best ? lifted(best) : segmentFloor, fusion);
  }
  return [...byId.values()].sort((a, b) => b.score - a.score || (a.imageId < b.imageId ? -1 : 1));
}

function combine(whole: number | undefined, part: number | undefined, fusion: Fusion): number {
  if (whole === undefined) return part ?? 0;
  if (part === undefined) return whole;
  if (fusion === 'best part' || fusion === 'regions') return part;
  if (fusion === 'best of both') return Math.max(whole, part);
  const share = fusion.picture ?? 0.5;
  return share * whole + (1 - share) * part;
}

function labelShare(fusion: Fusion): number {
  return typeof fusion === 'string' ? LABEL_SHARE : (fusion.label ?? LABEL_SHARE);
}

/** A segment whose score is at least this share of the way from the last to the best of all counts as a match. */
const MATCHES_FROM = 0.5;

/**
 * 0.7 · best + 0.3 · mean + 0.1 · share of matching segments: many parts that answer count for more than one.
 * @param scores of all segments of a picture, in any order; at least one.
 * @param range the last and the best score of the whole list of neighbours.
 */
export function regionScore(scores: readonly number[], range: { last: number; best: number }): number {
  const line = range.last + MATCHES_FROM * (range.best - range.last);
  const best = Math.max(...scores);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const share = scores.filter((score) => score >= line).length / scores.length;
  return 0.7 * best + 0.3 * mean + 0.1 * share;
}

/** The formula in words, for explanations. */
export function formulaOf(fusion: Fusion): string {
  if (fusion === 'best part') return 'the best segment';
  if (fusion === 'best of both') return 'the better of the whole picture and its best segment';
  if (fusion === 'regions')
    return '0.7 · best segment + 0.3 · mean of its segments + 0.1 · share of those that match';
  const share = fusion.picture ?? 0.5;
  return `${share} · whole picture + ${Number((1 - share).toFixed(2))} · best segment`;
}
