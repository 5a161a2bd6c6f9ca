import { expect, it } from 'vitest';
import { adjustedRandIndex } from '#lib/arithmetic/rand-index.js';

it('two groupings are as alike as the published index says, whatever their groups are called', () => {
  expect(adjustedRandIndex(['a', 'a', 'b', 'b'], [7, 7, 3, 3])).toBe(1);
  expect(adjustedRandIndex([0, 0, 1, 1], [0, 0, 1, 2])).toBeCloseTo(4 / 7, 12);
  expect(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(-0.5, 12);
  expect(adjustedRandIndex([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2])).toBeCloseTo(0.242424, 6);
  expect(adjustedRandIndex([], [])).toBe(1);
});
