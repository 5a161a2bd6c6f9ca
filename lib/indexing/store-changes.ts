/** What a run tells the store besides new pictures: markers, places, removals. */
import { removeMasks } from '../mask-files.js';
import { placesOf, placesRow, segmentsDone } from '../rows.js';
import type { Metadata } from '../types.js';
import type { PlaceChanges } from './places.js';
import type { StoredPicture } from './plan.js';
import type { Segmented, Workshop } from './stages.js';

/** Everything that the store knows of its pictures; a page of metadata per thousand. */
export async function storedPictures(workshop: Workshop): Promise<Map<string, StoredPicture>> {
  const { pictures, segmenter, segmentsFingerprint } = workshop;
  const stored = new Map<string, StoredPicture>();
  for await (const page of pictures.pages()) {
    for (const { id, metadata } of page) {
      const done = segmenter === null || segmentCount(metadata, segmentsFingerprint) !== null;
      stored.set(id, { imageId: id, places: placesOf(metadata), segmentsDone: done });
    }
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

/** Segments first: a kill in between leaves a picture whose removal the next run repeats. */
async function removePictures(imageIds: readonly string[], workshop: Workshop): Promise<void> {
  const { pictures, segments, segmenter, segmentsFingerprint, masks } = workshop;
  const rows = await pictures.get(imageIds);
  const segmentIds = rows.flatMap(({ id, metadata }) =>
    Array.from({ length: segmentCount(metadata, segmentsFingerprint) ?? 0 }, (_, n) => `${id}:${n}`),
  );
  if (segments && segmentIds.length) await segments.remove(segmentIds);
  await pictures.remove(imageIds);
  if (segmenter) await Promise.all(imageIds.map((id) => removeMasks(masks, segmenter.fingerprint, id)));
}

/** null while the segments are not done. */
function segmentCount(metadata: Metadata, fingerprint: string | null): number | null {
  const count = fingerprint === null ? undefined : metadata[segmentsDone(fingerprint)];
  return typeof count === 'number' ? count : null;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}
