/** What a run tells the store besides new pictures: markers, places, removals. */
import { maskedImages, removeMasks } from '../mask-files.js';
import { pictureTable } from '../picture-table/table.js';
import { fingerprintOfMarker, placesRow, segmentsDone } from '../rows.js';
import { removeThumbnail } from '../thumbnails.js';
import type { StoredRecord } from '../types.js';
import type { PlaceChanges } from './places.js';
import type { StoredPicture } from './plan.js';
import type { Segmented, Workshop } from './stages.js';

/** Everything that the store knows of its pictures. */
export async function storedPictures(workshop: Workshop): Promise<Map<string, StoredPicture>> {
  const { pictures, segmenter, segmentsFingerprint, masks } = workshop;
  const stored = new Map<string, StoredPicture>();
  // Masks may have been deleted, as everything derived may: then they are made again, with their segments.
  const [table, masked] = await Promise.all([
    pictureTable(pictures, segmentsFingerprint),
    segmenter ? maskedImages(masks, segmenter.fingerprint) : null,
  ]);
  for (const [imageId, { places, segments }] of table) {
    const isMarked = segmentsFingerprint !== null && segments.has(segmentsFingerprint);
    stored.set(imageId, {
      imageId,
      places,
      segmentsDone: masked === null || (masked.has(imageId) && isMarked),
    });
  }
  return stored;
}

/** The commit marker of stage two: all segments of these pictures stand in the store. */
export async function markSegments(
  batch: readonly { imageId: string; segmented: Segmented }[],
  { pictures, segmentsFingerprint }: Workshop,
): Promise<void> {
  if (segmentsFingerprint === null || batch.length === 0) return;
  const marker = segmentsDone(segmentsFingerprint);
  await pictures.setMetadata(
    batch.map(({ imageId, segmented }) => ({ id: imageId, metadata: { [marker]: segmented.found.length } })),
  );
}

/** Pictures learn their new places; those that have none left go, with their segments and masks. */
export async function applyPlaces(changes: PlaceChanges, workshop: Workshop): Promise<void> {
  for (const part of chunks(changes.moved, 500)) {
    const rows = part.map(({ imageId, places }) => ({ id: imageId, metadata: placesRow(places) }));
    await workshop.pictures.setMetadata(rows);
  }
  for (const part of chunks(changes.removed, 200)) await removePictures(part, workshop);
}

/** Segments and masks of all segmenters first: a kill in between leaves a picture whose removal the next run repeats. */
async function removePictures(imageIds: readonly string[], workshop: Workshop): Promise<void> {
  const { pictures, masks } = workshop;
  for (const [fingerprint, segmentIds] of segmentIdsOf(await pictures.get(imageIds))) {
    if (segmentIds.length) await (await workshop.segmentsOf(fingerprint))?.remove(segmentIds);
  }
  await removeMasks(masks, imageIds);
  await Promise.all(imageIds.map(removeThumbnail));
  await pictures.remove(imageIds);
}

/** fingerprint → segmentIds, from the commit markers of the pictures' rows. */
function segmentIdsOf(rows: readonly StoredRecord[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { id, metadata } of rows) {
    for (const [field, count] of Object.entries(metadata)) {
      const fingerprint = fingerprintOfMarker(field);
      if (fingerprint === null || typeof count !== 'number') continue;
      const own = Array.from({ length: count }, (_, n) => `${id}:${n}`);
      ids.set(fingerprint, [...(ids.get(fingerprint) ?? []), ...own]);
    }
  }
  return ids;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}
