import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Rle, Segment } from './types.js';

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

/** Written whole or not at all: a kill in the middle leaves the old file. */
export async function writeMasks(folder: string, fingerprint: string, file: MaskFile): Promise<void> {
  const path = pathOf(folder, fingerprint, file.imageId);
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, JSON.stringify(file));
  await rename(part, path);
}

/** @returns null when there is no file, or none that can be read: masks are derived and can be made again. */
export async function readMasks(folder: string, fingerprint: string, imageId: string): Promise<MaskFile | null> {
  try {
    return JSON.parse(await readFile(pathOf(folder, fingerprint, imageId), 'utf8'));
  } catch {
    return null;
  }
}

export async function removeMasks(folder: string, fingerprint: string, imageId: string): Promise<void> {
  await rm(pathOf(folder, fingerprint, imageId), { force: true });
}

function pathOf(folder: string, fingerprint: string, imageId: string): string {
  return join(folder, fingerprint, imageId.slice(0, 2), `${imageId}.json`);
}
