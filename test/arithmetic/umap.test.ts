import { UMAP } from 'umap-js';
import { describe, expect, test } from 'vitest';
import { emptyLists, type NearestLists, scan } from '#lib/arithmetic/neighbours.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { fitCurve } from '#lib/arithmetic/umap-curve.js';
import { factorAt, forceTable } from '#lib/arithmetic/umap-forces.js';
import { type FuzzyGraph, fuzzyGraph } from '#lib/arithmetic/umap-graph.js';
import { prepareLayout } from '#lib/arithmetic/umap-layout.js';
import { mixedVectors } from '#lib/commands/mixed-vectors.js';

function finish<Result>(work: Generator<number, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function listsOf(vectors: Float32Array, dimension: number, k: number): NearestLists {
  const rows = vectors.length / dimension;
  const block = { values: vectors, scales: new Float64Array(rows).fill(1), dimension };
  const lists = emptyLists(rows, k);
  finish(scan(lists, { queries: block, keys: block }, { queries: 0, keys: 0, same: true }));
  return lists;
}

const CURVES = [
  [0, 1.932808, 0.790495],
  [0.1, 1.576943, 0.895061],
  [0.5, 0.58303, 1.334167],
  [0.99, 0.119305, 1.91639],
] as const;

describe('the curve of nearness', () => {
  // umap-learn 0.5.12: umap.umap_.find_ab_params(1.0, min_dist).
  test.each(CURVES)('for %f is that of umap-learn', (minDist, a, b) => {
    const curve = fitCurve(minDist);
    expect(curve.a).toBeCloseTo(a, 3);
    expect(curve.b).toBeCloseTo(b, 3);
  });
});

describe('a table of forces', () => {
  test('is right to two in ten thousand between its values, and stands still beyond its ends', () => {
    const of = (square: number): number => 1 / ((0.001 + square) * (1.577 * square ** 0.895 + 1));
    const table = forceTable(of);
    const single = new Float32Array(1);
    const bits = new Int32Array(single.buffer);
    const at = (square: number): number => {
      single[0] = square;
      return factorAt(table, bits[0]!);
    };
    const random = seeded(2);
    for (let n = 0; n < 2000; n++) {
      const square = Math.fround(2 ** (random() * 50 - 30));
      expect(Math.abs(at(square) / of(square) - 1)).toBeLessThan(2e-4);
    }
    expect(at(0)).toBe(at(2 ** -30));
    expect(at(2 ** 60)).toBe(at(2 ** 20));
  });
});

/** The weight of each pair, by "row column". */
function pairsOf({ starts, ends, weights }: FuzzyGraph): Map<string, number> {
  const pairs = new Map<string, number>();
  for (let row = 0; row + 1 < starts.length; row++)
    for (let edge = starts[row]!; edge < starts[row + 1]!; edge++)
      pairs.set(`${row} ${ends[edge]}`, weights[edge]!);
  return pairs;
}

describe('the fuzzy graph', () => {
  test.each([2, 5, 14])('of %i neighbours is that of umap-js, copies and all', (k) => {
    const vectors = mixedVectors({ rows: 150, dimension: 12, groups: 5, seed: 4 });
    for (let copy = 0; copy < 20; copy++) vectors.copyWithin(copy * 12, 0, 12);
    const lists = listsOf(vectors, 12, k);
    const ours = pairsOf(finish(fuzzyGraph(lists)));
    const umap = new UMAP({ nNeighbors: k + 1, nEpochs: 1, random: seeded(1) });
    const table = (self: (row: number) => number, of: ArrayLike<number>): number[][] =>
      Array.from({ length: 150 }, (_, row) => [
        self(row),
        ...Array.from({ length: k }, (_, n) => of[row * k + n]!),
      ]);
    umap.setPrecomputedKNN(
      table((row) => row, lists.indices),
      table(() => 0, lists.distances),
    );
    umap.initializeFit(Array.from({ length: 150 }, () => []));
    // biome-ignore lint/complexity/useLiteralKeys: it is private, and in this form TypeScript lets it be read.
    const graph: { getAll(): { row: number; col: number; value: number }[] } = umap['graph'];
    const theirs = graph.getAll().filter(({ value }) => value > 0);
    // A weight too small for a float32 is none.
    const told = [...ours].filter(([, weight]) => weight > 1e-30);
    expect(told.length).toBe(theirs.filter(({ value }) => value > 1e-30).length);
    for (const { row, col, value } of theirs) {
      expect(ours.get(`${row} ${col}`)).toBeCloseTo(value, 5);
      expect(ours.get(`${col} ${row}`)).toBe(ours.get(`${row} ${col}`));
    }
  });

  test('of nothing, and of one row, has no edges', () => {
    for (const rows of [0, 1]) expect(finish(fuzzyGraph(emptyLists(rows, 0))).ends).toHaveLength(0);
  });
});

describe('a layout', () => {
  const graph: FuzzyGraph = {
    starts: Int32Array.of(0, 1, 2, 3, 4),
    ends: Int32Array.of(1, 0, 3, 2),
    weights: Float32Array.of(1, 1, 1, 1),
  };
  const start = [-2, 0, 2, 0, -2, 1, 2, 1];
  const laid = (seed: number): Float32Array => {
    const points = Float32Array.from(start);
    const layout = prepareLayout(
      { points, others: points, graph },
      { epochs: 100, seed, curve: fitCurve(0.1) },
    );
    for (let n = 0; n < 100; n++) layout.epoch(n, 0, 4);
    return points;
  };

  test('draws the ends of an edge together and pushes the others away', () => {
    const points = laid(1);
    const between = (a: number, b: number): number =>
      Math.hypot(points[2 * a]! - points[2 * b]!, points[2 * a + 1]! - points[2 * b + 1]!);
    expect(between(0, 1)).toBeLessThan(2);
    expect(between(2, 3)).toBeLessThan(2);
    expect(between(0, 2)).toBeGreaterThan(3);
    expect(between(1, 3)).toBeGreaterThan(3);
  });

  test('is the same for equal seeds and another for another', () => {
    expect(laid(5)).toEqual(laid(5));
    expect(laid(5)).not.toEqual(laid(6));
  });

  test('leaves the others where they are when they are not laid out', () => {
    const others = Float32Array.from(start);
    const points = Float32Array.of(9, 9);
    const one = { starts: Int32Array.of(0, 2), ends: Int32Array.of(0, 2), weights: Float32Array.of(1, 1) };
    const layout = prepareLayout(
      { points, others, graph: one },
      { epochs: 50, seed: 1, curve: fitCurve(0.1) },
    );
    for (let n = 0; n < 50; n++) layout.epoch(n, 0, 1);
    expect([...others]).toEqual(start);
    expect(points[0]!).toBeLessThan(5);
  });
});
