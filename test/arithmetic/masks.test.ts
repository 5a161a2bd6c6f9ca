import { describe, expect, it } from 'vitest';
import {
  boundingBox,
  connectedRegions,
  maskArea,
  maskIoU,
  resizeMask,
  scaleBox,
} from '#lib/arithmetic/masks.js';
import { poolUnderMask } from '#lib/arithmetic/pooling.js';
import { decodeRle, encodeRle } from '#lib/arithmetic/rle.js';
import type { Mask } from '#lib/types.js';

/** '.' and '#' by rows. */
function drawn(...rows: string[]): Mask {
  const width = rows[0]!.length;
  return { data: Uint8Array.from(rows.join(''), (c) => (c === '#' ? 1 : 0)), width, height: rows.length };
}

describe('masks', () => {
  it('RLE goes down the columns and is written as COCO writes it', () => {
    // pycocotools 2.0 mask.encode of the same arrays gives these strings.
    expect(encodeRle(drawn('..', '##'))).toEqual({ size: [2, 2], counts: '1110' });
    expect(encodeRle({ data: new Uint8Array(12).fill(1), width: 3, height: 4 })).toEqual({
      size: [4, 3],
      counts: '0<',
    });
    const ring = new Uint8Array(40 * 50);
    for (let y = 10; y < 30; y++) ring.fill(1, y * 50 + 12, y * 50 + 40);
    for (let y = 15; y < 20; y++) ring.fill(0, y * 50 + 20, y * 50 + 30);
    const counts = `Z?d0d000000000000000AA5${'?KA5'.repeat(9)}?:000000000000000000V<`;
    expect(encodeRle({ data: ring, width: 50, height: 40 })).toEqual({ size: [40, 50], counts });
    expect(encodeRle({ data: new Uint8Array(40_000), width: 200, height: 200 }).counts).toBe('PRW1');
  });

  it('RLE gives any mask back', () => {
    let seed = 7;
    const random = (): number => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (let round = 0; round < 300; round++) {
      const width = 1 + Math.floor(random() * 60);
      const height = 1 + Math.floor(random() * 60);
      const density = random();
      const mask = {
        data: Uint8Array.from({ length: width * height }, () => (random() < density ? 1 : 0)),
        width,
        height,
      };
      expect(decodeRle(encodeRle(mask))).toEqual(mask);
    }
  });

  it('runs that do not fill the mask are refused, whatever they claim', () => {
    expect(() => decodeRle({ size: [4, 4], counts: '0<' })).toThrow('cover 12 of 16');
    expect(() => decodeRle({ size: [2, 2], counts: 'oooooooooooooooo' })).toThrow(RangeError);
    expect(() => decodeRle({ size: [2, 2], counts: '' })).toThrow('cover 0 of 4');
  });

  it('box, area and overlap count the pixels that are set', () => {
    const mask = drawn('.....', '.##..', '.###.', '.....');
    expect(boundingBox(mask)).toEqual({ x: 1, y: 1, width: 3, height: 2 });
    expect(maskArea(mask)).toBeCloseTo(5 / 20);
    expect(maskIoU(mask, drawn('.....', '.#...', '.####', '.....'))).toBeCloseTo(4 / 6);
    expect(boundingBox(drawn('..', '..'))).toBeNull();
  });

  it('a box lies inside of a picture that is smaller than the mask', () => {
    const edge = { x: 190, y: 190, width: 2, height: 2 };
    const scaled = scaleBox(edge, { width: 192, height: 192 }, { width: 20, height: 1 });
    expect(scaled).toEqual({ x: 19, y: 0, width: 1, height: 1 });
  });

  it('a box keeps its place when the picture is larger', () => {
    expect(
      scaleBox(
        { x: 12, y: 24, width: 12, height: 24 },
        { width: 48, height: 48 },
        { width: 640, height: 480 },
      ),
    ).toEqual({
      x: 160,
      y: 240,
      width: 160,
      height: 240,
    });
  });

  it('a mask that is enlarged and reduced again is the same mask', () => {
    const mask = drawn('#..#', '.##.', '....');
    expect(resizeMask(resizeMask(mask, 20, 9), 4, 3)).toEqual(mask);
  });

  it('regions touch by their sides, not by their corners, and the background makes none', () => {
    const map = [1, 0, 1, 1, 1, 0, 0, 2, 1];
    const { classes, sizes, regionOf } = connectedRegions(map, 3, 3, 0);
    expect(classes).toEqual([1, 1, 2, 1]);
    expect(sizes).toEqual([3, 1, 1, 1]);
    expect([...regionOf]).toEqual([0, -1, 1, 0, 0, -1, -1, 2, 3]);
  });

  it('features are averaged under the mask alone', () => {
    const features = Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40); // [2, 2, 2]
    expect([...poolUnderMask(features, [2, 2, 2], drawn('#.', '.#'))]).toEqual([2.5, 25]);
    expect([...poolUnderMask(features, [2, 2, 2], drawn('##..', '##..', '....', '....'))]).toEqual([1, 10]);
    expect([...poolUnderMask(features, [2, 2, 2], drawn('..', '..'))]).toEqual([0, 0]);
  });
});
