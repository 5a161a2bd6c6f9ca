import { stack } from '../arithmetic/vectors.js';
import type { Turns } from '../turns.js';
import type { StoredRecord } from '../types.js';
import type { KeptMap } from './kept-map.js';
import type { VectorBlock } from './neighbours-rows.js';
import { type LaidMap, placeAmong, placeFew } from './placing.js';
import { FEWEST, project } from './projection.js';

/** A row that has a vector. */
export type VectorRow = StoredRecord & { vector: Float32Array };

export interface LayingOptions extends Turns {
  /** What was kept of an earlier time. */
  kept?: KeptMap | null | undefined;
  /** Whether the store still has a row that is kept: others are forgotten. */
  isStored?: ((id: string) => boolean) | undefined;
}

export interface LaidOut {
  /** float32[rows, 2] of 0..1. */
  points: Float32Array;
  /** float32[m, 2]: where a few other vectors belong. */
  place(vectors: readonly Float32Array[]): Float32Array;
  /** What to keep for the next time. */
  kept: KeptMap;
  /** Rows that were placed now on a map that was there; 0 of a new map. */
  placed: number;
  /** Of a map that was laid out anew because too many rows are no part of the kept layout: how many. */
  strangers?: number;
}

/**
 * A map stays while at most this share of its rows came after it was laid out: they are drawn to their nearest among the
 * rows of that time, so that a kind of picture that was not there then has no place of its own. Trustworthiness at 15 of
 * the 284 segments of the demo pictures: .812 laid out at once; with a fifth of them placed later .799, or .797 where they
 * are all of one folder; with three tenths .791; with four tenths .784, and .754 where they are two folders.
 */
export const MOST_LATER = 0.3;

/**
 * Lays rows out, the same rows at the same points: as they were kept, else anew. Rows that are not kept are placed among
 * those that are, which do not move by any bit.
 * @throws LookbookError as `project` does; the signal's reason when called off.
 */
export async function layRows(
  rows: readonly VectorRow[],
  { kept, isStored = () => true, ...turns }: LayingOptions = {},
): Promise<LaidOut> {
  const vectors = rows.map(({ vector }) => vector);
  if (!kept) return layAnew(rows, vectors, turns);
  const numbers = new Map(kept.ids.map((id, number) => [id, number]));
  const isFitted = new Set(kept.fitted);
  const at = Int32Array.from(rows, ({ id }) => numbers.get(id) ?? -1);
  const strange = at.filter((number) => number < 0).length;
  const later = at.filter((number) => number < 0 || number >= kept.laid).length;
  const fitted = Int32Array.from(rows.keys()).filter((row) => isFitted.has(at[row]!));
  const isSmall = kept.laid < FEWEST && strange > 0;
  if (later > MOST_LATER * rows.length || fitted.length === 0 || isSmall)
    return { ...(await layAnew(rows, vectors, turns)), ...(isSmall ? {} : { strangers: later }) };

  const points = new Float32Array(2 * rows.length);
  for (const [row, number] of at.entries())
    if (number >= 0) points.set(kept.points.subarray(2 * number, 2 * number + 2), 2 * row);
  let map: LaidMap | undefined;
  const mapOf = (): LaidMap => {
    map ??= laidMap(fitted, { vectors, points, size: kept.size });
    return map;
  };
  if (strange) {
    const added = rows.flatMap((_, row) => (at[row]! < 0 ? [row] : []));
    const placed = await placeAmong(
      added.map((row) => vectors[row]!),
      mapOf(),
      turns,
    );
    for (const [n, row] of added.entries()) points.set(placed.subarray(2 * n, 2 * n + 2), 2 * row);
  }
  return {
    points,
    place: (few) => placeFew(blockOf(few), mapOf()),
    kept: keptWith(kept, { rows, at, points, isStored }),
    placed: strange,
  };
}

async function layAnew(
  rows: readonly VectorRow[],
  vectors: readonly Float32Array[],
  turns: Turns,
): Promise<LaidOut> {
  const { points, map, fittedRows, place } = await project(vectors, { seed: 1, ...turns });
  const ids = rows.map(({ id }) => id);
  return {
    points,
    place,
    kept: { ids, laid: ids.length, fitted: fittedRows, points, size: map.size },
    placed: 0,
  };
}

function laidMap(
  fitted: Int32Array,
  { vectors, points, size }: { vectors: readonly Float32Array[]; points: Float32Array; size: number },
): LaidMap {
  const places = new Float32Array(2 * fitted.length);
  for (const [n, row] of fitted.entries()) places.set(points.subarray(2 * row, 2 * row + 2), 2 * n);
  return { fitted: blockOf(Array.from(fitted, (row) => vectors[row]!)), points: places, size };
}

function blockOf(vectors: readonly Float32Array[]): VectorBlock {
  const dimension = vectors[0]?.length ?? 0;
  return { vectors: stack(vectors, dimension), dimension };
}

interface Grown {
  rows: readonly VectorRow[];
  /** Each row's number in what was kept, −1 of a new one. */
  at: Int32Array;
  points: Float32Array;
  isStored: (id: string) => boolean;
}

/** What was kept without the rows that the store has no more, and with the new ones. */
function keptWith(kept: KeptMap, { rows, at, points, isStored }: Grown): KeptMap {
  const stay = kept.ids.flatMap((id, number) => (isStored(id) ? [number] : []));
  const added = rows.flatMap((_, row) => (at[row]! < 0 ? [row] : []));
  if (!added.length && stay.length === kept.ids.length) return kept;
  const isFitted = new Set(kept.fitted);
  const ids = [...stay.map((number) => kept.ids[number]!), ...added.map((row) => rows[row]!.id)];
  const places = new Float32Array(2 * ids.length);
  for (const [n, number] of stay.entries())
    places.set(kept.points.subarray(2 * number, 2 * number + 2), 2 * n);
  for (const [n, row] of added.entries())
    places.set(points.subarray(2 * row, 2 * row + 2), 2 * (stay.length + n));
  return {
    ids,
    laid: stay.filter((number) => number < kept.laid).length,
    fitted: Int32Array.from(stay.flatMap((number, n) => (isFitted.has(number) ? [n] : []))),
    points: places,
    size: kept.size,
  };
}
