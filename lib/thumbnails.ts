import { readFile, rm } from 'node:fs/promises';
import { sizeOf, thumbnail, tile } from './decoders/image.js';
import { derivedPath } from './paths.js';
import { readStored } from './picture-bytes.js';
import type { BoundingBox } from './types.js';
import { keepForLater } from './whole-file.js';

/** Pixels of the longer side: sharp in a gallery of four columns, ten of them under 300 kB. */
export const THUMBNAIL_PX = 360;

/** Of the small ones in a table, which are shown at half of it: sharp on any screen, some 3 kB each. */
const SMALL_PX = 144;

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
  const path = thumbnailPath(imageId);
  const stored = await readFile(path).catch(() => null);
  const again = stored ? await sizeOf(stored).catch(() => null) : null; // a broken file is simply made anew
  if (stored && again) return { jpeg: stored, ...again };
  const bytes = await readStored(imageId, locations, options);
  const made = bytes && (await thumbnail(bytes, THUMBNAIL_PX).catch(() => null)); // decoded once, and no more
  if (made) await keepForLater(path, made.jpeg);
  return made;
}

/**
 * A small JPEG for a table, of the whole picture or of a part of it.
 * @param part as shares of the picture's sides, 0..1.
 * @returns null when the picture has gone.
 */
export async function smallThumbnail(
  imageId: string,
  locations: readonly string[],
  { part, ...options }: ThumbnailOptions & { part?: BoundingBox | undefined },
): Promise<Thumbnail | null> {
  const found = await thumbnailOf(imageId, locations, options);
  if (!found) return null;
  if (!part) return thumbnail(found.jpeg, SMALL_PX);
  const left = Math.max(0, Math.floor(part.x * found.width));
  const top = Math.max(0, Math.floor(part.y * found.height));
  const piece = {
    left,
    top,
    width: Math.max(1, Math.min(found.width - left, Math.ceil(part.width * found.width))),
    height: Math.max(1, Math.min(found.height - top, Math.ceil(part.height * found.height))),
  };
  return thumbnail(found.jpeg, SMALL_PX, piece);
}

export async function removeThumbnail(imageId: string): Promise<void> {
  await rm(thumbnailPath(imageId), { force: true });
}

/** @returns null when the file holds another picture by now. */
function thumbnailPath(imageId: string): string {
  return derivedPath('thumbnails', imageId.slice(0, 2), `${imageId}.jpg`);
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
