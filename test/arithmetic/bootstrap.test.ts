import { describe, expect, it } from 'vitest';
import { bootstrapMean, drawn } from '#lib/arithmetic/bootstrap.js';
import { seeded } from '#lib/arithmetic/seeded.js';

describe('a bootstrapped mean', () => {
  it('is the same for the same seed, another for another, and always about the same mean', () => {
    const random = seeded(11);
    const values = Array.from({ length: 40 }, random);
    expect(bootstrapMean(values)).toEqual(bootstrapMean(values));
    expect(bootstrapMean(values, { seed: 2 })).not.toEqual(bootstrapMean(values));
    expect(bootstrapMean(values, { seed: 2 }).mean).toBe(bootstrapMean(values).mean);
  });

  it('of equal values, and of one, has no width', () => {
    expect(bootstrapMean([0.5, 0.5, 0.5])).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
    expect(bootstrapMean([7])).toEqual({ mean: 7, low: 7, high: 7 });
    expect(bootstrapMean([]).mean).toBeNaN();
  });

  it('of many values is as wide as theory says: 1.96 deviations of the mean to each side', () => {
    const random = seeded(4);
    const values = Array.from({ length: 400 }, () => (random() < 0.3 ? 1 : 0));
    const { mean, low, high } = bootstrapMean(values);
    const deviation = Math.sqrt((mean * (1 - mean)) / values.length);
    expect(Math.abs((mean - low) / deviation - 1.96)).toBeLessThan(0.2);
    expect(Math.abs((high - mean) / deviation - 1.96)).toBeLessThan(0.2);
  });

  it('holds the true mean in about 95 of 100 samples', () => {
    const random = seeded(9);
    let held = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { low, high } = bootstrapMean(Array.from({ length: 50 }, random), {
        seed: trial,
        resamples: 300,
      });
      if (low <= 0.5 && high >= 0.5) held++;
    }
    expect(held).toBeGreaterThan(180);
    expect(held).toBeLessThan(200);
  });
});

describe('a draw', () => {
  it('of no more than there are is all of them, in order', () => {
    expect(drawn(['a', 'b'], 2, seeded(1))).toEqual(['a', 'b']);
    expect(drawn([], 3, seeded(1))).toEqual([]);
  });

  it('takes each as often as any other, once, in their order', () => {
    const random = seeded(1);
    const times = new Map<number, number>();
    for (let trial = 0; trial < 2000; trial++) {
      const draw = drawn([0, 1, 2, 3, 4], 2, random);
      expect(draw[0]).toBeLessThan(draw[1]!);
      for (const one of draw) times.set(one, (times.get(one) ?? 0) + 1);
    }
    for (const count of times.values()) expect(Math.abs(count - 800)).toBeLessThan(100);
  });
});
