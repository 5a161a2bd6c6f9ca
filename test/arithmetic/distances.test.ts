import { describe, expect, it } from 'vitest';
import { distances, METRICS, orderOf } from '#lib/arithmetic/distances.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import type { Metric } from '#lib/types.js';

const query = Float32Array.of(3, 4);
const rows = Float32Array.of(3, 4, 0, 0, 4, 2, -3, -4);

function from(metric: Metric): number[] {
  return [...distances(query, rows, { dimension: 2, metric })];
}

function close(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [at, value] of wanted.entries()) expect(got[at]).toBeCloseTo(value, 6);
}

describe('distances, worked by hand for (3, 4)', () => {
  it('cosine is 1 − cosine: 0 to itself, 2 to its opposite, 1 to a vector of zeros', () => {
    close(from('cosine'), [0, 1, 1 - 20 / (5 * Math.sqrt(20)), 2]);
  });

  it('euclidean is the length of the difference, sqeuclidean its square', () => {
    close(from('euclidean'), [0, 5, Math.sqrt(5), 10]);
    close(from('sqeuclidean'), [0, 25, 5, 100]);
  });

  it('minkowski is that of the third power', () => {
    close(from('minkowski'), [0, Math.cbrt(27 + 64), Math.cbrt(1 + 8), Math.cbrt(216 + 512)]);
  });

  it('dot is smaller where the product is larger, so that it orders as distances do', () => {
    close(from('dot'), [-25, 0, -20, 25]);
  });
});

describe('blocks of distances', () => {
  const random = seeded(5);
  const dimension = 7;
  const block = Float32Array.from({ length: 150 * dimension }, () => random() - 0.5);

  it('are those of each pair alone, by every metric and for more rows than one block holds', () => {
    const asking = block.subarray(0, 5 * dimension);
    for (const metric of METRICS) {
      const all = distances(asking, block, { dimension, metric });
      for (const [one, other] of [
        [0, 0],
        [4, 63],
        [2, 64],
        [3, 149],
      ] as const) {
        const alone = distances(
          asking.subarray(one * dimension, (one + 1) * dimension),
          block.subarray(other * dimension, (other + 1) * dimension),
          { dimension, metric },
        );
        expect(all[one * 150 + other]).toBe(alone[0]);
      }
    }
  });

  it('of vectors of length 1 order alike by cosine, euclidean, sqeuclidean and dot', () => {
    const unit = block.slice();
    for (let row = 0; row < 150; row++) {
      const own = unit.subarray(row * dimension, (row + 1) * dimension);
      const length = Math.hypot(...own);
      for (let at = 0; at < dimension; at++) own[at]! /= length;
    }
    const asking = unit.subarray(0, dimension);
    const orders = (['cosine', 'euclidean', 'sqeuclidean', 'dot'] as const).map((metric) => [
      ...orderOf(distances(asking, unit, { dimension, metric })).subarray(0, 40),
    ]);
    for (const order of orders) expect(order).toEqual(orders[0]);
  });

  it('of nothing are none', () => {
    expect(distances(new Float32Array(0), block, { dimension, metric: 'cosine' })).toHaveLength(0);
    expect(distances(query, new Float32Array(0), { dimension: 2, metric: 'dot' })).toHaveLength(0);
  });
});

describe('an order', () => {
  it('is that of a stable sort, also of negative, equal, infinite and signed zero distances', () => {
    const random = seeded(3);
    const odd = [0, -0, 1, -1, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-42, -1e-42, 0];
    const all = Float32Array.from([
      ...odd,
      ...Array.from({ length: 300 }, () => Math.round(8 * (random() - 0.5)) / 3),
    ]);
    const wanted = [...all.keys()].sort((a, b) => all[a]! - all[b]! || a - b);
    // Infinity − Infinity is no number, yet these stand alone here.
    expect([...orderOf(all)]).toEqual(wanted);
  });

  it('of nothing is empty, and its input stays as it was', () => {
    expect(orderOf(new Float32Array(0))).toHaveLength(0);
    const all = Float32Array.of(2, -0, 1);
    orderOf(all);
    expect(Object.is(all[1], -0)).toBe(true);
  });
});
