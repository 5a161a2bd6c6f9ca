/** How pictures and segments are written as rows of flat metadata, and read back. */
import type { BoundingBox, Metadata, PictureFacts, Place, Segment } from './types.js';

/** The field of a picture's row that says: its n segments of this segmenter stand in the store. */
export function segmentsDone(segmenterFingerprint: string): string {
  return `segments.${segmenterFingerprint}`;
}

/** The other way round; null for any other field. */
export function fingerprintOfMarker(field: string): string | null {
  return field.startsWith('segments.') ? field.slice('segments.'.length) : null;
}

/** Paths are kept as JSON: metadata are scalars. */
export function pictureRow(facts: PictureFacts, places: readonly Place[]): Metadata {
  return { ...contentFacts(facts), ...placesRow(places) };
}

export function placesRow(places: readonly Place[]): Metadata {
  return { places: JSON.stringify(places.map(({ root, path }) => [root, path])) };
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
  const { width, height, format, bytes, orientation, photograph, taken, camera } = facts;
  return {
    width,
    height,
    format,
    bytes,
    orientation,
    photograph,
    ...(taken === undefined ? {} : { taken: Date.parse(taken) }),
    ...(camera === undefined ? {} : { camera }),
  };
}

function orientationOf(value: unknown): PictureFacts['orientation'] {
  return value === 'landscape' || value === 'portrait' ? value : 'square';
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
