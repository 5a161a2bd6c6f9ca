import { imageIdOf, placesOf } from '../rows.js';
import type {
  MapField,
  MapPoint,
  MapView,
  Place,
  SearchResult,
  StoredRecord,
  VectorCollection,
} from '../types.js';
import { factFields, tellsApart } from './map-fields.js';
import { type Tiles, tileOrder, tilesOf } from './map-tiles.js';
import { project } from './projection.js';

export interface MapSources {
  of: 'pictures' | 'segments';
  pictures: VectorCollection;
  segments: VectorCollection | null;
  /** Marks the query's own point and its hits. */
  query?: SearchResult;
  /** More points than this are thinned evenly (default 2,000: a map in a notebook stays small and takes seconds). */
  mostPoints?: number;
  /** So many thumbnails at most lie in the sprite, the hits' first (default 1,024). */
  mostTiles?: number;
  /** The field that colours at first (default: the label). */
  colourBy?: string;
  signal?: AbortSignal;
  allowPrivateUrls: boolean;
  locate(place: Place): string;
  /** What a vector shows in a word, where the encoder has words. */
  name(vector: Float32Array): string | undefined;
  /** How relevant a stored vector is to the query, 0..1; without it, hits alone have their relevance. */
  relevance?(vector: Float32Array): number;
  /** More to colour by, clusters above all: a value a row, in the order of the rows; the first comes first. */
  moreFields?(laid: LaidRows): Promise<readonly MapField[]>;
}

/** The rows that a map shows and where they lie. */
export interface LaidRows {
  /** With vectors. */
  rows: readonly StoredRecord[];
  /** float32[rows, 2]. */
  points: Float32Array;
}

const MOST_POINTS = 2000;
const MOST_TILES = 1024;

/** Projects a collection to two dimensions, with thumbnails, what to colour by, and the query's place on it. */
export async function mapView(sources: MapSources): Promise<MapView> {
  const { of, pictures, segments, query, signal, colourBy } = sources;
  const collection = of === 'pictures' ? pictures : segments;
  const hits = hitsById(of, query);
  const most = sources.mostPoints ?? MOST_POINTS;
  const rows = collection ? await thinned(collection, { most, keep: hits }) : [];
  const projection = await project(
    rows.map((row) => row.vector!),
    { seed: 1, ...(signal ? { signal } : {}) },
  );
  const laid: LaidRows = { rows, points: projection.points };
  const ownerOf = (id: string): string => (of === 'pictures' ? id : imageIdOf(id));
  const owners = [...new Set(rows.map(({ id }) => ownerOf(id)))];
  const places = await locations(owners, sources);
  const wanted = tileOrder(owners, new Set([...hits.keys()].map(ownerOf)), sources.mostTiles ?? MOST_TILES);
  const tiles = await tilesOf(wanted, (imageId) => places.get(imageId)?.paths ?? [], sources);
  const found: Found = { hits, tiles, lyingOf: (id) => places.get(ownerOf(id)), ownerOf };
  const points = pointsOf(laid, found, sources);
  const fields = await fieldsOf(laid, { found, points }, sources);
  if (query?.vector && rows.length) {
    const [x, y] = projection.place([query.vector]);
    points.push({ id: 'query', x: x!, y: y!, title: query.title, kind: 'query' });
  }
  return {
    title: `${rows.length} ${of}${query?.vector ? `, and “${query.title}”` : ''}`,
    points,
    fields,
    ...(colourBy === undefined ? {} : { colourBy }),
    ...(tiles.sprite ? { sprite: tiles.sprite } : {}),
  };
}

/** What is known of the rows beside what they hold. */
interface Found {
  hits: ReadonlyMap<string, { rank: number; relevance: number }>;
  tiles: Tiles;
  lyingOf(id: string): Lying | undefined;
  ownerOf(id: string): string;
}

function pointsOf({ rows, points }: LaidRows, found: Found, sources: MapSources): MapPoint[] {
  const relevanceOf = sources.query?.vector ? sources.relevance : undefined;
  return rows.map((row, index): MapPoint => {
    const owner = found.ownerOf(row.id);
    const title = found.lyingOf(row.id)?.paths[0] ?? owner;
    const label = sources.of === 'pictures' ? title.split('/').at(-2) : labelOf(row, sources);
    const tile = found.tiles.indexOf.get(owner);
    const hit = found.hits.get(row.id);
    const relevance = hit?.relevance ?? relevanceOf?.(row.vector!);
    return {
      id: row.id,
      x: points[2 * index]!,
      y: points[2 * index + 1]!,
      title,
      ...(label === undefined ? {} : { label }),
      ...(tile === undefined ? {} : { tile }),
      ...(relevance === undefined ? {} : { relevance }),
      ...(hit ? { kind: 'hit', rank: hit.rank } : { kind: 'plain' }),
    };
  });
}

/** What was given first, then folder, relevance and the stored facts; what tells no two points apart is left out. */
async function fieldsOf(
  laid: LaidRows,
  { found, points }: { found: Found; points: readonly MapPoint[] },
  { moreFields }: MapSources,
): Promise<MapField[]> {
  const folders = laid.rows.map(({ id }) => found.lyingOf(id)?.folder ?? null);
  const own: MapField[] = [
    { name: 'folder', kind: 'category', values: folders },
    {
      name: 'relevance to the query',
      kind: 'number',
      unit: 'share',
      values: points.map(({ relevance }) => relevance ?? null),
    },
  ];
  // A picture's label is the last part of its folder; where that is all of it, one of the two is enough.
  const same = folders.every((folder, index) => folder === points[index]!.label);
  const given = (await moreFields?.(laid)) ?? [];
  return [...given, ...(same ? own.slice(1) : own), ...factFields(laid.rows)].filter(tellsApart);
}

/** Which stored row each hit stands for. */
function hitsById(
  of: MapSources['of'],
  query: SearchResult | undefined,
): Map<string, { rank: number; relevance: number }> {
  return new Map(
    query?.hits.flatMap(({ imageId, evidence, relevance }, index) => {
      const id = of === 'pictures' ? imageId : evidence.segments[0]?.segmentId;
      return id === undefined ? [] : [[id, { rank: index + 1, relevance }]];
    }),
  );
}

/** All rows, or an even selection of about `most` and those to keep. */
async function thinned(
  collection: VectorCollection,
  { most, keep }: { most: number; keep: { has(id: string): boolean } },
): Promise<StoredRecord[]> {
  const step = Math.max(1, Math.ceil((await collection.count()) / most));
  const rows: StoredRecord[] = [];
  let at = 0;
  for await (const page of collection.pages({ vectors: true })) {
    for (const row of page) if (row.vector && (at++ % step === 0 || keep.has(row.id))) rows.push(row);
  }
  return rows;
}

interface Lying {
  paths: string[];
  /** Below its source. */
  folder: string;
}

async function locations(
  imageIds: readonly string[],
  { pictures, locate }: MapSources,
): Promise<Map<string, Lying>> {
  const rows = await pictures.get(imageIds);
  return new Map(
    rows.map(({ id, metadata }) => {
      const places = placesOf(metadata);
      const folder = places[0]?.path.split('/').slice(0, -1).join('/') || '(top)';
      return [id, { paths: places.map(locate), folder }];
    }),
  );
}

/** A segment's own label, else the word that fits it best. */
function labelOf({ metadata, vector }: StoredRecord, { name }: MapSources): string | undefined {
  return typeof metadata.label === 'string' ? metadata.label : vector && name(vector);
}
