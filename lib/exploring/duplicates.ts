import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  groupPairs,
  type Looks,
  type NearGroup,
  type NearLimits,
  nearLimits,
  searchPairs,
} from '../arithmetic/near-duplicates.js';
import { LookbookError } from '../errors.js';
import { factsOf, hashOf, placesOf } from '../rows.js';
import type {
  DuplicateGroup,
  DuplicatePicture,
  Duplicates,
  DuplicatesOptions,
  StoredRecord,
  VectorCollection,
} from '../types.js';
import { type DuplicateSources, hashTheRest } from './missing-hashes.js';

/** How long the work may keep others waiting. */
const TURN_MS = 25;

/**
 * Equal files, and pictures that are edits of each other by hash and by vector, both. Every pair is looked at: 10,000
 * pictures of 512 numbers take a second once they are read (from Chroma: 6 s in all) and 20 MB; 40,000 take 6 s and 80 MB.
 *
 * Rows of an older index have no hash. They get it from their files, decoded for the encoder as an index run does but
 * never encoded, and it is stored: a hash of anything else could not be compared, and vectors alone would join
 * different pictures of one thing.
 * @throws LookbookError when limits are no limits; the signal's reason when it was called off.
 */
export async function duplicates(
  sources: DuplicateSources,
  options: DuplicatesOptions = {},
): Promise<Duplicates> {
  const { encoder, pictures } = sources;
  const limits = checkedLimits(nearLimits(encoder.duplicates), options);
  const gathered = await gather(pictures, options);
  const groups: DuplicateGroup[] = [];
  const notes: string[] = [];
  if (options.kind !== 'near') groups.push(...(await exactGroups(gathered.severalPlaces, sources)));
  if (options.kind !== 'exact') {
    notes.push(...(await hashTheRest(gathered, sources, options)));
    const own = options.cosine !== undefined || options.bits !== undefined;
    if (!encoder.duplicates && !own)
      notes.push(
        `Nobody has measured which cosine edits have by ${encoder.name}: only pictures that differ in at most ${limits.bits} of 64 bits are grouped, so some pieces and recoloured copies are missed.`,
      );
    const found = await nearGroups(gathered, limits, options);
    groups.push(...(await describeGroups(found, gathered, sources)));
  }
  return { groups, pictures: gathered.ids.length, limits, notes };
}

/** @throws LookbookError that lists every problem at once. */
function checkedLimits(usual: NearLimits, { bits, cosine, kind }: DuplicatesOptions): NearLimits {
  const problems: string[] = [];
  if (kind !== undefined && kind !== 'exact' && kind !== 'near')
    problems.push(`kind is ${JSON.stringify(kind)}, expected exact or near`);
  if (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= 64))
    problems.push(`bits is ${bits}, expected 0 to 64`);
  if (cosine !== undefined && !(cosine >= -1 && cosine <= 1))
    problems.push(`cosine is ${cosine}, expected −1 to 1`);
  if (problems.length) {
    throw new LookbookError('duplicates', {
      what: 'duplicates cannot be looked for so',
      got: problems.join('; '),
      expected: 'what { kind, bits, cosine } may be',
      mend: `Leave them out for the limits of this encoder: ${usual.bits} bits, cosine ${usual.cosine}.`,
    });
  }
  return { bits: bits ?? usual.bits, cosine: cosine ?? usual.cosine };
}

/** What is needed of every picture while all are compared. */
interface Gathered {
  ids: string[];
  hashes: (string | undefined)[];
  sides: { width: number; height: number }[];
  vectors: Float32Array;
  dimension: number;
  /** Pictures that lie at several places. */
  severalPlaces: string[];
}

/** Everything but the places, which are most of a row, page by page. */
async function gather(pictures: VectorCollection, { kind, signal }: DuplicatesOptions): Promise<Gathered> {
  const { dimension } = pictures;
  const withVectors = kind !== 'exact';
  const gathered: Gathered = {
    ids: [],
    hashes: [],
    sides: [],
    vectors: new Float32Array(withVectors ? dimension * (await pictures.count()) : 0),
    dimension,
    severalPlaces: [],
  };
  for await (const page of pictures.pages({ vectors: withVectors })) {
    signal?.throwIfAborted();
    for (const row of page) {
      const at = gathered.ids.length * dimension;
      // More than were counted: an index run has added some since, and the next call will see them.
      if (withVectors && (!row.vector || at >= gathered.vectors.length)) continue;
      if (row.vector) gathered.vectors.set(row.vector, at);
      gathered.ids.push(row.id);
      gathered.hashes.push(hashOf(row.metadata));
      gathered.sides.push({ width: Number(row.metadata.width), height: Number(row.metadata.height) });
      if (placesOf(row.metadata).length > 1) gathered.severalPlaces.push(row.id);
    }
  }
  return gathered;
}

