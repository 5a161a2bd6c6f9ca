/** What a lookbook has stored of scenes, beside their truth. */
import { maskIoU, resizeMask } from '../../arithmetic/masks.js';
import { decodeRle } from '../../arithmetic/rle.js';
import { defineConfig, type LookbookConfig } from '../../config.js';
import { readMasks } from '../../mask-files.js';
import { placesOf } from '../../rows.js';
import type { Mask, VectorCollection } from '../../types.js';
import { closeWorkshop, openWorkshop } from '../../workshop.js';
import type { SceneTruth } from './scenes.js';

export interface StoredSegment {
  segmentId: string;
  vector: Float32Array;
  /** The objects of the scene that it shows, as indexes: those that it shares IoU ≥ 0.5 with. */
  shows: number[];
}

/** A stored scene: its own vector and its segments. */
export interface StoredScene {
  file: string;
  vector: Float32Array;
  segments: StoredSegment[];
}

/** From here on a segment is the object. */
const RIGHT_IOU = 0.5;

/** Reads everything that an indexed lookbook holds of scenes; it must not be open. @returns by file name. */
export async function readStored(
  config: LookbookConfig,
  truth: ReadonlyMap<string, SceneTruth>,
): Promise<Map<string, StoredScene>> {
  const workshop = await openWorkshop(defineConfig(config));
  const { pictures, segments, segmenter, masks } = workshop;
  const byId = new Map<string, StoredScene>();
  const scenes = new Map<string, StoredScene>();
  for await (const { id, metadata, vector } of rowsOf(pictures)) {
    const file = placesOf(metadata)[0]!.path;
    const scene = { file, vector, segments: [] };
    byId.set(id, scene);
    scenes.set(file, scene);
  }
  if (segments && segmenter) {
    const vectors = new Map<string, Float32Array>();
    for await (const { id, vector } of rowsOf(segments)) vectors.set(id, vector);
    for (const [imageId, scene] of byId) {
      const known = truth.get(scene.file)!;
      const objects = known.objects.map(({ mask }) => decodeRle(mask));
      const file = await readMasks(masks, segmenter.fingerprint, imageId);
      for (const { segmentId, mask } of file?.segments ?? []) {
        const shows = shownBy(decodeRle(mask), objects);
        scene.segments.push({ segmentId, vector: vectors.get(segmentId)!, shows });
      }
    }
  }
  await closeWorkshop(workshop);
  return scenes;
}

async function* rowsOf(
  collection: VectorCollection,
): AsyncGenerator<{ id: string; metadata: Record<string, string | number | boolean>; vector: Float32Array }> {
  for await (const page of collection.pages({ vectors: true })) {
    for (const { id, metadata, vector } of page) yield { id, metadata, vector: vector! };
  }
}

/** Which of the objects a mask of any size covers well enough to be them. */
export function shownBy(mask: Mask, objects: readonly Mask[]): number[] {
  return objects.flatMap((object, index) =>
    maskIoU(resizeMask(mask, object.width, object.height), object) >= RIGHT_IOU ? [index] : [],
  );
}
