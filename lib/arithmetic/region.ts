import type { Mask, Region } from '../types.js';
import { emptyMask } from './masks.js';

type Point = readonly [number, number];

/**
 * The part of a picture that lies in a region, as a mask of width × height.
 * @param of the size that the region counts in.
 */
export function regionMask(
  region: Region,
  of: { width: number; height: number },
  { width, height }: { width: number; height: number },
): Mask {
  const [across, down] = [width / of.width, height / of.height];
  const corners = cornersOf(region).map(([x, y]) => [x * across, y * down] as const);
  return polygonMask(corners, width, height);
}

function cornersOf(region: Region): readonly Point[] {
  if ('polygon' in region) return region.polygon;
  const { x, y, width, height } = region;
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}

/** Pixels whose centre lies inside by the even-odd rule: uint8[height, width]. */
export function polygonMask(polygon: readonly Point[], width: number, height: number): Mask {
  const mask = emptyMask(width, height);
  for (let row = 0; row < height; row++) {
    const y = row + 0.5;
    const crossings = polygon
      .flatMap(([x1, y1], n) => {
        const [x2, y2] = polygon[(n + 1) % polygon.length]!;
        return y1 <= y === y2 <= y ? [] : [x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)];
      })
      .sort((a, b) => a - b);
    for (let n = 0; n + 1 < crossings.length; n += 2) {
      const from = Math.max(0, Math.ceil(crossings[n]! - 0.5));
      const to = Math.min(width, Math.ceil(crossings[n + 1]! - 0.5));
      mask.data.fill(1, row * width + from, row * width + Math.max(from, to));
    }
  }
  return mask;
}
