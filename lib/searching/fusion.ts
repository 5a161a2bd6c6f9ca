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
 * gives s · whole + (1 − s) · best segment. Where one side did not come among its first hundred neighbours, the last of
 * these stands in for it: more than that it cannot be worth, and pages stay the same however many are asked. Without any segments the whole pictures decide alone. A
 * segment whose label the words name rises by up to LABEL_SHARE. Better evidence never lowers a picture.
 * `regions` is decided later, by all segments of the candidates, and knows no labels: see `regionScore`.
 * @param pictures best first.
 * @param segments best first.
 * @returns best first; equal scores by what is known of them beyond the floors, then by id.
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
  const pictureFloor = pictures.length ? floorOf(pictures) : undefined;
  const segmentFloor = segments.length ? floorOf(segments) : undefined;
  const bonus = labelShare(fusion) * ((segments[0]?.score ?? 0) - (segmentFloor ?? 0));
  for (const fused of byId.values()) {
    const lifted = (part: { score: number; label?: number }): number =>
      part.score + bonus * (part.label ?? 0);
    fused.segments.sort((a, b) => lifted(b) - lifted(a) || a.rank - b.rank);
    const whole = atLeast(fused.picture?.score, pictureFloor);
    const [best] = fused.segments;
    fused.score = combine(whole, atLeast(best && lifted(best), segmentFloor), fusion);
  }
  return [...byId.values()].sort(
    (a, b) => b.score - a.score || known(b) - known(a) || (a.imageId < b.imageId ? -1 : 1),
  );
}

/** Neighbours of each side that count at the least, for few hits. */
export const LEAST_NEIGHBOURS = 100;

/** The score of the last of the first hundred; 0 of none. */
export function floorOf(list: readonly { score: number }[]): number {
  return list[Math.min(list.length, LEAST_NEIGHBOURS) - 1]?.score ?? 0;
}

function atLeast(score: number | undefined, floor: number | undefined): number | undefined {
  return score === undefined || floor === undefined ? floor : Math.max(score, floor);
}

function known({ picture, segments: [best] }: Fused): number {
  return (picture?.score ?? -1) + (best?.score ?? -1);
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

/**
 * 0.7 · best + 0.3 · mean + 0.1 · share of matching segments: many parts that answer count for more than one.
 * @param scores of all segments of a picture, in any order; at least one.
 * @param line from which a segment matches: the last score of the first hundred neighbours.
 */
export function regionScore(scores: readonly number[], line: number): number {
  const best = Math.max(...scores);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const share = scores.filter((score) => score >= line).length / scores.length;
  return 0.7 * best + 0.3 * mean + 0.1 * share;
}

/** The formula in words, for explanations, as far as both sides were asked. */
export function formulaOf(fusion: Fusion, sides: { wholes: boolean; parts: boolean }): string {
  if (!sides.parts) return 'the whole picture';
  if (fusion === 'regions')
    return '0.7 · best segment + 0.3 · mean of its segments + 0.1 · share of those that match';
  if (!sides.wholes || fusion === 'best part') return 'the best segment';
  if (fusion === 'best of both') return 'the better of the whole picture and its best segment';
  const share = fusion.picture ?? 0.5;
  return `${share} · whole picture + ${Number((1 - share).toFixed(2))} · best segment`;
}
