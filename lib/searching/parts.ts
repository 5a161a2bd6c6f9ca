import { imageIdOf, segmentOf } from '../rows.js';
import type { Segment, StoredRecord } from '../types.js';
import type { Library } from './library.js';

/** A stored segment with its vector. */
export interface Part extends Segment {
  vector: Float32Array;
}

/** A picture of the store with all its segments that are large enough to count. */
export interface Whole {
  imageId: string;
  row: StoredRecord;
  parts: Part[];
}

/**
 * The pictures of these ids and everything that was found in them, in two questions; a picture that is gone is left out.
 * @param vectors whether the whole pictures' vectors are wanted too.
 */
export async function wholesOf(
  imageIds: readonly string[],
  { pictures, segments, segmentsMarker, minSegmentArea }: Library,
  vectors: boolean,
): Promise<Map<string, Whole>> {
  const rows = imageIds.length ? await pictures.get(imageIds, { vectors }) : [];
  const wholes = new Map(rows.map((row) => [row.id, { imageId: row.id, row, parts: [] as Part[] }]));
  const ids = rows.flatMap(({ id, metadata }) =>
    Array.from({ length: Number(metadata[segmentsMarker ?? ''] ?? 0) }, (_, n) => `${id}:${n}`),
  );
  for (const { id, metadata, vector } of segments && ids.length
    ? await segments.get(ids, { vectors: true })
    : []) {
    const segment = segmentOf(id, metadata);
    if (vector && segment.area >= minSegmentArea)
      wholes.get(imageIdOf(id))?.parts.push({ ...segment, vector });
  }
  return wholes;
}
