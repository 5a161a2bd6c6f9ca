import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { mirrored } from '#lib/arithmetic/mirrored.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { decode } from '#lib/decoders/image.js';
import { EDITS, editedForms, editFigures } from '#lib/exploring/evaluation/by-edits.js';
import type { Space } from '#lib/exploring/evaluation/space.js';
import type { Pixels, Preprocessing } from '#lib/types.js';

const PREPROCESSING: Preprocessing = {
  resize: 'squash',
  size: 24,
  interpolation: 'bilinear',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const landscape = new URL('../../fixtures/golden/images/landscape.jpg', import.meta.url);

function meanOf({ data }: Pixels): number {
  return data.reduce((sum, value) => sum + value, 0) / data.length;
}

function differenceOf(a: Pixels, b: Pixels): number {
  return a.data.reduce((sum, value, at) => sum + Math.abs(value - b.data[at]!), 0) / a.data.length;
}

describe('edited forms of a picture', () => {
  it('are a piece, its mirror image, a brighter and a recompressed one, each in the form of the encoder', async () => {
    const bytes = await readFile(landscape);
    const { inputs } = await decode(bytes, { preprocessings: [PREPROCESSING] });
    const [whole] = inputs as [Pixels];
    const forms = await editedForms(bytes, PREPROCESSING, seeded(1));
    expect(forms).toHaveLength(EDITS.length);
    for (const { data } of forms) expect(data).toHaveLength(24 * 24 * 3);
    const [piece, flipped, brighter, recompressed] = forms as [Pixels, Pixels, Pixels, Pixels];
    expect(differenceOf(mirrored(flipped), whole)).toBe(0);
    expect(meanOf(brighter)).toBeGreaterThan(1.1 * meanOf(whole));
    expect(differenceOf(recompressed, whole)).toBeLessThan(8);
    expect(differenceOf(recompressed, whole)).toBeGreaterThan(0);
    expect(differenceOf(piece, whole)).toBeGreaterThan(differenceOf(recompressed, whole));
  });

  it('are the same for the same seed, and another piece for another', async () => {
    const bytes = await readFile(landscape);
    const make = (seed: number): Promise<Pixels[]> => editedForms(bytes, PREPROCESSING, seeded(seed));
    expect(await make(1)).toEqual(await make(1));
    expect((await make(2))[0]).not.toEqual((await make(1))[0]);
    expect((await make(2))[3]).toEqual((await make(1))[3]);
  });
});

describe('figures of edits', () => {
  const space: Space = {
    vectors: Float32Array.of(1, 0, 0, 1, Math.SQRT1_2, Math.SQRT1_2),
    dimension: 2,
    metric: 'cosine',
  };
  const every = (vector: Float32Array): Float32Array[] => EDITS.map(() => vector);

  it('count where the own picture stands among all', async () => {
    const rows = [
      { row: 0, vectors: every(Float32Array.of(1, 0.1)) },
      { row: 1, vectors: every(Float32Array.of(0.8, 1)) }, // the third one is nearer
    ];
    const [crop] = await editFigures(space, rows, {});
    expect(crop).toMatchObject({ edit: 'crop', pictures: 2 });
    expect(crop!.first.mean).toBe(0.5);
    expect(crop!.reciprocalRank.mean).toBe(0.75);
    expect(crop!.cosine.mean).toBeCloseTo((1 / Math.hypot(1, 0.1) + 1 / Math.hypot(0.8, 1)) / 2, 6);
  });

  it('find nothing where all vectors are equal', async () => {
    const equal: Space = { ...space, vectors: Float32Array.of(1, 0, 1, 0, 1, 0) };
    const [crop] = await editFigures(equal, [{ row: 0, vectors: every(Float32Array.of(1, 0)) }], {});
    expect(crop!.first.mean).toBe(0);
    expect(crop!.reciprocalRank.mean).toBeCloseTo(1 / 3, 12);
  });

  it('of no edited picture are none', async () => {
    expect(await editFigures(space, [], {})).toEqual([]);
  });
});
