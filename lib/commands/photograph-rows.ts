/** Rows as an index of photographs writes them, without a photograph. */
import { createHash } from 'node:crypto';
import { PERCEPTUAL_HASH, pictureRow, placedMinute } from '../rows.js';
import type { Metadata, NewRecord } from '../types.js';

/** One picture an hour from this day on. */
export const FIRST_DAY: number = Date.UTC(2005, 0, 1);
export const HOUR_MS = 3_600_000;

const CAMERAS = ['Canon EOS 5D', 'NIKON D750', 'Apple iPhone 12', 'FUJIFILM X-T3', 'SONY ILCE-7M3'];
const A_FOLDER = 300;
const A_YEAR = 8766;

/** @param block float32[rows, dimension] of the pictures from number `from` on. */
export function photographRows(block: Float32Array, dimension: number, from: number): NewRecord[] {
  return Array.from({ length: block.length / dimension }, (_, index) => ({
    id: createHash('sha256')
      .update(`picture ${from + index}`)
      .digest('hex')
      .slice(0, 32),
    vector: block.slice(index * dimension, (index + 1) * dimension),
    metadata: metadataOf(from + index),
  }));
}

function metadataOf(n: number): Metadata {
  const isWide = n % 3 > 0;
  const facts = {
    width: isWide ? 6000 : 4000,
    height: isWide ? 4000 : 6000,
    format: 'jpeg',
    bytes: 4_000_000 + n,
    orientation: isWide ? ('landscape' as const) : ('portrait' as const),
    photograph: true,
    taken: new Date(FIRST_DAY + n * HOUR_MS).toISOString(),
    camera: CAMERAS[n % CAMERAS.length]!,
  };
  const folder = String(Math.floor(n / A_FOLDER)).padStart(5, '0');
  const path = `${2005 + Math.floor(n / A_YEAR)}/${folder}/IMG_${n}.JPG`;
  return {
    ...pictureRow(facts, [{ root: '/home/somebody/Pictures', path }]),
    // What was placed in the last minutes is read again with each filter.
    placed: placedMinute(FIRST_DAY + n * HOUR_MS),
    [PERCEPTUAL_HASH]: createHash('sha512').update(String(n)).digest('hex').slice(0, 112),
  };
}
