import { describe, expect, test } from 'vitest';
import { nearestRows, searchNeighbours } from '#lib/arithmetic/neighbours.js';
import { dot, normalise, stack } from '#lib/arithmetic/vectors.js';
import { project } from '#lib/exploring/projection.js';

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

describe('exact neighbours', () => {
  test('are those of a plain sort, for any number of rows', () => {
    for (const rows of [2, 3, 5, 8, 41]) {
      const vectors = grouped(rows, 4, 9);
      const search = searchNeighbours(stack(vectors, 9), 9, 5);
      while (!search.step());
      const { k, indices, scores } = search.result;
      expect(k).toBe(Math.min(5, rows - 1));
      for (let row = 0; row < rows; row++) {
        const plain = vectors
          .map((vector, index) => ({ index, score: dot(vector, vectors[row]!) }))
          .filter(({ index }) => index !== row)
          .sort((a, b) => b.score - a.score)
          .slice(0, k);
        expect([...indices.slice(row * k, (row + 1) * k)]).toEqual(plain.map(({ index }) => index));
        for (const [n, { score }] of plain.entries()) expect(scores[row * k + n]).toBeCloseTo(score, 5);
      }
    }
  });

  test('of nothing and of one row are none', () => {
    expect(searchNeighbours(new Float32Array(0), 4, 3).step()).toBe(true);
    expect(searchNeighbours(new Float32Array(4), 4, 3).result.k).toBe(0);
    expect(nearestRows(new Float32Array(0), new Float32Array(4), 3)).toEqual([]);
  });
});

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
