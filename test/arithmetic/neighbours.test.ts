import { expect, test } from 'vitest';
import { nearestRows } from '#lib/arithmetic/neighbours.js';

test('the rows nearest to a vector come best first, equal ones by number, and of nothing there are none', () => {
  const block = Float32Array.of(1, 0, 0, 1, 1, 0, -1, 0);
  expect(nearestRows(block, Float32Array.of(1, 0), 3)).toEqual([
    { index: 0, score: 1 },
    { index: 2, score: 1 },
    { index: 1, score: 0 },
  ]);
  expect(nearestRows(new Float32Array(0), new Float32Array(4), 3)).toEqual([]);
});
