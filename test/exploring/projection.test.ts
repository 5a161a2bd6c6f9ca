import { UMAP } from 'umap-js';
import { describe, expect, test } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { trustworthiness } from '#lib/arithmetic/trustworthiness.js';
import { normalise } from '#lib/arithmetic/vectors.js';
import { mixedVectors } from '#lib/commands/mixed-vectors.js';
import { placeAmong } from '#lib/exploring/placing.js';
import { firstView, project } from '#lib/exploring/projection.js';

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** Vectors around `groups` directions, row n in group n % groups. */
function grouped(count: number, groups: number, dimension: number = 24): Float32Array[] {
  const next = random(7);
  const centres = Array.from({ length: groups }, () =>
    Float32Array.from({ length: dimension }, () => next() - 0.5),
  );
  return Array.from({ length: count }, (_, n) =>
    normalise(centres[n % groups]!.map((value) => value + (next() - 0.5) * 0.25)),
  );
}

const distance = (points: Float32Array, a: number, b: number): number =>
  Math.hypot(points[a * 2]! - points[b * 2]!, points[a * 2 + 1]! - points[b * 2 + 1]!);

describe('a projection', () => {
  test('of any few vectors fits 0..1 and places new ones', async () => {
    for (const count of [0, 1, 2, 3, 7, 8, 9]) {
      const vectors = grouped(count, 3);
      const { points, place } = await project(vectors, { epochs: 30 });
      expect(points).toHaveLength(count * 2);
      for (const value of points) expect(value >= 0 && value <= 1).toBe(true);
      for (const value of place(grouped(2, 2))) expect(value >= 0 && value <= 1).toBe(true);
    }
    expect([...(await project([])).place(grouped(1, 1))]).toEqual([0.5, 0.5]);
    expect([...(await project(grouped(1, 1))).points]).toEqual([0.5, 0.5]);
  });

  test('fills the longer side and keeps the aspect', async () => {
    const { points } = await project(grouped(120, 4), { epochs: 60 });
    const side = (axis: number): number => {
      const values = [...points].filter((_, at) => at % 2 === axis);
      return Math.max(...values) - Math.min(...values);
    };
    expect(Math.max(side(0), side(1))).toBeCloseTo(1, 5);
  });

  test('lays alike things near each other', async () => {
    const { points } = await project(grouped(150, 5));
    let kept = 0;
    for (let row = 0; row < 150; row++) {
      const nearest = Array.from({ length: 150 }, (_, other) => other)
        .filter((other) => other !== row)
        .sort((a, b) => distance(points, row, a) - distance(points, row, b))[0]!;
      if (nearest % 5 === row % 5) kept++;
    }
    expect(kept).toBe(150);
  });

  test('is the same for the same seed, another for another', async () => {
    const vectors = grouped(60, 3);
    const first = await project(vectors, { seed: 4, epochs: 80 });
    const again = await project(vectors, { seed: 4, epochs: 80 });
    const other = await project(vectors, { seed: 5, epochs: 80 });
    expect(again.points).toEqual(first.points);
    expect(other.points).not.toEqual(first.points);
  });

  test('places a vector that it knows where it lies, and a new one among its kind', async () => {
    const vectors = grouped(151, 5);
    const query = vectors.pop()!;
    const { points, place } = await project(vectors);
    const [x, y] = place([vectors[17]!]);
    expect(Math.hypot(x! - points[34]!, y! - points[35]!)).toBeLessThan(0.05);
    const all = Float32Array.from([...points, ...place([query])]);
    const nearest = Array.from({ length: 150 }, (_, n) => n).sort(
      (a, b) => distance(all, 150, a) - distance(all, 150, b),
    );
    for (const row of nearest.slice(0, 5)) expect(row % 5).toBe(0);
  });

  test('of equal vectors, and of zeros, lets each be seen', async () => {
    for (const vector of [normalise(Float32Array.of(1, 2, 3, 4)), new Float32Array(4)]) {
      for (const count of [4, 20]) {
        const { points } = await project(
          Array.from({ length: count }, () => vector),
          { epochs: 20 },
        );
        expect(
          new Set(Array.from({ length: count }, (_, n) => `${points[n * 2]} ${points[n * 2 + 1]}`)).size,
        ).toBe(count);
      }
    }
  });

  test('is as true as that of plain umap-js at equal epochs', async () => {
    const [rows, dimension, epochs] = [1000, 64, 200];
    const block = mixedVectors({ rows, dimension, groups: 20, seed: 3 });
    const ours = await project({ vectors: block, dimension }, { epochs });
    const umap = new UMAP({ nNeighbors: 15, minDist: 0.1, nEpochs: epochs, random: seeded(1) });
    const theirs = umap.fit(
      Array.from({ length: rows }, (_, row) =>
        Array.from(block.subarray(row * dimension, (row + 1) * dimension)),
      ),
    );
    const [own, other] = trustworthiness(
      { block, dimension },
      [ours.points, Float32Array.from(theirs.flat())],
      { k: 15 },
    );
    expect(own).toBeGreaterThan(other! - 0.01);
    expect(own).toBeGreaterThan(0.95);
  });

  test('of more than are fitted lays an even sample out and places the rest among it', async () => {
    const vectors = grouped(600, 5);
    const shares: number[] = [];
    const { points, map, fittedRows } = await project(vectors, {
      mostFitted: 200,
      epochs: 100,
      onProgress: (share) => shares.push(share),
    });
    expect(points).toHaveLength(1200);
    expect(map.points).toHaveLength(400);
    expect([...fittedRows]).toEqual(Array.from({ length: 200 }, (_, n) => 3 * n));
    // Those of the sample lie where they were laid.
    for (let n = 0; n < 200; n++)
      expect(points.slice(6 * n, 6 * n + 2)).toEqual(map.points.slice(2 * n, 2 * n + 2));
    let kept = 0;
    for (let row = 0; row < 600; row++) {
      const nearest = Array.from({ length: 600 }, (_, other) => other)
        .filter((other) => other !== row)
        .sort((a, b) => distance(points, row, a) - distance(points, row, b))[0]!;
      if (nearest % 5 === row % 5) kept++;
    }
    expect(kept).toBe(600);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  test('is kept as data, and places on it again to the same point', async () => {
    const vectors = grouped(80, 4);
    const { map, place, points } = await project(vectors, { epochs: 60, neighbours: 8 });
    const added = grouped(100, 4).slice(80);
    const kept = structuredClone(map);
    const once = await placeAmong(added, kept);
    expect(once).toEqual(await placeAmong(added, map));
    expect(once).toEqual(place(added));
    expect(kept).toEqual(map);
    expect(map.points).toEqual(points);
  });

  test('places each new point by itself and moves no old one', async () => {
    const vectors = grouped(120, 4);
    const { map, points } = await project(vectors, { epochs: 60 });
    const before = points.slice();
    const added = grouped(150, 4).slice(120);
    const together = await placeAmong(added, map);
    for (const [n, vector] of added.entries())
      expect(await placeAmong([vector], map)).toEqual(together.slice(2 * n, 2 * n + 2));
    expect(map.points).toEqual(before);
    expect(await placeAmong(vectors, map)).toEqual(before);
  });

  test('shows the points along their main axes first', async () => {
    const vectors = grouped(90, 3);
    const views: Float32Array[] = [];
    const { points } = await project(vectors, { epochs: 30, onFirstView: (view) => views.push(view) });
    expect(views).toEqual([await firstView(vectors)]);
    expect(views[0]).toHaveLength(180);
    expect(views[0]).not.toEqual(points);
    for (let row = 0; row < 90; row++)
      expect(distance(views[0]!, row, (row + 3) % 90)).toBeLessThan(distance(views[0]!, row, (row + 1) % 90));
  });

  test('of a vector with NaN, or among those of another encoder, is none, and the sentence says why', async () => {
    const vectors = grouped(20, 2);
    vectors[7]![3] = Number.NaN;
    await expect(project(vectors)).rejects.toThrow('NaN at place 3 of row 7');
    const { map, place } = await project(grouped(20, 2), { epochs: 10 });
    expect(() => place(grouped(1, 1, 5))).toThrow('got 5 numbers, expected 24 numbers a row');
    await expect(placeAmong([vectors[7]!], map)).rejects.toThrow('NaN at place 3 of row 0');
    await expect(placeAmong(grouped(1, 1, 5), map)).rejects.toThrow(
      'got 5 numbers, expected 24 numbers a row',
    );
  });

  test('tells how far it is, lets others run, and stops when it is called off', async () => {
    const abort = new AbortController();
    const shares: number[] = [];
    let ticks = 0;
    const ticking = setInterval(() => {
      if (++ticks === 8) abort.abort(new Error('enough'));
    }, 5);
    const work = project(grouped(1200, 6, 64), {
      epochs: 5000,
      signal: abort.signal,
      onProgress: (share) => shares.push(share),
    });
    await expect(work).rejects.toThrow('enough');
    clearInterval(ticking);
    expect(shares.length).toBeGreaterThan(3);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)!).toBeLessThan(1);
  });

  test('that was called off before it began does not begin', async () => {
    await expect(project(grouped(3, 1), { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow(
      'never',
    );
  });
});
