/** How pictures and segments are written as rows of flat metadata, and read back. */
import type { BoundingBox, Metadata, PictureFacts, Place, Scalar, Segment } from './types.js';

/** The field of a picture's row that says: its n segments of this segmenter stand in the store. */
export function segmentsDone(segmenterFingerprint: string): string {
  return `segments.${segmenterFingerprint}`;
}

/** What takes that back: a change that who has read the row before must hear of. */
export function segmentsUndone(segmenterFingerprint: string): Record<string, Scalar | null> {
  return { [segmentsDone(segmenterFingerprint)]: null, placed: placedMinute(Date.now()) };
}

/** The other way round; null for any other field. */
export function fingerprintOfMarker(field: string): string | null {
  return field.startsWith('segments.') ? field.slice('segments.'.length) : null;
}

/** The field of a picture's row that holds the perceptual hash of what its encoder saw; rows of an older index lack it. */
export const PERCEPTUAL_HASH = 'phash';

/** @returns undefined where the row has none, or something else under that name. */
export function hashOf(row: Metadata): string | undefined {
  const hash = row[PERCEPTUAL_HASH];
  return typeof hash === 'string' && /^[0-9a-f]{112}$/.test(hash) ? hash : undefined;
}

/** Fields that say what is true of the content; they stand on the rows of pictures and of segments. */
export const CONTENT_FIELDS: readonly string[] = [
  'width',
  'height',
  'format',
  'bytes',
  'orientation',
  'photograph',
  'taken',
  'camera',
  'latitude',
  'longitude',
];

/** Fields of pictures' rows alone; beside them stands a `segments.<fingerprint>` for each segmenter that is done. */
export const PICTURE_FIELDS: readonly string[] = ['places', 'added', 'placed', PERCEPTUAL_HASH];

/** Fields of segments' rows alone. */
export const SEGMENT_FIELDS: readonly string[] = [
  'x',
  'y',
  'boxWidth',
  'boxHeight',
  'area',
  'certainty',
  'label',
  'origin',
];

/** The row of a picture that is new in the store; `added` says since when, in milliseconds since 1970. */
export function pictureRow(facts: PictureFacts, places: readonly Place[]): Metadata {
  return { ...contentFacts(facts), ...placesRow(places), added: Date.now() };
}

/**
 * Paths are kept as JSON: metadata are scalars. `placed` says when, so that who has read the row before (picture-table/)
 * finds what changed: in minutes and as text, because Chroma finds equal texts ten times faster than it compares numbers.
 */
export function placesRow(places: readonly Place[]): Metadata {
  return {
    places: JSON.stringify(places.map(({ root, path }) => [root, path])),
    placed: placedMinute(Date.now()),
  };
}

/** Milliseconds since 1970 → '2026-05-17T10:30', in UTC. */
export function placedMinute(time: number): string {
  return new Date(time).toISOString().slice(0, 16);
}

export function factsOf(row: Metadata): PictureFacts {
  return {
    width: Number(row.width),
    height: Number(row.height),
    format: String(row.format),
    bytes: Number(row.bytes),
    orientation: orientationOf(row.orientation),
    photograph: row.photograph === true,
    ...(typeof row.taken === 'number' ? { taken: new Date(row.taken).toISOString() } : {}),
    ...(typeof row.camera === 'string' ? { camera: row.camera } : {}),
    ...(typeof row.latitude === 'number' && typeof row.longitude === 'number'
      ? { place: { latitude: row.latitude, longitude: row.longitude } }
      : {}),
  };
}

/** @returns no places where the field is missing or broken: the picture is then found by its content only. */
export function placesOf(row: Metadata): Place[] {
  if (typeof row.places !== 'string') return [];
  let value: unknown;
  try {
    value = JSON.parse(row.places);
  } catch {
    return []; // written by something else: the next run writes the places anew
  }
  if (!Array.isArray(value)) return [];
  return value.filter(isPair).map(([root, path]) => ({ root, path }));
}

/** A segment's row, with a copy of what is true of its picture's content, so that one filter serves both collections. */
export function segmentRow(segment: Segment, facts: PictureFacts): Metadata {
  const { bbox, area, score, label, origin } = segment;
  return {
    ...contentFacts(facts),
    x: bbox.x,
    y: bbox.y,
    boxWidth: bbox.width,
    boxHeight: bbox.height,
    area,
    certainty: score,
    ...(label === undefined ? {} : { label }),
    ...(origin === undefined ? {} : { origin }),
  };
}

export function segmentOf(segmentId: string, row: Metadata): Segment {
  const bbox: BoundingBox = {
    x: Number(row.x),
    y: Number(row.y),
    width: Number(row.boxWidth),
    height: Number(row.boxHeight),
  };
  return {
    segmentId,
    bbox,
    area: Number(row.area),
    score: Number(row.certainty),
    ...(typeof row.label === 'string' ? { label: row.label } : {}),
    ...(typeof row.origin === 'string' ? { origin: row.origin } : {}),
  };
}

/** `${imageId}:${n}` → imageId. */
export function imageIdOf(segmentId: string): string {
  return segmentId.slice(0, segmentId.lastIndexOf(':'));
}

/** Dates are milliseconds since 1970, so that stores can compare them. */
function contentFacts(facts: PictureFacts): Metadata {
  const { width, height, format, bytes, orientation, photograph, taken, camera, place } = facts;
  return {
    width,
    height,
    format,
    bytes,
    orientation,
    photograph,
    ...(taken === undefined ? {} : { taken: Date.parse(taken) }),
    ...(camera === undefined ? {} : { camera }),
    ...(place === undefined ? {} : { latitude: place.latitude, longitude: place.longitude }),
  };
}

function orientationOf(value: unknown): PictureFacts['orientation'] {
  return value === 'landscape' || value === 'portrait' ? value : 'square';
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
