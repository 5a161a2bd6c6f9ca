/** When two pictures are the same but for an edit, and how many such pairs become groups: pure. */
import { bitsSet, colourDistance, coloursOf, hashDistance, isFlat, packHashes } from './perceptual-hash.js';
import { dot, dotRow } from './vectors.js';

/** Both must hold: at most so many of 64 bits of the hashes differ, and the vectors' cosine is at least this. */
export interface NearLimits {
  bits: number;
  cosine: number;
}

/**
 * Bits where the encoder's own cosine is known and its manifest says nothing of bits. Measured on 200 scenes (seed 12),
 * the 120 demo pictures and 200 photographs: of pieces of 95 % × 95 % 19 of 20 differ from their picture in at most 15 to
 * 17 bits, halves, recompressed and recoloured ones in at most 8; different pictures in 32, and of their 46,940 pairs 94
 * in at most 18. The cosine has to tell those.
 */
const KNOWN_BITS = 16;

/** Where nobody has measured the encoder the hash decides almost alone: no different pair of those with a cosine of 0.7 came within 8 bits. */
const CAUTIOUS: NearLimits = { bits: 8, cosine: 0.8 };

/** Sides of an edit and its picture may differ in their ratio by this factor: a piece of 95 % × 100 % is within it. */
const SHAPE = 1.12;

/**
 * No cell's colour may be further off: of halves, recompressed, recoloured and cut scenes and photographs 99 of 100 come
 * within 34 to 52 of 442; a green disc and a blue one lie beyond 100.
 */
const COLOURS = 50;

/** The limits of an encoder, from what its manifest says was measured. */
export function nearLimits(measured: { cosine: number; bits?: number } | undefined): NearLimits {
  return measured ? { bits: KNOWN_BITS, ...measured } : CAUTIOUS;
}

/**
 * For hits that are put under a better one unasked, only what is hardly to be doubted counts: of 1,445 different icons these
 * limits join 24 pairs where the usual ones join 321, and four edits in five are still found.
 */
export function strictLimits({ bits, cosine }: NearLimits): NearLimits {
  return { bits: Math.min(bits, 4), cosine: Math.max(cosine, 0.95) };
}

/** What is looked at of one picture. */
export interface Look {
  hash?: string;
  /** float32[dimension], L2-normalised. */
  vector?: Float32Array;
  width: number;
  height: number;
}

/** How alike two pictures are. */
export interface Nearness {
  /** Of 64. */
  bits: number;
  cosine: number;
}

/** @returns null where the two are different pictures, or where a hash or a vector is missing to say so. */
export function nearness(a: Look, b: Look, limits: NearLimits): Nearness | null {
  const [left, right] = [readLook(a), readLook(b)];
  return left && right && nearnessOf(left, right, limits);
}

/** A look whose hash was read, once for many comparisons. */
interface ReadLook {
  packed: Uint32Array;
  colours: Uint8Array;
  vector: Float32Array;
  width: number;
  height: number;
}

function readLook({ hash, vector, width, height }: Look): ReadLook | null {
  if (!hash || !vector || isFlat(hash)) return null;
  return { packed: packHashes([hash]), colours: coloursOf(hash), vector, width, height };
}

/** The bits first: they rule out nearly all pairs, and the other tests cost many times as much. */
function nearnessOf(a: ReadLook, b: ReadLook, limits: NearLimits): Nearness | null {
  const bits = hashDistance(a.packed, b.packed);
  if (bits > limits.bits || !isSameShape(a, b) || colourDistance(a.colours, b.colours) > COLOURS) return null;
  const cosine = dot(a.vector, b.vector);
  return cosine >= limits.cosine ? { bits, cosine } : null;
}

function isSameShape(a: Pick<Look, 'width' | 'height'>, b: Pick<Look, 'width' | 'height'>): boolean {
  const ratio = (a.width * b.height) / (a.height * b.width);
  return ratio <= SHAPE && ratio >= 1 / SHAPE;
}

/**
 * Hits of a search with near-identical ones under the best of them, best first. Each is compared with the leaders
 * alone, so that no chain of small steps joins two different pictures. hits² / 2 comparisons at most.
 */
