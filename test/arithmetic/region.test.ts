import { describe, expect, it } from 'vitest';
import { maskArea } from '#lib/arithmetic/masks.js';
import { polygonMask, regionMask } from '#lib/arithmetic/region.js';

const size = { width: 100, height: 50 };

describe('a region of a picture', () => {
  it('of a box covers the box, in any size of the picture', () => {
    const box = { x: 25, y: 0, width: 50, height: 25 };
    for (const to of [size, { width: 40, height: 20 }, { width: 64, height: 64 }])
      expect(maskArea(regionMask(box, size, to))).toBeCloseTo(0.25, 1);
    const { data } = regionMask(box, size, { width: 4, height: 2 });
    expect([...data]).toEqual([0, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('is cut off at the edges, and empty outside', () => {
    expect(maskArea(regionMask({ x: 90, y: -10, width: 100, height: 100 }, size, size))).toBeCloseTo(0.1);
    expect(maskArea(regionMask({ x: 100, y: 0, width: 9, height: 9 }, size, size))).toBe(0);
    expect(
      maskArea(
        regionMask(
          {
            polygon: [
              [-9, 0],
              [-5, 0],
              [-5, 4],
            ],
          },
          size,
          size,
        ),
      ),
    ).toBe(0);
  });

  it('of a polygon covers what lies inside: half of a square, and no hole', () => {
    const half = polygonMask(
      [
        [0, 0],
        [100, 0],
        [0, 100],
      ],
      100,
      100,
    );
    expect(maskArea(half)).toBeCloseTo(0.5, 1);
    const ring = polygonMask(
      [
        [0, 0],
        [9, 0],
        [9, 9],
        [0, 9],
        [0, 0],
        [3, 3],
        [3, 6],
        [6, 6],
        [6, 3],
        [3, 3],
      ],
      9,
      9,
    );
    expect([ring.data[4 * 9 + 4], ring.data[0]]).toEqual([0, 1]);
  });
});
