import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Rle, Segment } from './types.js';
import { writeWhole } from './whole-file.js';

/** A segment with its mask; the mask may be coarser than the picture, its `size` says. */
export interface MaskedSegment extends Segment {
  mask: Rle;
}

/** One file per picture and segmenter: masks/<segmenter fingerprint>/<first two of id>/<id>.json. */
export interface MaskFile {
  imageId: string;
  segmenter: string;
  /** Pixels of the upright picture, which boxes count in. */
  width: number;
  height: number;
  segments: MaskedSegment[];
}

/** @throws LookbookError when the disk is full or the folder may not be written. */
export async function writeMasks(folder: string, fingerprint: string, file: MaskFile): Promise<void> {
  await writeWhole(pathOf(folder, fingerprint, file.imageId), JSON.stringify(file));
}

/** @returns null when there is no file, or none that can be read: the next run makes it again. */
export async function readMasks(
  folder: string,
  fingerprint: string,
  imageId: string,
): Promise<MaskFile | null> {
  try {
    return JSON.parse(await readFile(pathOf(folder, fingerprint, imageId), 'utf8'));
  } catch {
    return null;
  }
}

/** The pictures whose masks are there: one listing per folder, none of a file. */
export async function maskedImages(folder: string, fingerprint: string): Promise<Set<string>> {
  const files = await readdir(join(folder, fingerprint), { recursive: true }).catch(() => []); // nothing yet
  return new Set(files.filter((file) => file.endsWith('.json')).map((file) => basename(file, '.json')));
}

/** Removes the masks of pictures, whichever segmenters made them. */
export async function removeMasks(folder: string, imageIds: readonly string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // nothing yet
  for (const entry of entries.filter((each) => each.isDirectory()))
    await Promise.all(imageIds.map((id) => rm(pathOf(folder, entry.name, id), { force: true })));
}

function pathOf(folder: string, fingerprint: string, imageId: string): string {
  return join(folder, fingerprint, imageId.slice(0, 2), `${imageId}.json`);
}
