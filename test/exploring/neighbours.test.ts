import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { ScaledRows } from '#lib/arithmetic/neighbours.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { mixedVectors } from '#lib/commands/mixed-vectors.js';
import { neighbours, neighboursAmong } from '#lib/exploring/neighbours.js';
import { multiplyAll } from '#lib/exploring/neighbours-blocks.js';
import { type NearestGraph, openNearestGraph } from '#lib/exploring/neighbours-graph.js';
import { gatherRows, storedVectors } from '#lib/exploring/neighbours-rows.js';
import { openStore } from '#lib/stores/open-store.js';

const WAYS = ['plain', 'onnx', 'tfjs'] as const;
const DIMENSION = 24;

function some(rows: number, seed: number = 5): Float32Array {
  return mixedVectors({ rows, dimension: DIMENSION, groups: 6, seed });
}

function rowsOf(vectors: Float32Array, dimension: number = DIMENSION): Float32Array[] {
  return Array.from({ length: vectors.length / dimension }, (_, row) =>
    vectors.slice(row * dimension, (row + 1) * dimension),
  );
}

/** In numbers of 64 bits, every pair, sorted. */
function bruteForce(
  queries: Float32Array[],
  keys: Float32Array[],
  k: number,
): { index: number; distance: number }[][] {
  const cosine = (a: Float32Array, b: Float32Array): number => {
    const length = Math.hypot(...a) * Math.hypot(...b);
    return length ? a.reduce((sum, value, i) => sum + value * b[i]!, 0) / length : 0;
  };
  return queries.map((query) =>
    keys
      .map((key, index) => ({ index, distance: 1 - cosine(query, key), isSelf: key === query }))
      .filter(({ isSelf }) => !isSelf)
      .sort((a, b) =>
        Math.abs(a.distance - b.distance) < 2e-7 ? a.index - b.index : a.distance - b.distance,
      )
      .slice(0, k),
  );
}

/** As TensorFloat-32 does: the lower 13 bits of 24 are rounded away. */
function to11Bits(value: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10);
  return Math.round(value / step) * step;
}

async function turn(): Promise<void> {}

async function* inPages(vectors: Float32Array, rows: number): AsyncGenerator<Float32Array> {
  for (let at = 0; at < vectors.length; at += rows * DIMENSION) {
    await new Promise((resolve) => setImmediate(resolve));
    yield vectors.slice(at, at + rows * DIMENSION);
  }
}

describe.each(WAYS)('neighbours, the %s way', (way) => {
  test('are those of brute force, nearest first', async () => {
    for (const rows of [2, 3, 5, 8, 300]) {
      const vectors = some(rows);
      const found = await neighbours({ vectors, dimension: DIMENSION }, { k: 15, way });
      const list = rowsOf(vectors);
      const k = Math.min(15, rows - 1);
      const plain = bruteForce(list, list, k);
      expect(found.k).toBe(k);
      expect(found.way).toBe(way);
      expect([...found.indices]).toEqual(plain.flat().map(({ index }) => index));
      for (const [at, { distance }] of plain.flat().entries())
        expect(found.distances[at]).toBeCloseTo(distance, 5);
    }
  });

  test('of rows of any length are those of their directions', async () => {
    const vectors = some(90);
    const random = seeded(2);
    const longer = rowsOf(vectors).map((row) => {
      const length = 0.01 + 50 * random();
      return row.map((value) => value * length);
    });
    const found = await neighbours(longer, { k: 5, way });
    const same = await neighbours({ vectors, dimension: DIMENSION }, { k: 5, way });
    expect(found.indices).toEqual(same.indices);
  });

  test('of crowds of copies go by their number, and a row is never its own', async () => {
    // 60 copies of one vector among 5,000 rows, apart by less than a distance of float32 tells but not than a product's
    // rounding: no block of the multiplication shows which of them come first.
    const vectors = some(5000, 9);
    const random = seeded(4);
    for (let copy = 1; copy < 60; copy++) {
      vectors.copyWithin(copy * 80 * DIMENSION, 0, DIMENSION);
      for (let i = 0; i < DIMENSION; i++) vectors[copy * 80 * DIMENSION + i]! += 2e-5 * (random() - 0.5);
    }
    const { indices, distances, k } = await neighbours({ vectors, dimension: DIMENSION }, { k: 6, way });
    const copies = Array.from({ length: 60 }, (_, copy) => copy * 80);
    for (const row of copies) {
      expect([...indices.subarray(row * k, (row + 1) * k)]).toEqual(
        copies.filter((other) => other !== row).slice(0, k),
      );
      expect([...distances.subarray(row * k, (row + 1) * k)]).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });

  test('of all equal rows, and of zeros, are the first others', async () => {
    for (const [value, distance] of [
      [1, 0],
      [0, 1],
    ] as const) {
      const vectors = new Float32Array(40 * DIMENSION).fill(value);
      const { indices, distances } = await neighbours({ vectors, dimension: DIMENSION }, { k: 3, way });
      expect([...indices.subarray(0, 9)]).toEqual([1, 2, 3, 0, 2, 3, 0, 1, 3]);
      expect([...indices.subarray(-3)]).toEqual([0, 1, 2]);
      expect(new Set(distances)).toEqual(new Set([distance]));
    }
  });

  test('of other rows are found among the keys, equal ones too', async () => {
    const [queries, keys] = [rowsOf(some(7, 1)), rowsOf(some(60, 2))];
    keys[41] = queries[3]!.slice();
    const found = await neighboursAmong({ queries, keys }, { k: 4, way });
    expect([...found.indices]).toEqual(
      bruteForce(queries, keys, 4)
        .flat()
        .map(({ index }) => index),
    );
    expect(found.indices[12]).toBe(41);
    expect(found.distances[12]).toBe(0);
  });

  test('stop when they are called off', async () => {
    const abort = new AbortController();
    const work = neighbours(
      { vectors: some(12_000), dimension: DIMENSION },
      { k: 5, way, signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) },
    );
    await expect(work).rejects.toThrow('enough');
  });
});