async function exactGroups(ids: readonly string[], sources: DuplicateSources): Promise<DuplicateGroup[]> {
  const rows = await sources.pictures.get(ids);
  const groups = rows.map((row): DuplicateGroup => {
    const picture = pictureOf(row, sources);
    return {
      kind: 'exact',
      pictures: [picture],
      keep: picture.paths[0]!,
      spare: picture.facts.bytes * (picture.paths.length - 1),
    };
  });
  return groups.sort(bySpare);
}

/** Rows are those of `gathered`. */
async function nearGroups(
  { hashes, sides, vectors, dimension }: Gathered,
  limits: NearLimits,
  { signal, onProgress }: DuplicatesOptions,
): Promise<NearGroup[]> {
  const rows = hashes.flatMap((hash, row) => (hash === undefined ? [] : [row]));
  const looks: Looks = {
    hashes: rows.map((row) => hashes[row]!),
    sides: rows.map((row) => sides[row]!),
    vectors: rows.length === hashes.length ? vectors : only(rows, vectors, dimension),
    dimension,
  };
  const search = searchPairs(looks, limits);
  let last = performance.now();
  while (!search.step()) {
    if (performance.now() - last < TURN_MS) continue;
    await nextTurn();
    signal?.throwIfAborted();
    onProgress?.(search.share());
    last = performance.now();
  }
  return groupPairs(search.pairs).map(({ centre, others }) => ({
    centre: rows[centre]!,
    others: others.map((other) => ({ ...other, row: rows[other.row]! })),
  }));
}

function only(rows: readonly number[], vectors: Float32Array, dimension: number): Float32Array {
  const kept = new Float32Array(rows.length * dimension);
  for (const [at, row] of rows.entries())
    kept.set(vectors.subarray(row * dimension, (row + 1) * dimension), at * dimension);
  return kept;
}

async function describeGroups(
  found: readonly NearGroup[],
  { ids }: Gathered,
  sources: DuplicateSources,
): Promise<DuplicateGroup[]> {
  const members = found.map(({ centre, others }) => [{ row: centre, bits: 0, cosine: 1 }, ...others]);
  const rows = await sources.pictures.get(members.flat().map(({ row }) => ids[row]!));
  const byId = new Map(rows.map((row) => [row.id, row]));
  const groups = members.flatMap((group): DuplicateGroup[] => {
    const pictures = group.flatMap(({ row, bits, cosine }) => {
      const stored = byId.get(ids[row]!);
      return stored ? [{ ...pictureOf(stored, sources), distance: { bits, cosine } }] : []; // removed since
    });
    if (pictures.length < 2) return [];
    pictures.sort(byWorth);
    const bytes = pictures.reduce((sum, { facts }) => sum + facts.bytes, 0);
    return [
      {
        kind: 'near',
        pictures,
        keep: pictures[0]!.paths[0] ?? pictures[0]!.imageId,
        spare: bytes - pictures[0]!.facts.bytes,
      },
    ];
  });
  return groups.sort(bySpare);
}

function pictureOf({ id, metadata }: StoredRecord, { locate }: DuplicateSources): DuplicatePicture {
  return { imageId: id, paths: placesOf(metadata).map(locate), facts: factsOf(metadata) };
}

/** The one to keep first: an edit is rarely larger than its original, rarely has more bytes, and is never older. */
function byWorth(a: DuplicatePicture, b: DuplicatePicture): number {
  const pixels = ({ facts }: DuplicatePicture): number => facts.width * facts.height;
  const taken = ({ facts }: DuplicatePicture): string => facts.taken ?? '9999';
  return (
    pixels(b) - pixels(a) ||
    b.facts.bytes - a.facts.bytes ||
    taken(a).localeCompare(taken(b)) ||
    a.imageId.localeCompare(b.imageId)
  );
}

function bySpare(a: DuplicateGroup, b: DuplicateGroup): number {
  return b.spare - a.spare || a.keep.localeCompare(b.keep);
}
