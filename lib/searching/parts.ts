import { imageIdOf, segmentOf } from '../rows.js';
import type { Segment, StoredRecord } from '../types.js';
import type { Library } from './library.js';

/** A stored segment with its vector; what else is known of it where it was asked for. */
export interface Part {
  segmentId: string;
  vector: Float32Array;
  segment?: Segment;
}

/** A picture of the store with all its segments that are large enough to count. */
export interface Whole {
  imageId: string;
  row: StoredRecord;
  parts: Part[];
}

export interface PartsOptions {
  /** The whole pictures' vectors as well. */
  vectors: boolean;
  /** Boxes and areas as well: they cost as much as the vectors. */
  boxes: boolean;
}

/**
 * The pictures of these ids and everything that was found in them, in two questions; a picture that is gone is left out.
 * @param boxes is also needed where small segments are to be left out.
 */
export async function wholesOf(
  imageIds: readonly string[],
  { pictures, segments, segmentsMarker, minSegmentArea }: Library,
  { vectors, boxes }: PartsOptions,
): Promise<Map<string, Whole>> {
  const rows = imageIds.length ? await pictures.get(imageIds, { vectors }) : [];
  const wholes = new Map(rows.map((row) => [row.id, { imageId: row.id, row, parts: [] as Part[] }]));
  const ids = rows.flatMap(({ id, metadata }) =>
    Array.from({ length: Number(metadata[segmentsMarker ?? ''] ?? 0) }, (_, n) => `${id}:${n}`),
  );
  const found = segments && ids.length ? await segments.get(ids, { vectors: true, metadata: boxes }) : [];
  for (const { id, metadata, vector } of found) {
    const segment = boxes ? segmentOf(id, metadata) : undefined;
    if (!vector || (segment && segment.area < minSegmentArea)) continue;
    wholes.get(imageIdOf(id))?.parts.push({ segmentId: id, vector, ...(segment ? { segment } : {}) });
  }
  return wholes;
}
