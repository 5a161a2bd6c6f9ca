import { describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { normalise } from '#lib/arithmetic/vectors.js';
import { pictureStandings, wordStandings } from '#lib/book/standings.js';
import { backgroundOf, standing } from '#lib/searching/relevance.js';

function vectors(count: number, dimension: number, seed: number): Float32Array[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () =>
    normalise(Float32Array.from({ length: dimension }, () => random() - 0.4)),
  );
}

describe('how a background scores against many vectors', () => {
  // The second is large enough to be multiplied by onnxruntime.
  it.each([
    { count: 30, words: 40, dimension: 16 },
    { count: 600, words: 700, dimension: 256 },
  ])('is what it scores against each, $count of them', async ({ count, words, dimension }) => {
    const asked = vectors(count, dimension, 1);
    const background = backgroundOf(vectors(words, dimension, 2), dimension);
    const found = await wordStandings(asked, background, {});
    expect(found).toHaveLength(count);
    for (const [at, vector] of asked.entries()) {
      const { mean, rivals, best } = standing(vector, background);
      expect(found[at]!.mean).toBeCloseTo(mean, 5);
      expect(found[at]!.rivals).toBeCloseTo(rivals, 5);
      expect(found[at]!.best.score).toBeCloseTo(best.score, 5);
      expect(found[at]!.best.index).toBe(best.index);
      expect(found[at]!.count).toBe(words);
    }
  });

  it('of no words is nothing', async () => {
    const [found] = await wordStandings(vectors(1, 8, 1), backgroundOf([], 8), {});
    expect(found).toMatchObject({ count: 0, best: { index: -1 } });
  });

  it('of pictures leaves out the picture itself', async () => {
    const asked = vectors(25, 8, 1);
    const found = await pictureStandings(asked, backgroundOf(asked, 8), {});
    for (const { count, best } of found) {
      expect(count).toBe(24);
      expect(best.score).toBeLessThan(0.9999);
    }
  });
});
