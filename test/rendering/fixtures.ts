import sharp from 'sharp';
import { boundingBox, emptyMask } from '#lib/arithmetic/masks.js';
import type { MapPoint, MapView, Mask, Outline, PictureCard, Sprite } from '#lib/types.js';

/** A mask of the pixels (by their centres) that a test says are inside. */
export function maskOf(width: number, height: number, inside: (x: number, y: number) => boolean): Mask {
  const mask = emptyMask(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (inside(x + 0.5, y + 0.5)) mask.data[y * width + x] = 1;
  }
  return mask;
}

export function disc(width: number, height: number, [cx, cy, radius]: [number, number, number]): Mask {
  return maskOf(width, height, (x, y) => Math.hypot(x - cx, y - cy) < radius);
}

export function outlineOf(mask: Mask, label?: string, score?: number): Outline {
  return {
    mask,
    bbox: boundingBox(mask) ?? { x: 0, y: 0, width: 1, height: 1 },
    ...(label === undefined ? {} : { label }),
    ...(score === undefined ? {} : { score }),
  };
}

export interface Scene {
  width: number;
  height: number;
  /** SVG that is drawn over the sky. */
  drawing: string;
  sky: [string, string];
}

export async function sceneJpeg({ width, height, drawing, sky }: Scene): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="${sky[0]}"/><stop offset="1" stop-color="${sky[1]}"/></linearGradient></defs><rect width="100%" height="100%" fill="url(#g)"/>${drawing}</svg>`;
  return new Uint8Array(await sharp(Buffer.from(svg)).jpeg({ quality: 80 }).toBuffer());
}

/** A grey picture with a red ball; its mask covers the ball exactly. */
export async function ballCard(extra: Partial<PictureCard> = {}): Promise<PictureCard> {
  const jpeg = await sceneJpeg({
    width: 320,
    height: 240,
    drawing: '<circle cx="190" cy="130" r="60" fill="#c33"/>',
    sky: ['#888', '#999'],
  });
  const mask = disc(320, 240, [190, 130, 60]);
  return {
    path: 'images/ball.jpg',
    jpeg,
    width: 320,
    height: 240,
    outlines: [outlineOf(mask, 'ball', 0.93)],
    ...extra,
  };
}

/** Noise compresses badly: thumbnails as heavy as busy photographs. */
export async function noisyJpeg(width: number, height: number): Promise<Uint8Array> {
  const image = sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });
  return new Uint8Array(await image.blur(0.7).jpeg({ quality: 80 }).toBuffer());
}

/** Tiles of plain colours, tile n with red = n % 16 · 16, green = floor(n / 16) · 16. */
export async function spriteOf(count: number, tilePx: number = 64): Promise<Sprite> {
  const columns = Math.max(1, Math.ceil(Math.sqrt(count)));
  const rows = Math.max(1, Math.ceil(count / columns));
  const data = Buffer.alloc(columns * tilePx * rows * tilePx * 3, 255);
  for (let tile = 0; tile < count; tile++) {
    for (let y = 0; y < tilePx; y++) {
      for (let x = 0; x < tilePx; x++) {
        const at =
          ((Math.floor(tile / columns) * tilePx + y) * columns * tilePx + (tile % columns) * tilePx + x) * 3;
        data.set(tileColour(tile), at);
      }
    }
  }
  const raw = { width: columns * tilePx, height: rows * tilePx, channels: 3 as const };
  return {
    webp: new Uint8Array(await sharp(data, { raw }).webp({ lossless: true }).toBuffer()),
    tilePx,
    columns,
    count,
  };
}

export function tileColour(tile: number): [number, number, number] {
  return [(tile % 16) * 16, Math.floor(tile / 16) * 16, 90];
}

/** A map in which every tenth point has no label; the first three are hits and the last is the query; with two fields. */
export async function mapOf(count: number, tiles: number = 0): Promise<MapView> {
  const labels = ['cat', 'dog', 'bicycle', 'boat', 'mountain', 'cup', 'flower', 'car', 'tree', 'bird'];
  const points = Array.from({ length: count }, (_, n): MapPoint => {
    const group = n % labels.length;
    const angle = n * 2.399963;
    const radius = 0.13 * Math.sqrt((n % 97) / 97);
    return {
      id: `p${n}`,
      x: 0.18 + 0.2 * (group % 4) + radius * Math.cos(angle),
      y: 0.16 + 0.28 * Math.floor(group / 4) + radius * Math.sin(angle),
      title: `images/${labels[group]}s/${labels[group]}-${n}.jpg`,
      kind: n < 3 ? 'hit' : 'plain',
      ...(n % 10 === 9 ? {} : { label: labels[group]! }),
      ...(n < 3 ? { rank: n + 1, relevance: 0.9 - n / 10 } : {}),
      ...(n < tiles ? { tile: n } : {}),
    };
  });
  points.push({ id: 'query', x: 0.2, y: 0.22, title: 'a sleeping cat', kind: 'query' });
  return {
    title: `${count} pictures, and “a sleeping cat”`,
    points,
    fields: [
      {
        name: 'file size',
        kind: 'number',
        unit: 'bytes',
        values: points.map((_, n) => (n < count ? 1000 * n : null)),
      },
      { name: 'date taken', kind: 'date', values: points.map((_, n) => Date.UTC(2019 + (n % 3), 5, 1)) },
    ],
    ...(tiles ? { sprite: await spriteOf(tiles) } : {}),
  };
}
