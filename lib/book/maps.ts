import { totalmem } from 'node:os';
import { dot } from '../arithmetic/vectors.js';
import type { Settings } from '../config.js';
import { clusterFields } from '../exploring/clusters.js';
import { mapView } from '../exploring/map-view.js';
import { nameOf } from '../searching/background.js';
import { kindOf, logitAgainst } from '../searching/judging.js';
import { checkQuery } from '../searching/query.js';
import { relevanceOf, type Standing } from '../searching/relevance.js';
import type { Turns } from '../turns.js';
import type { ExploreOptions, MapView, SearchResult, StoredRecord, VectorCollection } from '../types.js';
import { checkExploring } from './map-options.js';
import { writeMapPage } from './map-pages.js';
import { namingWords } from './naming-words.js';
import type { OwnLibrary } from './own-library.js';
import { locate, ownPath } from './own-places.js';
import { pictureStandings, wordStandings } from './standings.js';

export interface BookSources {
  settings: Settings;
  library: OwnLibrary;
}

/** What a page draws smoothly. */
const MOST_POINTS = 100_000;
const LEAST_POINTS = 2000;
/** What the vectors of a map may take of the memory: the work takes about five times as much at its height. */
const SHARE_OF_MEMORY = 1 / 8;

/**
 * The map of a lookbook, kept for the next time in .lookbook/maps, with a page of its own.
 * @throws LookbookError when options are none, or a stored vector holds what is no number.
 */
export async function exploreBook(options: ExploreOptions, sources: BookSources): Promise<MapView> {
  const { of = 'pictures', query, page = true } = checkExploring(options);
  const { settings, library } = sources;
  const collection = of === 'pictures' ? library.pictures : library.segments;
  const standings = standingsOf(library);
  const view = await mapView({
    ...options,
    of,
    mostPoints: options.mostPoints ?? mostPointsOf(library.pictures),
    kept: collection
      ? ownPath(settings, 'maps', `-${of}-${collection.fingerprint.slice(0, 12)}.json`)
      : undefined,
    pictures: library.pictures,
    segments: library.segments,
    allowPrivateUrls: settings.allowPrivateUrls,
    locate,
    moreFields: async (laid, turns) => clusterFields(laid, { ...turns, words: await namingWords(library) }),
    words: async (rows, turns) => (await standings(rows, turns)).map(({ best }) => nameOf(best)),
    ...(query?.vector ? { relevance: relevanceTo(query, library, standings) } : {}),
  });
  return page === false || !view.points.length
    ? view
    : writeMapPage(view, { ...sources, options, collection });
}

type Standings = (rows: readonly StoredRecord[], turns: Turns) => Promise<readonly Standing[]>;

/** How the background's words score against rows: of each row once, whoever asks. */
function standingsOf(library: OwnLibrary): Standings {
  const known = new Map<string, Standing>();
  return async (rows, turns) => {
    const unknown = rows.filter(({ id }) => !known.has(id));
    const words = await library.background('words');
    const found = await wordStandings(vectorsOf(unknown), words, turns);
    for (const [at, { id }] of unknown.entries()) known.set(id, found[at]!);
    return rows.map(({ id }) => known.get(id)!);
  };
}

/** What the whole of each row answers, as a search judges it; a hit may answer better by a part of it. */
function relevanceTo(
  { query, vector }: SearchResult,
  library: OwnLibrary,
  standings: Standings,
): (rows: readonly StoredRecord[], turns: Turns) => Promise<Float32Array> {
  const kind = kindOf(checkQuery(query, {}));
  return async (rows, turns) => {
    const against =
      kind === 'words'
        ? await standings(rows, turns)
        : await pictureStandings(vectorsOf(rows), await library.background('pictures'), turns);
    return Float32Array.from(rows, (row, at) => {
      const cosine = dot(vector!, row.vector!);
      return relevanceOf(logitAgainst(cosine, () => against[at]!, { kind, encoder: library.encoder }));
    });
  };
}

function vectorsOf(rows: readonly StoredRecord[]): Float32Array[] {
  return rows.map(({ vector }) => vector!);
}

/** The same on each run of one machine, so that a kept map stays. */
function mostPointsOf({ dimension }: VectorCollection): number {
  const limit = process.constrainedMemory();
  const bytes = Math.min(limit || Number.POSITIVE_INFINITY, totalmem());
  const most = Math.floor((bytes * SHARE_OF_MEMORY) / (4 * dimension));
  return Math.min(MOST_POINTS, Math.max(LEAST_POINTS, most));
}
