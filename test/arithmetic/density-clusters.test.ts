import { describe, expect, it } from 'vitest';
import { densityClusters } from '#lib/arithmetic/density-clusters.js';
import { nearestSquared, planeTree } from '#lib/arithmetic/plane-tree.js';
import { adjustedRandIndex } from '#lib/arithmetic/rand-index.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { spanningTree } from '#lib/arithmetic/spanning-tree.js';

function done<Result>(work: Generator<number, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    expect(step.value).toBeGreaterThanOrEqual(0);
    expect(step.value).toBeLessThanOrEqual(1);
  }
}

/** Four heaps of different density, two of them near each other, and points all over. */
function heaps(): Float32Array {
  const random = seeded(5);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const points: number[] = [];
  for (const [x, y, spread, count] of [
    [0.2, 0.3, 0.03, 60],
    [0.7, 0.25, 0.06, 60],
    [0.5, 0.8, 0.015, 40],
    [0.58, 0.8, 0.015, 30],
  ] as const)
    for (let n = 0; n < count; n++) points.push(x + spread * normal(), y + spread * normal());
  for (let n = 0; n < 40; n++) points.push(random(), random());
  return Float32Array.from(points);
}

/** What scikit-learn 1.9.1 says of `heaps()`: HDBSCAN(min_cluster_size=10, min_samples=5); a dot is noise. */
const REFERENCE =
  '0000000000000000000000000000000000000000000000000000000000001111111111111111111111111111111111111111111111111111111111112222222222222222222222222222222222222222.33333233333333.33333333333333000000.0110.01........01...0.0....01.00.';

/** Points between the heaps may be as near to one as to another: their place in the tree is a draw. */
const inHeaps: readonly number[] = Array.from({ length: 190 }, (_, at) => at);

const settings = { least: 10, dense: 5, most: 1000 };

function shuffled(points: Float32Array, seed: number): { points: Float32Array; order: number[] } {
  const random = seeded(seed);
  const order = Array.from({ length: points.length / 2 }, (_, index) => ({ index, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ index }) => index);
  return { points: Float32Array.from(order.flatMap((at) => [points[2 * at]!, points[2 * at + 1]!])), order };
}

describe('clusters by density', () => {
  it('are those of the reference implementation, but for scattered points that lie near one', () => {
    const clusters = done(densityClusters(heaps(), settings));
    const known = inHeaps.filter((at) => REFERENCE[at] !== '.');
    expect(
      adjustedRandIndex(
        known.map((at) => REFERENCE[at]),
        known.map((at) => clusters[at]),
      ),
    ).toBe(1);
    expect(new Set(clusters.filter((cluster) => cluster >= 0)).size).toBe(4);
    for (const [at, cluster] of clusters.entries()) if (cluster < 0) expect(REFERENCE[at]).toBe('.');
    expect(clusters.some((cluster) => cluster < 0)).toBe(true);
  });

  it('are numbered by size, the same in every run, and the same groups in whatever order the points come', () => {
    const points = heaps();
    const clusters = done(densityClusters(points, settings));
    expect(done(densityClusters(points, settings))).toEqual(clusters);
    const sizes = [0, 1, 2, 3].map((cluster) => clusters.filter((own) => own === cluster).length);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const other = shuffled(points, 3);
    const again = done(densityClusters(other.points, settings));
    const placeOf = new Map(other.order.map((at, place) => [at, place]));
    expect(
      adjustedRandIndex(
        inHeaps.map((at) => clusters[at]),
        inHeaps.map((at) => again[placeOf.get(at)!]),
      ),
    ).toBe(1);
  });

  it('a cluster that is too large gives way to its parts, and one without parts stays', () => {
    const random = seeded(2);
    const near = (x: number): number[] => [x + 0.02 * random(), 0.5 + 0.02 * random()];
    // Two heaps close together hold most points, one lies far away.
    const points = Float32Array.from(
      [0.1, 0.122, 0.9].flatMap((x, heap) =>
        Array.from({ length: heap < 2 ? 40 : 25 }, () => near(x)).flat(),
      ),
    );
    const count = (most: number): number =>
      new Set(done(densityClusters(points, { least: 15, dense: 5, most }))).size;
    expect(count(1000)).toBe(2);
    expect(count(60)).toBe(3);
    expect(count(10)).toBe(3);
  });

  it('of equal points, of points too few for two clusters and of none are none', () => {
    for (const points of [new Float32Array(400).fill(0.5), heaps().slice(0, 38), new Float32Array(0)]) {
      const clusters = done(densityClusters(points, settings));
      expect(clusters).toEqual(new Int32Array(points.length / 2).fill(-1));
    }
  });
});

describe('the spanning tree', () => {
  it('is as light as one that looks at all pairs, with equal points among them', () => {
    const points = Float32Array.from([...heaps(), ...heaps().slice(0, 60)]);
    const tree = planeTree(points);
    const { count } = tree;
    const cores = Float64Array.from({ length: count }, (_, at) => Math.sqrt(nearestSquared(tree, at, 4)[3]!));
    const { from, to, weights } = done(spanningTree(tree, cores));
    const between = (a: number, b: number): number =>
      Math.max(
        cores[a]!,
        cores[b]!,
        Math.hypot(points[2 * a]! - points[2 * b]!, points[2 * a + 1]! - points[2 * b + 1]!),
      );
    for (const [at, weight] of weights.entries()) expect(weight).toBeCloseTo(between(from[at]!, to[at]!), 12);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(lightest(count, between), 9);
  });

  it('knows the nearest as looking at all does', () => {
    const tree = planeTree(heaps());
    for (const at of [0, 61, 200, 229]) {
      const all = Array.from({ length: tree.count }, (_, other) => other)
        .filter((other) => other !== at)
        .map(
          (other) =>
            (tree.points[2 * at]! - tree.points[2 * other]!) ** 2 +
            (tree.points[2 * at + 1]! - tree.points[2 * other + 1]!) ** 2,
        )
        .sort((a, b) => a - b);
      expect(nearestSquared(tree, at, 9)).toEqual(all.slice(0, 9));
    }
    expect(nearestSquared(planeTree(Float32Array.of(1, 1)), 0, 5)).toEqual([]);
  });
});

/** Prim's algorithm. */
function lightest(count: number, between: (a: number, b: number) => number): number {
  const far = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const isIn = new Uint8Array(count);
  let total = 0;
  for (let step = 0, at = 0; step < count; step++) {
    isIn[at] = 1;
    let next = -1;
    for (let other = 0; other < count; other++) {
      if (isIn[other]) continue;
      far[other] = Math.min(far[other]!, between(at, other));
      if (next < 0 || far[other]! < far[next]!) next = other;
    }
    if (next >= 0) total += far[next]!;
    at = next;
  }
  return total;
}
