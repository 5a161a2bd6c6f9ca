import { isFiniteVector } from '../arithmetic/vectors.js';
import { LookbookError } from '../errors.js';
import { imageIdOf } from '../rows.js';
import type { Turns } from '../turns.js';
import type { MapView, VectorCollection } from '../types.js';
import { counted } from '../words.js';
import { keepMap, readKeptMap } from './kept-map.js';
import { type LaidOut, layRows, type VectorRow } from './laying.js';
import { fieldsOf } from './map-colours.js';
import { notesOf, nothingOn } from './map-notes.js';
import { hitsById, locations, pointsOf } from './map-points.js';
import { chosenRows } from './map-rows.js';
import type { Found, LaidRows, MapSources } from './map-sources.js';
import { tileOrder, tilesOf } from './map-tiles.js';

export type { LaidRows, MapSources } from './map-sources.js';

const MOST_POINTS = 100_000;
const MOST_TILES = 1024;

/**
 * Projects a collection to two dimensions, with thumbnails, what to colour by, and the query's place on it. A kept map is
 * read, others are placed on it, and it is kept again.
 * @throws LookbookError when a vector holds what is no number, or `colourBy` is no field; the signal's reason.
 */
export async function mapView(sources: MapSources): Promise<MapView> {
  const { of, pictures, segments, query, signal } = sources;
  const most = sources.mostPoints ?? MOST_POINTS;
  const part = partsOf(sources);
  const collection = of === 'pictures' ? pictures : segments;
  const hits = hitsById(of, query);
  if (!collection) return nothingOn(of, 'no segmenter');
  const { rows, stored } = await chosenRows(collection, { most, keep: hits, ...part(0, 0.3) });
  if (!rows.length) return nothingOn(of, (await pictures.count()) ? 'none of them' : 'nothing');
  const ownerOf = (id: string): string => (of === 'pictures' ? id : imageIdOf(id));
  const places = await locations(rows, sources);
  refuseNoNumbers(rows, (id) => places.get(ownerOf(id))?.paths[0] ?? id);

  const kept = await keptOf(collection, sources);
  const isStored = (id: string): boolean => stored.has(id);
  const laidOut = await layRows(rows, { kept: kept.map, isStored, ...part(0.3, 0.7) });
  const keeping = laidOut.kept === kept.map ? undefined : await keep(laidOut, collection, sources);
  const laid: LaidRows = { rows, points: laidOut.points };

  const owners = [...new Set(rows.map(({ id }) => ownerOf(id)))];
  const wanted = tileOrder(owners, new Set([...hits.keys()].map(ownerOf)), sources.mostTiles ?? MOST_TILES);
  const tiles = await tilesOf(wanted, (imageId) => places.get(imageId)?.paths ?? [], {
    allowPrivateUrls: sources.allowPrivateUrls,
    ...part(0.7, 0.85),
  });
  const found: Found = { hits, tiles, lyingOf: (id) => places.get(ownerOf(id)), ownerOf };
  const points = await pointsOf(laid, found, {
    sources,
    turns: { words: part(0.85, 0.9), relevance: part(0.9, 0.95) },
  });
  const { fields, colour } = await fieldsOf(laid, { found, points }, { ...sources, ...part(0.95, 1) });
  if (query?.vector) {
    const [x, y] = laidOut.place([query.vector]);
    points.push({ id: 'query', x: x!, y: y!, title: query.title, kind: 'query' });
  }
  signal?.throwIfAborted();
  const note = notesOf({ of, rows, all: stored.size, laidOut, query, broken: kept.broken, keeping });
  return {
    title: `${counted(rows.length, of.slice(0, -1))}${query?.vector ? `, and “${query.title}”` : ''}`,
    points,
    fields,
    ...(colour === undefined ? {} : { colourBy: colour }),
    ...(tiles.sprite ? { sprite: tiles.sprite } : {}),
    ...(note ? { note } : {}),
  };
}

/** Parts of the work tell shares of the whole. */
function partsOf({ signal, onProgress }: Turns): (from: number, to: number) => Turns {
  return (from, to) => ({ signal, onProgress: (share) => onProgress?.(from + (to - from) * share) });
}

async function keptOf(
  { fingerprint }: VectorCollection,
  { kept, again }: MapSources,
): ReturnType<typeof readKeptMap> {
  return kept === undefined || again ? { map: null } : readKeptMap(kept, fingerprint);
}

/** @returns why the map could not be kept: it is shown all the same. */
async function keep(
  { kept }: LaidOut,
  { fingerprint }: VectorCollection,
  { kept: path }: MapSources,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    await keepMap(path, fingerprint, kept);
    return undefined;
  } catch (error) {
    if (error instanceof LookbookError) return error.facts.got;
    throw error;
  }
}

/** @throws LookbookError that names the first row whose vector holds what is no number. */
function refuseNoNumbers(rows: readonly VectorRow[], pathOf: (id: string) => string): void {
  const bad = rows.filter(({ vector }) => !isFiniteVector(vector));
  const [first] = bad;
  if (!first) return;
  const at = first.vector.findIndex((value) => !Number.isFinite(value));
  throw new LookbookError('map', {
    what: `${bad.length === 1 ? 'a vector' : `${bad.length} vectors`} cannot be drawn`,
    got: `${first.vector[at]} at place ${at} of ${pathOf(first.id)} (${first.id})`,
    expected: 'finite numbers',
    mend: 'Remove it from the store, or move the picture away and index, and put it back and index again.',
  });
}
