/** Pixels of our own as encoded pictures. */
import type { Pixels, Sprite } from '../types.js';
import { fromPixels } from './libvips.js';

/** Lays tiles of equal size into one WebP, row by row. */
export async function sprite(tiles: readonly Uint8Array[], tilePx: number): Promise<Sprite> {
  const columns = Math.max(1, Math.ceil(Math.sqrt(tiles.length)));
  const rows = Math.max(1, Math.ceil(tiles.length / columns));
  const width = columns * tilePx;
  const height = rows * tilePx;
  const data = new Uint8Array(width * height * 3).fill(255);
  for (const [index, pixels] of tiles.entries()) {
    const left = (index % columns) * tilePx;
    const top = Math.floor(index / columns) * tilePx;
    for (let y = 0; y < tilePx; y++) {
      data.set(pixels.subarray(y * tilePx * 3, (y + 1) * tilePx * 3), ((top + y) * width + left) * 3);
    }
  }
  const webp = await fromPixels({ data, width, height }).webp({ quality: 70 }).toBuffer();
  return { webp, tilePx, columns, count: tiles.length };
}

/** A picture as PNG, as it is: what is decoded from it are the same pixels. */
export async function png(pixels: Pixels): Promise<Uint8Array> {
  return fromPixels(pixels).png({ compressionLevel: 3 }).toBuffer();
}
