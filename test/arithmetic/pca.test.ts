import { describe, expect, test } from 'vitest';
import { principalPlane, seenOn } from '#lib/arithmetic/pca.js';
import { seeded } from '#lib/arithmetic/seeded.js';

function finish<Result>(work: Generator<number, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Rows that spread by 9, 3 and .1 along three axes at right angles in five dimensions. */
function spreadRows(rows: number): Float32Array {
  const random = seeded(1);
  const axes = [
    [0.6, 0.8, 0, 0, 0],
    [-0.8, 0.6, 0, 0, 0],
    [0, 0, 1, 0, 0],
  ];
  return Float32Array.from(
    Array.from({ length: rows }, () => {
      const along = [9, 3, 0.1].map((extent) => extent * (random() - 0.5));
      return [0, 1, 2, 3, 4].map((i) => 7 + axes.reduce((sum, axis, n) => sum + along[n]! * axis[i]!, 0));
    }).flat(),
  );
}

describe('the plane of most spread', () => {
  test('is that of the two widest axes, whatever the start', () => {
    for (const rows of [400, 5000]) {
      const block = spreadRows(rows);
      for (const seed of [1, 2]) {
        const { axes } = finish(principalPlane(block, 5, seeded(seed)));
        expect(axes[0][1]).toBeCloseTo(0.8, 1);
        expect(axes[1][0]).toBeCloseTo(0.8, 1);
        expect(Math.abs(axes[1][2]!)).toBeLessThan(0.1);
      }
    }
  });

  test('shows rows about their middle', () => {
    const block = spreadRows(600);
    const points = finish(seenOn(finish(principalPlane(block, 5, seeded(3))), block));
    for (const axis of [0, 1]) {
      const values = points.filter((_, at) => at % 2 === axis);
      expect(values.reduce((sum, value) => sum + value, 0) / 600).toBeCloseTo(0, 4);
      expect(Math.max(...values) - Math.min(...values)).toBeCloseTo([9, 3][axis]!, 0);
    }
  });

  test('of equal rows, and of none, is no plane and harms nothing', () => {
    for (const block of [new Float32Array(0), new Float32Array(20).fill(3)]) {
      const points = finish(seenOn(finish(principalPlane(block, 5, seeded(1))), block));
      expect([...points]).toEqual(Array.from({ length: (2 * block.length) / 5 }, () => 0));
    }
  });
});
