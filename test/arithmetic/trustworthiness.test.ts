import { describe, expect, test } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { trustworthiness } from '#lib/arithmetic/trustworthiness.js';

/** Points on a quarter of a circle: their order by cosine is that of their angles. */
const angles = [0, 0.1, 0.25, 0.45, 0.7, 1];
const arc = {
  block: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
  dimension: 2,
};

describe('trustworthiness', () => {
  test('is 1 of a map that keeps every order', () => {
    const map = Float32Array.from(angles.flatMap((angle) => [angle, 0]));
    expect(trustworthiness(arc, [map], { k: 2 })).toEqual([1]);
  });

  test('loses by how far a false neighbour stands behind, by hand', () => {
    // The last point is laid onto the first: each has the other as its nearest, in truth the 5th; no other has a false one.
    const map = Float32Array.from([0, 10, 20, 30, 40, 0.5].flatMap((x) => [x, 0]));
    // n = 6, k = 1: 1 − 2 / (6 · 1 · (12 − 3 − 1)) · ((5 − 1) + (5 − 1) + rest); of 10: 0.5 away from 9.5 is the last one, in truth 5th.
    // Row 1 at 10: nearest is 0.5 (row 5, in truth its 5th); rows 2, 3, 4 have a neighbour at 10: the lower one, in truth 1st, 1st, 1st.
    expect(trustworthiness(arc, [map], { k: 1 })[0]).toBeCloseTo(1 - (2 / 48) * (4 + 4 + 4), 10);
  });

  test('tells several maps at once, and of some points about what it tells of all', () => {
    const random = seeded(3);
    const block = Float32Array.from({ length: 800 }, () => random() - 0.5);
    for (let row = 0; row < 400; row++) {
      const length = Math.hypot(block[2 * row]!, block[2 * row + 1]!);
      block[2 * row]! /= length;
      block[2 * row + 1]! /= length;
    }
    const any = Float32Array.from(block, () => random());
    const [kept, lost] = trustworthiness({ block, dimension: 2 }, [block, any], { k: 10 });
    expect(kept).toBeCloseTo(1, 10);
    expect(lost).toBeGreaterThan(0.4);
    expect(lost).toBeLessThan(0.6);
    const [, some] = trustworthiness({ block, dimension: 2 }, [block, any], { k: 10, asked: 100 });
    expect(some).toBeCloseTo(lost!, 1);
  });
});