describe('neighbours', () => {
  test('are the same by all ways to the last bit, over several blocks', async () => {
    const vectors = some(4500, 3);
    vectors.copyWithin(4000 * DIMENSION, 100 * DIMENSION, 400 * DIMENSION);
    const [plain, ...others] = await Promise.all(
      WAYS.map((way) => neighbours({ vectors, dimension: DIMENSION }, { k: 20, way })),
    );
    for (const other of others) {
      expect(other.indices).toEqual(plain!.indices);
      expect(other.distances).toEqual(plain!.distances);
    }
  });

  test('are the same where a GPU rounds the numbers that it multiplies to 11 bits', async () => {
    const vectors = some(4500, 7);
    const plain = await neighbours({ vectors, dimension: DIMENSION }, { k: 20, way: 'plain' });
    const exact = await openNearestGraph();
    const rounded = ({ values, scales, dimension }: ScaledRows): ScaledRows => ({
      values: values.map((value, at) => to11Bits(value * scales[Math.floor(at / dimension)]!)),
      scales: new Float64Array(scales.length).fill(1),
      dimension,
    });
    const coarse: NearestGraph = {
      ...exact,
      bits: 11,
      nearest: (queries, keys, most) => exact.nearest(rounded(queries), rounded(keys), most),
    };
    const rows = await gatherRows({ vectors, dimension: DIMENSION });
    const found = await multiplyAll(coarse, { queries: rows, keys: rows, same: true }, { k: 20, turn });
    await Promise.all([rows.close(), exact.close()]);
    expect(found.indices).toEqual(plain.indices);
    expect(found.distances).toEqual(plain.distances);
  });

  test('of pages, in memory or in a file, are those of one block, and the file goes', async () => {
    const vectors = some(4200, 4);
    const block = await neighbours({ vectors, dimension: DIMENSION }, { k: 8, way: 'onnx' });
    const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('lookbook-vectors-'));
    const before = left();
    for (const memoryBytes of [undefined, 100_000]) {
      const pages = { pages: inPages(vectors, 700), dimension: DIMENSION };
      const { indices, distances } = await neighbours(pages, { k: 8, way: 'onnx', memoryBytes });
      expect(indices).toEqual(block.indices);
      expect(distances).toEqual(block.distances);
    }
    expect(left()).toEqual(before);
  });

  test('of a store are those of its rows, in the order of the ids', async () => {
    const store = await openStore('memory:');
    const collection = await store.open({ name: 'some', dimension: DIMENSION, fingerprint: 'f' });
    const list = rowsOf(some(70));
    await collection.upsert(list.map((vector, n) => ({ id: `id-${n}`, vector, metadata: {} })));
    const ids: string[] = [];
    const { indices, k } = await neighbours(storedVectors(collection, ids), { k: 3 });
    const plain = bruteForce(list, list, 3);
    expect(ids).toHaveLength(70);
    for (const [row, id] of ids.entries()) {
      expect([...indices.subarray(row * k, (row + 1) * k)].map((index) => ids[index])).toEqual(
        plain[Number(id.slice(3))]!.map(({ index }) => `id-${index}`),
      );
    }
    await store.close();
  });

  test('of nothing and of one row are none', async () => {
    expect((await neighbours([], { k: 3 })).indices).toHaveLength(0);
    const { k, indices } = await neighbours([Float32Array.of(1, 2)], { k: 3 });
    expect([k, indices.length]).toEqual([0, 0]);
    expect((await neighboursAmong({ queries: [], keys: [Float32Array.of(1)] }, { k: 1 })).k).toBe(1);
    expect((await neighboursAmong({ queries: [Float32Array.of(1)], keys: [] }, { k: 1 })).k).toBe(0);
  });

  test('refuse what cannot be compared, in one sentence', async () => {
    const vectors = some(30);
    vectors[12 * DIMENSION + 5] = Number.NaN;
    await expect(
      neighbours({ vectors, dimension: DIMENSION }, { k: 3 }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [neighbours] a vector cannot be compared: got NaN at place 5 of row 12, expected finite numbers. Index its picture again, or leave it out.]`,
    );
    await expect(
      neighbours({ pages: inPages(vectors, 7), dimension: DIMENSION }, { k: 3, memoryBytes: 10 }),
    ).rejects.toThrow('NaN at place 5 of row 12');
    await expect(
      neighbours([Float32Array.of(1, 2), Float32Array.of(1)], { k: 1 }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [neighbours] vectors of different length cannot be compared: got 1 numbers in row 1, expected 2 numbers a row. Take the vectors of one encoder.]`,
    );
    await expect(
      neighboursAmong({ queries: [Float32Array.of(1)], keys: [Float32Array.of(1, 2)] }, { k: 1 }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [neighbours] vectors of different length cannot be compared: got 1 numbers, expected 2 numbers a row. Take the vectors of one encoder.]`,
    );
    for (const k of [0, 1.5, Number.NaN])
      await expect(neighbours([], { k })).rejects.toThrow(`got k ${k}, expected a whole number from 1`);
  });
});
