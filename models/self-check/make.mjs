// Draws the ten pictures of the self-check from Noto Emoji (Apache-2.0) and writes captions.json beside them.
// Once: (cd ../pictoclip/training && npm ci), then: node make.mjs [FOLDER]
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';
import { drawIcon } from '../pictoclip/training/icons.mjs';

// sharp of the training folder: this one has no packages of its own.
const sharp = createRequire(new URL('../pictoclip/training/icons.mjs', import.meta.url))('sharp');

/** Pixels of the shorter side. */
const SIDE_PX = 256;

/**
 * Things that any encoder of pictures and words knows, some of them close to another (cat and dog, car and bus), on a
 * light plain ground. Four are no squares, so that the way of resizing counts; each thing lies in the middle square,
 * so that an encoder which cuts the centre out sees all of it.
 */
const PICTURES = [
  { file: 'apple.webp', icon: 'red-apple', caption: 'An apple', ground: '#f4f1ea' },
  { file: 'cat.webp', icon: 'cat', caption: 'A cat', ground: '#e8f0f4' },
  { file: 'dog.webp', icon: 'dog', caption: 'A dog', ground: '#f1f4e8' },
  { file: 'car.webp', icon: 'automobile', caption: 'A car', ground: '#f0f0f0', width: 448 },
  { file: 'bus.webp', icon: 'bus', caption: 'A bus', ground: '#eef2f6', width: 416 },
  { file: 'bicycle.webp', icon: 'bicycle', caption: 'A bicycle', ground: '#f6f2ec' },
  { file: 'airplane.webp', icon: 'airplane', caption: 'An airplane', ground: '#eaf3fa', width: 416 },
  { file: 'guitar.webp', icon: 'guitar', caption: 'A guitar', ground: '#f5f5ef', height: 416 },
  { file: 'umbrella.webp', icon: 'umbrella', caption: 'An umbrella', ground: '#f3eef4' },
  { file: 'clock.webp', icon: 'alarm-clock', caption: 'An alarm clock', ground: '#eef4f0' },
];

const folder = path.resolve(process.argv[2] ?? path.dirname(fileURLToPath(import.meta.url)));
for (const { file, icon, ground, width = SIDE_PX, height = SIDE_PX } of PICTURES) {
  const px = Math.round(0.86 * SIDE_PX);
  const drawing = await drawIcon('noto', icon, px);
  const picture = sharp({ create: { width, height, channels: 3, background: ground } })
    .composite([{ input: drawing, raw: { width: px, height: px, channels: 4 } }])
    .webp({ quality: 82, effort: 6 });
  fs.writeFileSync(path.join(folder, file), await picture.toBuffer());
}
const captions = Object.fromEntries(PICTURES.map(({ file, caption }) => [file, caption]));
fs.writeFileSync(path.join(folder, 'captions.json'), `${JSON.stringify(captions, null, 2)}\n`);
