import { LookbookError } from '../errors.js';
import { imageIdOf, placesOf } from '../rows.js';
import type { Outlier, Outliers, OutliersOptions, Place, StoredRecord, VectorCollection } from '../types.js';
import { neighbours } from './neighbours.js';
import { storedVectors } from './neighbours-rows.js';

export interface OutlierSources {
  pictures: VectorCollection;
  segments: VectorCollection | null;
  locate(place: Place): string;
}

/** Neighbours that count: one would hide a pair of lonely copies, many would call every small group lonely. */
const NEAREST = 5;
const SHOWN = 12;

/**
 * The pictures or segments that are farthest from their nearest: by the mean cosine distance of the k nearest (Angiulli and
 * Pizzuti 2002). The local outlier factor, which divides by what the neighbours' own distances are, finds lone pictures of a
 * class better among photographs of ten tight classes (area under the curve .94 against .88) and worse among drawings
 * (.65 to .70 against .69 to .75); it is the distance that can be told in a sentence.
 * @throws LookbookError when options are none, there are too few to compare, or a vector holds what is no number; the
 * signal's reason when it was called off.
 */
export async function outliers(sources: OutlierSources, options: OutliersOptions = {}): Promise<Outliers> {
  const { of = 'pictures', k = NEAREST, most = SHOWN, signal, onProgress } = options;
  checkOptions({ of, k, most });
  const collection = of === 'pictures' ? sources.pictures : sources.segments;
  const ids: string[] = [];
  const count = (await collection?.count()) ?? 0;
  if (!collection || count < 3) throw tooFew(of, count);
  const table = await neighbours(storedVectors(collection, ids), { k, signal, onProgress });
  const distances = ids.map((_, row) => meanDistance(table.distances, row, table.k));
  const usual = distances.slice().sort((a, b) => a - b)[distances.length >> 1]!;
  const rows = ids
    .map((_, row) => row)
    .sort((a, b) => distances[b]! - distances[a]! || (ids[a]! < ids[b]! ? -1 : 1));
  const shown = rows.slice(0, most);
  const near = shown.map((row) => ids[table.indices[row * table.k]!]!);
  const paths = await pathsOf([...shown.map((row) => ids[row]!), ...near], of, sources);
  const found = shown.map(
    (row, at): Outlier => ({
      id: ids[row]!,
      path: paths.get(ids[row]!) ?? ids[row]!,
      distance: distances[row]!,
      nearest: { id: near[at]!, path: paths.get(near[at]!) ?? near[at]! },
    }),
  );
  return { of, k: table.k, compared: ids.length, usual, outliers: found, ids: found.map(({ id }) => id) };
}

function meanDistance(distances: Float32Array, row: number, k: number): number {
  let sum = 0;
  for (let at = row * k; at < (row + 1) * k; at++) sum += distances[at]!;
  return k ? sum / k : 0;
}

/** Where the pictures lie that these are or belong to. */
async function pathsOf(
  ids: readonly string[],
  of: Outliers['of'],
  { pictures, locate }: OutlierSources,
): Promise<Map<string, string>> {
  const ownerOf = (id: string): string => (of === 'pictures' ? id : imageIdOf(id));
  const rows: StoredRecord[] = await pictures.get([...new Set(ids.map(ownerOf))]);
  const owners = new Map(rows.map(({ id, metadata }) => [id, placesOf(metadata)[0]]));
  return new Map(
    ids.flatMap((id) => {
      const place = owners.get(ownerOf(id));
      return place ? [[id, locate(place)] as const] : [];
    }),
  );
}

/** @throws LookbookError that lists every problem at once. */
function checkOptions({ of, k, most }: { of: string; k: number; most: number }): void {
  const isCount = (value: number, limit: number): boolean =>
    Number.isInteger(value) && value >= 1 && value <= limit;
  const problems = [
    ...(of === 'pictures' || of === 'segments'
      ? []
      : [`of is ${JSON.stringify(of)}, expected pictures or segments`]),
    ...(isCount(k, 100) ? [] : [`k is ${k}, expected 1 to 100`]),
    ...(isCount(most, 10_000) ? [] : [`most is ${most}, expected 1 to 10,000`]),
  ];
  if (!problems.length) return;
  throw new LookbookError('outliers', {
    what: 'outliers cannot be looked for so',
    got: problems.join('; '),
    expected: 'what { of, k, most } may be',
    mend: `Leave them out for pictures, ${NEAREST} and ${SHOWN}.`,
  });
}

function tooFew(of: string, count: number): LookbookError {
  return new LookbookError('outliers', {
    what: 'there is nothing to be far from',
    got: `${count} ${of}`,
    expected: 'three or more',
    mend: 'Run 01-index with the same NAME, ENCODER, SEGMENTER and CHROMA and with more pictures first.',
  });
}
