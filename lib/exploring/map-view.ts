import { sprite } from '../decoders/image.js';
import { imageIdOf, placesOf } from '../rows.js';
import { tileOf } from '../thumbnails.js';
import type { MapPoint, MapView, SearchResult, StoredRecord, VectorCollection } from '../types.js';
import { project } from './projection.js';

export interface MapSources {
  of: 'pictures' | 'segments';
  pictures: VectorCollection;
  segments: VectorCollection | null;
  /** Marks the query's own point and its hits. */
  query?: SearchResult;
  signal?: AbortSignal;
  allowPrivateUrls: boolean;
  locate(place: { root: string; path: string }): string;
  /** What a vector shows in a word, where the encoder has words. */
  name(vector: Float32Array): string | undefined;
}

/** More points than this are thinned evenly: a map in a notebook stays small and takes seconds. */
const MOST_POINTS = 2000;
const MOST_TILES = 1024;
const TILE_PX = 72;

/** Projects a collection to two dimensions, with thumbnails and the query's place on it. */
export async function mapView(sources: MapSources): Promise<MapView> {
  const { of, pictures, segments, query } = sources;
  const collection = of === 'pictures' ? pictures : segments;
  const rows = collection ? await thinned(collection) : [];
  const projection = await project(
    rows.map((row) => row.vector!),
    { seed: 1, ...(sources.signal ? { signal: sources.signal } : {}) },
  );
  const owners = [...new Set(rows.map(({ id }) => (of === 'pictures' ? id : imageIdOf(id))))];
  const places = await locations(owners, sources);
  const tiles = await tilesOf(owners, places, sources);
  const rankOf = new Map(
    query?.hits.map((hit, index) => [
      of === 'pictures' ? hit.imageId : hit.evidence.segments[0]?.segmentId,
      index + 1,
    ]),
  );
  const points = rows.map((row, index): MapPoint => {
    const owner = of === 'pictures' ? row.id : imageIdOf(row.id);
    const path = places.get(owner)?.[0] ?? owner;
    const label = of === 'pictures' ? path.split('/').at(-2) : labelOf(row, sources);
    const tile = tiles.indexOf.get(owner);
    const rank = rankOf.get(row.id);
    return {
      id: row.id,
      x: projection.points[2 * index]!,
      y: projection.points[2 * index + 1]!,
      title: path,
      ...(label === undefined ? {} : { label }),
      ...(tile === undefined ? {} : { tile }),
      ...(rank === undefined ? { kind: 'plain' } : { kind: 'hit', rank }),
    };
  });
  if (query?.vector && rows.length) {
    const [x, y] = projection.place([query.vector]);
    points.push({ id: 'query', x: x!, y: y!, title: query.title, kind: 'query' });
  }
  const title = `${rows.length} ${of}${query?.vector ? `, and “${query.title}”` : ''}`;
  return { title, points, ...(tiles.sprite ? { sprite: tiles.sprite } : {}) };
}

/** All rows, or an even selection of MOST_POINTS. */
async function thinned(collection: VectorCollection): Promise<StoredRecord[]> {
  const step = Math.max(1, Math.ceil((await collection.count()) / MOST_POINTS));
  const rows: StoredRecord[] = [];
  let at = 0;
  for await (const page of collection.pages({ vectors: true })) {
    for (const row of page) if (at++ % step === 0 && row.vector) rows.push(row);
  }
  return rows;
}

async function locations(
  imageIds: readonly string[],
  { pictures, locate }: MapSources,
): Promise<Map<string, string[]>> {
  const rows = await pictures.get(imageIds);
  return new Map(rows.map(({ id, metadata }) => [id, placesOf(metadata).map(locate)]));
}

async function tilesOf(
  imageIds: readonly string[],
  places: ReadonlyMap<string, string[]>,
  sources: MapSources,
): Promise<{ indexOf: Map<string, number>; sprite?: MapView['sprite'] }> {
  const indexOf = new Map<string, number>();
  const tiles: Uint8Array[] = [];
  for (const imageId of imageIds.slice(0, MOST_TILES)) {
    const tile = await tileOf(imageId, places.get(imageId) ?? [], TILE_PX, sources);
    if (!tile) continue;
    indexOf.set(imageId, tiles.length);
    tiles.push(tile);
  }
  return tiles.length ? { indexOf, sprite: await sprite(tiles, TILE_PX) } : { indexOf };
}

/** A segment's own label, else the word that fits it best. */
function labelOf({ metadata, vector }: StoredRecord, { name }: MapSources): string | undefined {
  return typeof metadata.label === 'string' ? metadata.label : vector && name(vector);
}
