import { afterAll, beforeAll, expect, it } from 'vitest';
import { byExample, byWords } from '#lib/commands/evaluations/iconic200.js';
import { describeWithShared, shared } from './shared-data.js';

/** PIL's shortest side 224 bicubic and centre crop, of ../shared/data/reference/search.json. */
const REFERENCE = {
  embedding: 91.33,
  block_16: 90.14,
  block_13: 77.2,
  block_10: 61.74,
  block_06: 53.74,
  block_03: 47.81,
  block_01: 36.77,
};

describeWithShared('200 photographs of ten classes', 'data/iconic200', () => {
  const folder = `${shared}data/iconic200`;
  beforeAll(() => {
    process.env.LOOKBOOK_MODELS = `${shared}data/models`;
  });
  afterAll(() => {
    delete process.env.LOOKBOOK_MODELS;
  });

  it('MobileNet v2 scores as the reference does, with its embedding and with every layer', async () => {
    const figures = await byExample('mobilenet-v2', folder);
    expect(Object.keys(figures)).toHaveLength(7);
    for (const [layer, reference] of Object.entries(REFERENCE)) {
      const figure = layer === 'embedding' ? 'iconic200.mobilenet-v2' : `iconic200.mobilenet-v2.${layer}`;
      const score = figures[figure]!;
      expect(Math.abs(score - reference), `${layer}: ${score}`).toBeLessThan(1);
    }
  }, 120_000);

  it('label words find half of what is asked for, and more with glosses and a temperature', async () => {
    const figures = await byWords(folder);
    expect(figures['iconic200.label-words.plain.p10']).toBeGreaterThanOrEqual(0.51);
    expect(figures['iconic200.label-words.plain.map']).toBeGreaterThanOrEqual(0.54);
    expect(figures['iconic200.label-words.p10']).toBeGreaterThanOrEqual(0.62);
    expect(figures['iconic200.label-words.map']).toBeGreaterThanOrEqual(0.64);
  }, 120_000);
});
