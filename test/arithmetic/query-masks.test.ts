import { describe, expect, it } from 'vitest';
import { type Queries, queryMap } from '#lib/arithmetic/query-masks.js';

const rule = { threshold: 0.5, maskThreshold: 0.5, overlap: 0.8 };
const size = { width: 10, height: 1 };

/** Logits of a probability. */
function logit(p: number): number {
  return Math.log(p / (1 - p));
}

/** Queries on one row of ten cells; `p` the probability of class `label` of 2, the rest is "no object". */
function queries(...rows: { label: number; p: number; cells: number[] }[]): Queries {
  const classes = rows.flatMap(({ label, p }) =>
    [0, 1, 2].map((at) => (at === label ? Math.log(p) : at === 2 ? Math.log(1 - p) : -50)),
  );
  return {
    classes: Float32Array.from(classes),
    classCount: 3,
    masks: Float32Array.from(rows.flatMap(({ cells }) => cells.map(logit))),
    ...size,
  };
}

const [on, off] = [0.99, 0.01];
const cells = (from: number, to: number): number[] =>
  Array.from({ length: 10 }, (_, at) => (at >= from && at < to ? on : off));

describe('the map of queries, by hand from the published rule', () => {
  it('a pixel goes to the highest product of mask and class, and each query keeps its class and score', () => {
    const seen = queries({ label: 0, p: 0.8, cells: cells(0, 6) }, { label: 1, p: 0.9, cells: cells(5, 10) });
    const { found, map } = queryMap(seen, rule, size);
    // Pixel 5 is claimed by both: 0.99 · 0.8 against 0.99 · 0.9.
    expect([...map]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect(found.map(({ label, pixels }) => [label, pixels])).toEqual([
      [0, 5],
      [1, 5],
    ]);
    expect(found[0]!.score).toBeCloseTo(0.8, 5);
  });

  it('a query that keeps no more than its share of its own area leaves its pixels to nobody', () => {
    // The second one owns 5 pixels and keeps 4: 0.8 is not more than 0.8.
    const seen = queries({ label: 0, p: 0.9, cells: cells(0, 6) }, { label: 1, p: 0.8, cells: cells(5, 10) });
    expect([...queryMap(seen, rule, size).map].slice(6)).toEqual([-1, -1, -1, -1]);
    const { found, map } = queryMap(seen, { ...rule, overlap: 0.79 }, size);
    expect([...map].slice(6)).toEqual([1, 1, 1, 1]);
    expect(found[1]).toMatchObject({ label: 1, pixels: 4 });
  });

  it('scores at the threshold, and "no object", are left out; without any query the map is empty', () => {
    const seen = queries(
      { label: 2, p: 0.5, cells: cells(0, 10) },
      { label: 0, p: 0.49, cells: cells(0, 10) },
      { label: 0, p: 0.5, cells: cells(0, 10) },
    );
    const { found, map } = queryMap(seen, { ...rule, maskThreshold: 0.1 }, size);
    expect(found).toEqual([]);
    expect(new Set(map)).toEqual(new Set([-1]));
  });

  it('the own area is measured after the class is multiplied in', () => {
    // 0.7 · 0.6 stays under 0.5: the query has no area of its own, and none is given to it.
    const seen = queries({ label: 0, p: 0.6, cells: cells(0, 10).map(() => 0.7) });
    expect(queryMap(seen, rule, size).found).toEqual([]);
    const { found } = queryMap(seen, { ...rule, maskThreshold: 0.4 }, size);
    expect(found).toHaveLength(1);
    expect(found[0]!.score).toBeCloseTo(0.6, 5);
  });

  it('every pixel goes to the best query that is left, however low it is there', () => {
    const { map } = queryMap(queries({ label: 0, p: 0.9, cells: cells(0, 8) }), rule, size);
    expect([...map]).toEqual(Array(10).fill(0));
  });
});
