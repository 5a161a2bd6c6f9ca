import { imageIdOf, placesOf } from '../rows.js';
import { type Turns, turnTaker } from '../turns.js';
import type { MapPoint, SearchResult, StoredRecord } from '../types.js';
import type { VectorRow } from './laying.js';
import type { Found, Hits, LaidRows, Lying, MapSources } from './map-sources.js';

/** Which stored row each hit stands for. */
export function hitsById(of: MapSources['of'], query: SearchResult | undefined): Hits {
  return new Map(
    query?.hits.flatMap(({ imageId, evidence, relevance }, index) => {
      const id = of === 'pictures' ? imageId : evidence.segments[0]?.segmentId;
      return id === undefined ? [] : [[id, { rank: index + 1, relevance }]];
    }),
  );
}

/** Where the pictures of some rows lie, by imageId. */
export async function locations(
  rows: readonly StoredRecord[],
  { of, pictures, locate }: MapSources,
): Promise<Map<string, Lying>> {
  const owners = of === 'pictures' ? rows : await pictures.get(distinctOwners(rows));
  return new Map(
    owners.map(({ id, metadata }) => {
      const places = placesOf(metadata);
      const folder = places[0]?.path.split('/').slice(0, -1).join('/') || '(top)';
      return [id, { paths: places.map(locate), folder }];
    }),
  );
}

function distinctOwners(segments: readonly StoredRecord[]): string[] {
  return [...new Set(segments.map(({ id }) => imageIdOf(id)))];
}

/** A point for each row, with what it is called, its thumbnail, and how it answers the query. */
export async function pointsOf(
  { rows, points }: LaidRows,
  found: Found,
  { sources, turns }: { sources: MapSources; turns: { words: Turns; relevance: Turns } },
): Promise<MapPoint[]> {
  const turn = turnTaker({ signal: sources.signal });
  const words = sources.of === 'segments' ? await labelsOf(rows, sources, turns.words) : undefined;
  const relevances = sources.query?.vector ? await sources.relevance?.(rows, turns.relevance) : undefined;
  const made: MapPoint[] = [];
  for (const [index, { id }] of rows.entries()) {
    const owner = found.ownerOf(id);
    const title = found.lyingOf(id)?.paths[0] ?? owner;
    const label = words ? words[index] : title.split('/').at(-2);
    const tile = found.tiles.indexOf.get(owner);
    const hit = found.hits.get(id);
    const relevance = hit?.relevance ?? relevances?.[index];
    made.push({
      id,
      x: points[2 * index]!,
      y: points[2 * index + 1]!,
      title,
      ...(label === undefined ? {} : { label }),
      ...(tile === undefined ? {} : { tile }),
      ...(relevance === undefined ? {} : { relevance }),
      ...(hit ? { kind: 'hit', rank: hit.rank } : { kind: 'plain' }),
    });
    await turn(index / rows.length);
  }
  return made;
}

/** A segment's own label, else the word that fits it best. */
async function labelsOf(
  rows: readonly VectorRow[],
  { words }: MapSources,
  turns: Turns,
): Promise<(string | undefined)[]> {
  const bare = rows.filter(({ metadata }) => typeof metadata.label !== 'string');
  const found = bare.length ? await words?.(bare, turns) : undefined;
  const wordOf = new Map(bare.map(({ id }, at) => [id, found?.[at]]));
  return rows.map(({ id, metadata }) =>
    typeof metadata.label === 'string' ? metadata.label : wordOf.get(id),
  );
}
