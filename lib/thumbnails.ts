import { readFile } from 'node:fs/promises';
import { thumbnail, tile } from './decoders/image.js';
import { derivedPath } from './paths.js';
import { readSource } from './picture-bytes.js';
import { writeWhole } from './whole-file.js';

/** Pixels of the longer side: sharp in a gallery of four columns, ten of them under 300 kB. */
export const THUMBNAIL_PX = 360;

export interface Thumbnail {
  jpeg: Uint8Array;
  width: number;
  height: number;
}

export interface ThumbnailOptions {
  allowPrivateUrls: boolean;
}

/**
 * An upright JPEG of a picture, from .lookbook/thumbnails or made from the first of its places that can be read.
 * @returns null when none of them can: the picture has gone since it was indexed.
 */
export async function thumbnailOf(
  imageId: string,
  locations: readonly string[],
  options: ThumbnailOptions,
): Promise<Thumbnail | null> {
  const path = derivedPath('thumbnails', imageId.slice(0, 2), `${imageId}.jpg`);
  const stored = await readFile(path).catch(() => null);
  // Going through the decoder again costs a millisecond and gives the size; a broken file is simply made anew.
  const again = stored ? await thumbnail(stored, THUMBNAIL_PX).catch(() => null) : null;
  if (again) return again;
  for (const location of locations) {
    const made = await readSource({ location }, options.allowPrivateUrls)
      .then((bytes) => thumbnail(bytes, THUMBNAIL_PX))
      .catch(() => null); // the next place may still hold it
    if (!made) continue;
    await writeWhole(path, made.jpeg);
    return made;
  }
  return null;
}

/** A square tile for a sprite, or null when the picture has gone. */
export async function tileOf(
  imageId: string,
  locations: readonly string[],
  tilePx: number,
  options: ThumbnailOptions,
): Promise<Uint8Array | null> {
  const found = await thumbnailOf(imageId, locations, options);
  return found ? tile(found.jpeg, tilePx) : null;
}
