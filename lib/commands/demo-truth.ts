/** What the demo pictures truly show, and how the masks of a run compare with it. */
import { readFile } from 'node:fs/promises';
import { maskIoU, resizeMask } from '../arithmetic/masks.js';
import { decodeRle } from '../arithmetic/rle.js';
import { openSegmenter } from '../models/families.js';
import { projectPath } from '../paths.js';
import type { Rle } from '../types.js';

/** An object that is seen in a picture; boxes and masks are in pixels of the upright picture. */
export interface TrueObject {
  label: string;
  hex: string;
  bbox: { width: number; height: number };
  mask: Rle;
}

/** Paths are below the demo pictures' folder. */
export interface DemoTruth {
  pictures: { path: string; objects: TrueObject[] }[];
  queries: { text: string; paths: string[] }[];
}

export async function readDemoTruth(): Promise<DemoTruth> {
  return JSON.parse(await readFile(projectPath('test/fixtures/demo-truth.json'), 'utf8'));
}

/** Under which the embedded model's masks are stored. */
export async function maskFingerprint(): Promise<string> {
  const segmenter = await openSegmenter('pictoclip-segments', {});
  await segmenter.close();
  return segmenter.fingerprint;
}

/** IoU of a true mask and a stored one, at the size of the stored one. */
export function iouOf(truth: Rle, stored: Rle): number {
  const mask = decodeRle(stored);
  return maskIoU(mask, resizeMask(decodeRle(truth), mask.width, mask.height));
}