export function collapseNear<Hit>(
  hits: readonly Hit[],
  lookOf: (hit: Hit) => Look,
  limits: NearLimits,
): { hit: Hit; others: Hit[] }[] {
  const groups: { hit: Hit; look: ReadLook | null; others: Hit[] }[] = [];
  for (const hit of hits) {
    const look = readLook(lookOf(hit));
    const group = look && groups.find((known) => known.look && nearnessOf(known.look, look, limits));
    if (group) group.others.push(hit);
    else groups.push({ hit, look, others: [] });
  }
  return groups.map(({ hit, others }) => ({ hit, others }));
}

/** Rows of many pictures: hashes, sides, and their vectors as one block float32[rows, dimension]. */
export interface Looks {
  hashes: readonly string[];
  sides: readonly { width: number; height: number }[];
  vectors: Float32Array;
  dimension: number;
}

/** Two rows, a < b, that are near. */
export interface NearPair extends Nearness {
  a: number;
  b: number;
}

/** Work in steps, so that the caller can let others run in between; a step is one row against all later ones. */
export interface PairSearch {
  /** True once all is done. */
  step(): boolean;
  /** 0..1 */
  share(): number;
  pairs: NearPair[];
}

/** All near pairs, exactly. Hashes first, 2 ns a pair: the products of vectors are for the few that pass. */
export function searchPairs({ hashes, sides, vectors, dimension }: Looks, limits: NearLimits): PairSearch {
  const packed = packHashes(hashes);
  const rows = hashes.length;
  const pairs: NearPair[] = [];
  let row = 0;
  const step = (): boolean => {
    if (row + 1 >= rows) return true;
    const a = row++;
    if (isFlat(hashes[a]!)) return row + 1 >= rows;
    const [high, low] = [packed[2 * a]!, packed[2 * a + 1]!];
    const own = vectors.subarray(a * dimension, (a + 1) * dimension);
    for (let b = a + 1; b < rows; b++) {
      const bits = bitsSet(packed[2 * b]! ^ high) + bitsSet(packed[2 * b + 1]! ^ low);
      if (bits > limits.bits || isFlat(hashes[b]!) || !isSameShape(sides[a]!, sides[b]!)) continue;
      if (colourDistance(coloursOf(hashes[a]!), coloursOf(hashes[b]!)) > COLOURS) continue;
      const cosine = dotRow(vectors, b * dimension, own);
      if (cosine >= limits.cosine) pairs.push({ a, b, bits, cosine });
    }
    return row + 1 >= rows;
  };
  // Later rows have fewer left to meet: shares of the triangle, not of the rows.
  const share = (): number => (rows > 1 ? 1 - ((rows - row) / rows) ** 2 : 1);
  return { step, share, pairs };
}

/** A group of near rows: each of `others` is near to the centre itself. */
export interface NearGroup {
  centre: number;
  others: (Nearness & { row: number })[];
}

/**
 * Pairs → groups, each row in one at most. A ~ B ~ C alone joins nothing: rows are taken by the number of their near
 * ones, and each takes those that are left of its own, so everything in a group is near to its centre and a chain of
 * small steps falls apart. Ties go to the row whose near ones are nearer, then to the smaller. Members come nearest first.
 */
export function groupPairs(pairs: readonly NearPair[]): NearGroup[] {
  const near = new Map<number, NearGroup>();
  const link = (centre: number, row: number, { bits, cosine }: Nearness): void => {
    const known = near.get(centre) ?? { centre, others: [] };
    near.set(centre, known);
    known.others.push({ row, bits, cosine });
  };
  for (const pair of pairs) {
    link(pair.a, pair.b, pair);
    link(pair.b, pair.a, pair);
  }
  const closeness = ({ others }: NearGroup): number => others.reduce((sum, { cosine }) => sum + cosine, 0);
  const byNearOnes = [...near.values()]
    .map((group) => ({ group, closeness: closeness(group) }))
    .sort(
      (a, b) =>
        b.group.others.length - a.group.others.length ||
        b.closeness - a.closeness ||
        a.group.centre - b.group.centre,
    );
  const taken = new Set<number>();
  return byNearOnes.flatMap(({ group: { centre, others } }) => {
    const left = others.filter(({ row }) => !taken.has(row));
    if (taken.has(centre) || left.length === 0) return [];
    for (const row of [centre, ...left.map(({ row }) => row)]) taken.add(row);
    return [{ centre, others: left.sort((a, b) => b.cosine - a.cosine || a.row - b.row) }];
  });
}
