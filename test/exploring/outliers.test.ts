import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outliers } from '#lib/exploring/outliers.js';
import { pictureRow, segmentRow } from '#lib/rows.js';
import { openStore } from '#lib/stores/open-store.js';
import type { PictureFacts, VectorCollection, VectorStore } from '#lib/types.js';

const facts: PictureFacts = {
  width: 9,
  height: 9,
  format: 'png',
  bytes: 1,
  orientation: 'square',
  photograph: false,
};
const locate = ({ root, path }: { root: string; path: string }): string => `${root}/${path}`;

let store: VectorStore;
let pictures: VectorCollection;
let segments: VectorCollection;

const at = (angle: number): Float32Array => Float32Array.of(Math.cos(angle), Math.sin(angle));
const vectors = [...Array.from({ length: 20 }, (_, n) => at(0.01 * n)), at(2), at(2.01)];

beforeEach(async () => {
  store = await openStore('memory:');
  pictures = await store.open({ name: 'pictures', dimension: 2, fingerprint: 'f' });
  segments = await store.open({ name: 'segments', dimension: 2, fingerprint: 'f' });
  await pictures.upsert(
    vectors.map((vector, n) => ({
      id: `p${n}`,
      vector,
      metadata: pictureRow(facts, [{ root: '/r', path: `${n}.png` }]),
    })),
  );
  await segments.upsert(
    vectors.slice(0, 21).map((vector, n) => ({
      id: `p${n}:0`,
      vector,
      metadata: segmentRow(
        { segmentId: `p${n}:0`, bbox: { x: 0, y: 0, width: 3, height: 3 }, area: 0.1, score: 1 },
        facts,
      ),
    })),
  );
});
afterEach(() => store.close());

describe('outliers', () => {
  it('are what is farthest from its nearest, with what is still nearest to it; a pair of lonely ones does not hide', async () => {
    const found = await outliers({ pictures, segments, locate }, { most: 3 });
    expect(found).toMatchObject({ of: 'pictures', k: 5, compared: 22 });
    expect(new Set(found.ids.slice(0, 2))).toEqual(new Set(['p20', 'p21']));
    expect(found.outliers[0]).toMatchObject({ path: expect.stringMatching(/^\/r\/2[01]\.png$/) });
    expect(found.outliers[0]!.nearest.path).toMatch(/^\/r\/2[01]\.png$/);
    expect(found.outliers[1]!.distance).toBeGreaterThan(10 * found.outliers[2]!.distance);
    expect(found.usual).toBeLessThan(0.01);
    const pair = await outliers({ pictures, segments, locate }, { most: 1, k: 1 });
    expect(pair.ids).not.toEqual(found.ids.slice(0, 1));
  });

  it('of segments are named with their pictures', async () => {
    const { outliers: found, of } = await outliers(
      { pictures, segments, locate },
      { of: 'segments', most: 1 },
    );
    expect({ of, found }).toMatchObject({ of: 'segments', found: [{ id: 'p20:0', path: '/r/20.png' }] });
  });

  it('take all others where there are fewer than k, and say so', async () => {
    await pictures.remove(vectors.slice(3).map((_, n) => `p${n + 3}`));
    expect(await outliers({ pictures, segments, locate }, { k: 50 })).toMatchObject({ k: 2, compared: 3 });
  });

  it('are not looked for where there is nothing to compare, or by options that are none: one sentence each', async () => {
    await expect(outliers({ pictures, segments: null, locate }, { of: 'segments' })).rejects.toThrow(
      /nothing to be far from: got 0 segments/,
    );
    await pictures.remove(vectors.slice(2).map((_, n) => `p${n + 2}`));
    await expect(outliers({ pictures, segments, locate })).rejects.toThrow(/got 2 pictures, expected three/);
    await expect(outliers({ pictures, segments, locate }, { k: 0, most: 0.5 })).rejects.toThrow(
      /k is 0, expected 1 to 100; most is 0.5/,
    );
  });

  it('end with the reason of the signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(outliers({ pictures, segments, locate }, { signal })).rejects.toThrow('enough');
  });
});
