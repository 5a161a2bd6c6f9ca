/** The facts of one picture as filters and runs ask for them, from its row in the store and back. */
import { fingerprintOfMarker, placesOf, segmentsDone } from '../rows.js';
import type { GeoPoint, Metadata, Place } from '../types.js';

/** What a picture's row lacks is missing here too. */
export interface TableRow {
  width: number;
  height: number;
  bytes: number;
  format: string;
  orientation: string;
  photograph: boolean;
  /** Milliseconds since 1970. */
  taken?: number;
  camera?: string;
  place?: GeoPoint;
  /** Milliseconds since 1970. */
  added?: number;
  places: readonly Place[];
  /** fingerprint of the segments' vectors → how many this picture has. */
  segments: ReadonlyMap<string, number>;
}

/** @returns a reader that keeps equal roots and equal counts of segments once: 100,000 pictures share a few of them. */
export function rowReader(): (row: Metadata) => TableRow {
  const roots = new Map<string, string>();
  const counts = new Map<string, ReadonlyMap<string, number>>();
  const once = <Value>(known: Map<string, Value>, key: string, value: Value): Value => {
    if (!known.has(key)) known.set(key, value);
    return known.get(key)!;
  };
  return (row) => {
    const { taken, camera, latitude, longitude, added } = row;
    const segments = segmentsOf(row);
    return {
      width: numberOf(row.width),
      height: numberOf(row.height),
      bytes: numberOf(row.bytes),
      format: String(row.format),
      orientation: String(row.orientation),
      photograph: row.photograph === true,
      ...(typeof taken === 'number' ? { taken } : {}),
      ...(typeof camera === 'string' ? { camera } : {}),
      ...(typeof latitude === 'number' && typeof longitude === 'number'
        ? { place: { latitude, longitude } }
        : {}),
      ...(typeof added === 'number' ? { added } : {}),
      places: placesOf(row).map(({ root, path }) => ({ root: once(roots, root, root), path })),
      segments: once(counts, JSON.stringify(segments), new Map(segments)),
    };
  };
}

/** The other way round: what `rowReader` reads the same of. */
export function metadataOf({ place, places, segments, ...facts }: TableRow): Metadata {
  return {
    ...facts,
    ...place,
    places: JSON.stringify(places.map(({ root, path }) => [root, path])),
    ...Object.fromEntries([...segments].map(([fingerprint, count]) => [segmentsDone(fingerprint), count])),
  };
}

/** NaN for what is missing, which is null where it was kept as JSON: nothing is larger or smaller than it. */
function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function segmentsOf(row: Metadata): [string, number][] {
  return Object.entries(row).flatMap(([field, count]) => {
    const fingerprint = fingerprintOfMarker(field);
    return fingerprint !== null && typeof count === 'number'
      ? [[fingerprint, count] as [string, number]]
      : [];
  });
}
