/** What the head of a picture says of it: sides, format, date, camera, place. */
import exifReader from 'exif-reader';
import { positionOf } from '../arithmetic/earth.js';
import type { PictureFacts } from '../types.js';
import { type SharpMetadata, sourceOf } from './libvips.js';

/** All but what only its pixels tell. */
export type HeadFacts = Omit<PictureFacts, 'photograph'>;

/** Characters of a camera's name: a TIFF may give it a megabyte. */
const MOST_CAMERA = 200;

/** @param bytes size of the file. */
export function factsOf(metadata: SharpMetadata, bytes: number): HeadFacts {
  const { width, height, format } = sourceOf(metadata);
  return { width, height, bytes, format, orientation: orientationOf(width, height), ...exifFacts(metadata) };
}

function orientationOf(width: number, height: number): PictureFacts['orientation'] {
  if (Math.abs(width - height) <= 0.02 * Math.max(width, height)) return 'square';
  return width > height ? 'landscape' : 'portrait';
}

function exifFacts({ exif: block }: SharpMetadata): Pick<PictureFacts, 'taken' | 'camera' | 'place'> {
  const facts: ReturnType<typeof exifFacts> = {};
  if (!block) return facts;
  try {
    const exif = exifReader(block);
    const taken = exif.Photo?.DateTimeOriginal ?? exif.Image?.DateTime;
    if (taken instanceof Date && !Number.isNaN(taken.getTime())) facts.taken = taken.toISOString();
    const camera = [exif.Image?.Make, exif.Image?.Model]
      .filter((part) => typeof part === 'string')
      .join(' ')
      .trim();
    // A cut in the middle of a character leaves half of it.
    if (camera) facts.camera = camera.slice(0, MOST_CAMERA).replace(/[\ud800-\udbff]$/, '');
    const place = positionOf(exif.GPSInfo);
    if (place) facts.place = place;
  } catch {
    // Broken EXIF is common and says nothing about the pixels: the picture simply has no date, camera and place.
  }
  return facts;
}
