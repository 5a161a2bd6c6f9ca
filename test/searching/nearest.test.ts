import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dot } from '#lib/arithmetic/vectors.js';
import { imageIdOf } from '#lib/rows.js';
import { nearestPictures, nearestSegments } from '#lib/searching/nearest.js';
import { openStore } from '#lib/stores/open-store.js';
import type { NewRecord, VectorCollection, VectorStore } from '#lib/types.js';
import { randomRows, seeded, unit } from '../contracts/store.js';
import { removeFolder, tempFolder } from '../stores/server-kit.js';

const DIMENSION = 16;
const PICTURES = 3000;
const K = 50;

const random = seeded(11);
const rowsOf = (ids: readonly string[]): NewRecord[] =>
  randomRows(ids.length, DIMENSION, random).map(({ vector }, n) => ({
    id: ids[n]!,
    vector,
    metadata: { n },
  }));
const ids = Array.from({ length: PICTURES }, (_, n) => `picture${n}`);
/** None to three segments each. */
const countOf = (imageId: string): number => Number(imageId.slice(7)) % 4;
const pictureRows = rowsOf(ids);
const segmentRows = rowsOf(ids.flatMap((id) => Array.from({ length: countOf(id) }, (_, n) => `${id}:${n}`)));
const questions = randomRows(10, DIMENSION, random).map(({ vector }) => vector);

/** The truth, by comparing with every row. */
function nearest(rows: readonly NewRecord[], vector: Float32Array, k: number): string[] {
  return rows
    .map(({ id, vector: own }) => ({ id, score: dot(vector, own) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, k)
    .map(({ id }) => id);
}

function allowedOf(passes: (imageId: string) => boolean): Map<string, number> {
  return new Map(ids.filter(passes).map((id) => [id, countOf(id)]));
}

describe.each(['memory', 'chroma'])('the nearest of those that pass, in a %s store', (kind) => {
  const folder = tempFolder();
  let store: VectorStore;
  let pictures: VectorCollection;
  let segments: VectorCollection;

  beforeAll(async () => {
    store = await openStore(kind === 'memory' ? 'memory:' : folder, { graceMs: 100 });
    const spec = { dimension: DIMENSION, fingerprint: 'f'.repeat(32) };
    pictures = await store.open({ name: 'pictures', ...spec });
    segments = await store.open({ name: 'segments', ...spec });
    await pictures.upsert(pictureRows);
    await segments.upsert(segmentRows);
  });
  afterAll(async () => {
    await store.close();
    await removeFolder(folder);
  });

  it.each([
    ['three', 1000],
    ['one in a hundred', 100],
    ['one in ten', 10],
    ['a third', 3],
    ['nearly all', 0],
  ])('are found when %s pass', async (_, every) => {
    const allowed = allowedOf((id) => {
      const n = Number(id.slice(7));
      return every ? n % every === 1 : n % 10 !== 1;
    });
    let found = 0;
    let wanted = 0;
    for (const vector of questions) {
      const plan = { allowed };
      const [wholes, parts] = await Promise.all([
        nearestPictures(vector, K, { from: pictures, plan }),
        nearestSegments(vector, K, { from: segments, plan }),
      ]);
      const truths = [
        nearest(
          pictureRows.filter(({ id }) => allowed.has(id)),
          vector,
          K,
        ),
        nearest(
          segmentRows.filter(({ id }) => allowed.has(imageIdOf(id))),
          vector,
          K,
        ),
      ];
      for (const [index, near] of [wholes, parts].entries()) {
        const truth = truths[index]!;
        expect(near).toHaveLength(truth.length);
        expect(near.every(({ id }) => allowed.has(index ? imageIdOf(id) : id))).toBe(true);
        expect(near).toEqual([...near].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)));
        wanted += truth.length;
        found += near.filter(({ id }) => truth.includes(id)).length;
      }
    }
    // Random vectors are the hardest for a graph; the exact store misses none.
    expect(found / wanted).toBeGreaterThanOrEqual(store.capabilities.exact ? 1 : 0.995);
  });

  it('are found however far from the question they all lie', async () => {
    const [vector] = questions as [Float32Array];
    const opposite = unit(...vector.map((value) => -value));
    const far = new Set(nearest(pictureRows, opposite, PICTURES / 2));
    const plan = { allowed: allowedOf((id) => far.has(id)) };
    const near = await nearestPictures(vector, K, { from: pictures, plan });
    const truth = nearest(
      pictureRows.filter(({ id }) => far.has(id)),
      vector,
      K,
    );
    const recall = near.filter(({ id }) => truth.includes(id)).length / K;
    expect(recall).toBeGreaterThanOrEqual(store.capabilities.exact ? 1 : 0.95);
  });

  it('are none when none pass, and never more than there are', async () => {
    const [vector] = questions as [Float32Array];
    const nobody = { allowed: new Map() };
    expect(await nearestPictures(vector, K, { from: pictures, plan: nobody })).toEqual([]);
    expect(await nearestSegments(vector, K, { from: segments, plan: nobody })).toEqual([]);
    const without = { allowed: allowedOf((id) => countOf(id) === 0) };
    expect(await nearestSegments(vector, K, { from: segments, plan: without })).toEqual([]);
    const two = {
      allowed: new Map([
        ['picture5', 1],
        ['picture6', 2],
      ]),
    };
    expect(await nearestPictures(vector, K, { from: pictures, plan: two })).toHaveLength(2);
    expect(await nearestSegments(vector, K, { from: segments, plan: two })).toHaveLength(3);
  });

  it('pass by rows that are gone since the filter was resolved', async () => {
    const [vector] = questions as [Float32Array];
    const many = allowedOf((id) => Number(id.slice(7)) % 4 === 1);
    for (const gone of ['gone1', 'gone2']) many.set(gone, 3);
    const near = await nearestSegments(vector, K, { from: segments, plan: { allowed: many } });
    expect(near).toHaveLength(K);
    const few = {
      allowed: new Map([
        ['picture5', 9],
        ['gone1', 2],
      ]),
    };
    expect(await nearestSegments(vector, K, { from: segments, plan: few })).toHaveLength(1);
  });

  it('pass the filter of the store besides, where the plan has one', async () => {
    const [vector] = questions as [Float32Array];
    const allowed = allowedOf((id) => Number(id.slice(7)) % 2 === 1);
    const plan = { allowed, segments: { field: 'n', to: 99 } };
    const near = await nearestSegments(vector, K, { from: segments, plan });
    const rows = segmentRows.filter(
      ({ id, metadata }) => Number(metadata.n) < 100 && allowed.has(imageIdOf(id)),
    );
    expect(new Set(near.map(({ id }) => id))).toEqual(new Set(nearest(rows, vector, K)));
  });

  it('are those of the whole store without a plan', async () => {
    const [vector] = questions as [Float32Array];
    const near = await nearestPictures(vector, 5, { from: pictures });
    expect(near.map(({ id }) => id)).toEqual(nearest(pictureRows, vector, 5));
  });
});
