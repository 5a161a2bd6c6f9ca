import { describe, expect, it } from 'vitest';
import { agreement } from '#lib/exploring/evaluation/agreement.js';
import { byLabels } from '#lib/exploring/evaluation/by-labels.js';
import type { Space } from '#lib/exploring/evaluation/space.js';
import type { LabelFigures } from '#lib/types.js';

/** Directions in the plane, by degrees: cosine orders them by the angle between. */
function directions(...degrees: number[]): Space {
  const vectors = degrees.flatMap((degree) => [
    Math.cos((degree * Math.PI) / 180),
    Math.sin((degree * Math.PI) / 180),
  ]);
  return { vectors: Float32Array.from(vectors), dimension: 2, metric: 'cosine' };
}

async function figuresOf(space: Space, of: string[][], k: number = 1): Promise<LabelFigures> {
  const labels = { from: 'the test', of, notes: [] };
  return (await byLabels(space, labels, { k })).figures;
}

describe('pictures that ask for their like', () => {
  // The first finds its like first, the second too, the third only behind an `a`, the fourth first.
  const four = directions(0, 10, 25, 45);
  const classes = [['a'], ['a'], ['b'], ['b']];

  it('have the figures that are worked out by hand', async () => {
    const { queries, score, precision, averagePrecision, chance } = await figuresOf(four, classes);
    expect(queries).toBe(4);
    expect(score.mean).toBeCloseTo((100 * (15 + 15 + 14 + 15)) / 120 / 4, 9);
    expect(precision.mean).toBe(0.75);
    expect(averagePrecision.mean).toBeCloseTo((1 + 1 + 1 / 2 + 1) / 4, 12);
    expect(chance).toBeCloseTo(1 / 3, 12);
    expect(precision.low).toBeLessThan(0.75);
    expect(precision.high).toBeGreaterThan(0.75);
  });

  it('are told class by class, the worst first, with what they are taken for', async () => {
    const { classes: told } = await figuresOf(four, classes);
    expect(told.map(({ label }) => label)).toEqual(['b', 'a']);
    expect(told[0]).toMatchObject({ pictures: 2, precision: 0.5, averagePrecision: 0.75 });
    expect(told[0]!.mistakenFor).toEqual({ label: 'a', share: 0.5 });
    expect(told[1]).not.toHaveProperty('mistakenFor');
  });

  it('neither ask nor answer where they have no class', async () => {
    const more = directions(0, 1, 10, 25, 45);
    const figures = await figuresOf(more, [['a'], [], ['a'], ['b'], ['b']]);
    expect(figures).toEqual(await figuresOf(four, classes));
  });

  it('do not ask where nothing is like them, but may be taken for others', async () => {
    const { queries, precision } = await figuresOf(directions(0, 1, 10), [['a'], ['lonely'], ['a']]);
    expect(queries).toBe(2);
    expect(precision.mean).toBe(0);
  });

  it('that lie in two folders find both classes', async () => {
    const { precision, classes: told } = await figuresOf(directions(0, 1, 2), [['a', 'b'], ['a'], ['b']]);
    // The middle one meets its like on one side at the same distance as a stranger on the other: the smaller index counts.
    expect(precision.mean).toBeCloseTo(2 / 3, 12);
    expect(told.map(({ label, pictures }) => [label, pictures])).toEqual([
      ['b', 2],
      ['a', 2],
    ]);
  });

  it('are ranked by the metric that is asked for', async () => {
    const space: Space = { vectors: Float32Array.of(1, 0, 9, 1, 1, 0.4), dimension: 2, metric: 'cosine' };
    const of = [['a'], ['a'], ['b']];
    expect((await figuresOf(space, of)).precision.mean).toBe(1);
    expect((await figuresOf({ ...space, metric: 'euclidean' }, of)).precision.mean).toBe(0);
  });

  it('stop when the work is called off', async () => {
    const labels = { from: 'the test', of: classes, notes: [] };
    await expect(
      byLabels(four, labels, { k: 1, signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  });
});

describe('two encoders', () => {
  it('agree in the share of neighbours that both name', () => {
    const one = [
      [1, 2, 3],
      [0, 2, 3],
    ];
    const other = [
      [2, 1, 9],
      [3, 7, 8],
    ];
    expect(agreement(one, other, 2).mean).toBe(0.5);
    expect(agreement(one, other, 3).mean).toBe(0.5);
    expect(agreement(one, one, 3)).toEqual({ mean: 1, low: 1, high: 1 });
    expect(() => agreement(one, other.slice(1), 3)).toThrow('rankings of 2 and of 1 pictures');
  });
});
