import { describe, expect, it } from 'vitest';
import { layoutInstances } from '#lib/arithmetic/layout-instances.js';
import { boundingBox } from '#lib/arithmetic/masks.js';
import type { Mask } from '#lib/types.js';

const SIDE = 48;
const SMALLEST = 0.001;

interface Block {
  x: number;
  y: number;
  width: number;
  height: number;
  /** What its pixels vote for; its middle where it is not said. */
  centre?: [x: number, y: number];
}

/** A map of sure blocks whose pixels all point to one place, where a centre is likely. */
function mapOf(blocks: readonly Block[]): Float32Array {
  const plane = SIDE * SIDE;
  const map = new Float32Array(4 * plane);
  for (const { x, y, width, height, centre } of blocks) {
    const [toX, toY] = centre ?? [Math.floor(x + width / 2), Math.floor(y + height / 2)];
    map[plane + toY * SIDE + toX] = 0.5;
    for (let v = y; v < y + height; v++) {
      for (let u = x; u < x + width; u++) {
        const at = v * SIDE + u;
        map[at] = 0.9;
        map[2 * plane + at] = toX - u;
        map[3 * plane + at] = toY - v;
      }
    }
  }
  return map;
}

function boxesOf(blocks: readonly Block[]): (ReturnType<typeof boundingBox> | null)[] {
  const found = layoutInstances(mapOf(blocks), [4, SIDE, SIDE], SMALLEST);
  return found.map(({ mask }) => boundingBox(mask)).sort((a, b) => a!.x - b!.x);
}

describe('instances of a layout map', () => {
  it('two things that touch are two, small ones too', () => {
    for (const side of [8, 16]) {
      const left = { x: 6, y: 10, width: side, height: side };
      const boxes = boxesOf([left, { ...left, x: 6 + side }]);
      expect(boxes).toHaveLength(2);
      // Masks are four times as fine; the seam may lie a cell aside.
      expect(Math.abs(boxes[1]!.x - 4 * (6 + side))).toBeLessThanOrEqual(4);
    }
  });

  it('a thing beside a much larger one is another thing', () => {
    const large = { x: 4, y: 4, width: 24, height: 24 };
    expect(boxesOf([large, { x: 28, y: 12, width: 7, height: 7 }])).toHaveLength(2);
  });

  it('one thing whose halves vote for two places near each other is one', () => {
    const left: Block = { x: 4, y: 4, width: 20, height: 40, centre: [18, 24] };
    const right: Block = { x: 24, y: 4, width: 20, height: 40, centre: [30, 24] };
    const [whole, ...rest] = boxesOf([left, right]);
    expect(rest).toEqual([]);
    expect(whole!.width).toBeGreaterThan(4 * 38);
  });

  it('of three places of one large thing none is left over', () => {
    const centres: [number, number][] = [
      [18, 24],
      [24, 24],
      [30, 24],
    ];
    const thirds = centres.map((centre, n) => ({ x: 3 + 14 * n, y: 4, width: 14, height: 40, centre }));
    expect(boxesOf(thirds)).toHaveLength(1);
  });

  /** Red without joinAlike, without its ALIKE, without its ALIKE_APART. */
  it('halves that mean the same are one thing, halves that do not are two, and two equal things that touch stay two', () => {
    // Half of the root of their areas apart: too far to be one thing by their places alone.
    const upper: Block = { x: 4, y: 4, width: 40, height: 20, centre: [24, 14] };
    const lower: Block = { x: 4, y: 24, width: 40, height: 20, centre: [24, 34] };
    const [east, north] = [Float32Array.of(1, 0.1), Float32Array.of(0, 1)];
    const count = (blocks: readonly Block[], meaningOf: (mask: Mask) => Float32Array): number =>
      layoutInstances(mapOf(blocks), [4, SIDE, SIDE], SMALLEST, meaningOf).length;
    const isUpper = (mask: Mask): boolean => boundingBox(mask)!.y < 4 * 20;
    expect(count([upper, lower], () => east)).toBe(1);
    expect(count([upper, lower], (mask) => (isUpper(mask) ? east : north))).toBe(2);
    const square = { x: 4, y: 14, width: 20, height: 20 };
    expect(count([square, { ...square, x: 24 }], () => east)).toBe(2);
  });

  it('a map without an object has no instance', () => {
    expect(layoutInstances(mapOf([]), [4, SIDE, SIDE], SMALLEST)).toEqual([]);
  });
});
