import { describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { dot } from '#lib/arithmetic/vectors.js';
import { mixedVectors, mixture } from '#lib/commands/mixed-vectors.js';

const OPTIONS = { dimension: 16, groups: 5, seed: 3 };

describe('made vectors', () => {
  it('are the same page by page as all at once', () => {
    const next = mixture(OPTIONS);
    const pages = [...next(3), ...next(1), ...next(4)];
    expect(pages).toEqual([...mixedVectors({ ...OPTIONS, rows: 8 })]);
  });

  it('have length 1, and questions of the same groups have near ones among them', () => {
    const rows = mixedVectors({ ...OPTIONS, rows: 200 });
    const questions = mixture(OPTIONS)(10, seeded(9));
    for (let question = 0; question < 10; question++) {
      const vector = questions.slice(question * 16, (question + 1) * 16);
      const scores = Array.from({ length: 200 }, (_, row) =>
        dot(vector, rows.slice(row * 16, (row + 1) * 16)),
      );
      expect(dot(vector, vector)).toBeCloseTo(1);
      expect(Math.max(...scores)).toBeGreaterThan(0.8);
      expect(Math.min(...scores)).toBeLessThan(0.4);
    }
  });
});
