import type { Pixels } from '../types.js';

/** The picture as a mirror shows it, left and right exchanged; uint8[height, width, 3], a copy. */
export function mirrored({ data, width, height }: Pixels): Pixels {
  const turned = new Uint8Array(data.length);
  for (let at = 0; at < width * height; at++) {
    const column = at % width;
    const from = 3 * (at - column + (width - 1 - column));
    turned.set(data.subarray(from, from + 3), 3 * at);
  }
  return { data: turned, width, height };
}
