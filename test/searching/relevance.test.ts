import { describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { backgroundOf, logitOf, relevanceOf, type Standing, standing } from '#lib/searching/relevance.js';

const random = seeded(11);
const background = Array.from({ length: 200 }, () => Float32Array.of(random() - 0.5, random() - 0.5));
const scores = background.map((vector) => vector[0]!).sort((a, b) => b - a);
const stands = standing(Float32Array.of(1, 0), backgroundOf(background, 2));
const against = (): Standing => stands;
const alone = { half: 0.2, slope: 9, cut: 0.1 };
const beside = { ...alone, rivals: 0.5 };

describe('relevance', () => {
  it.each([undefined, alone, beside])('rises with the score and stays between 0 and 1 (%j)', (curve) => {
    const values = [-1, 0, 0.3, 0.6, 1].map((score) =>
      relevanceOf(logitOf(score, against, { kind: 'words', curve })!),
    );
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values[0]).toBeGreaterThanOrEqual(0);
    expect(values.at(-1)).toBeLessThanOrEqual(1);
  });

  it('is one half where the curve says so', () => {
    expect(logitOf(alone.half, against, { kind: 'words', curve: alone })).toBeCloseTo(0);
    const score = beside.half + beside.rivals * stands.rivals;
    expect(logitOf(score, against, { kind: 'words', curve: beside })).toBeCloseTo(0);
  });

  it('of words is of the score alone where the curve takes no rivals off: they are not even looked for', () => {
    const unasked = (): Standing => {
      throw new Error('asked');
    };
    expect(logitOf(0.4, unasked, { kind: 'words', curve: alone })).toBeCloseTo(9 * 0.2);
    expect(() => logitOf(0.4, unasked, { kind: 'words', curve: beside })).toThrow('asked');
  });

  it('what scores like the background is not relevant where nothing was measured', () => {
    expect(relevanceOf(logitOf(stands.mean, against, { kind: 'words' })!)).toBeLessThan(0.05);
  });

  it('falls as the rivals rise where they count: a thing that answers to anything says little', () => {
    const popular = (): Standing => ({ ...stands, rivals: stands.rivals + 0.2 });
    for (const curve of [undefined, beside])
      expect(logitOf(0.4, popular, { kind: 'words', curve })!).toBeLessThan(
        logitOf(0.4, against, { kind: 'words', curve })!,
      );
  });

  it('of a picture counts in deviations from the others, whatever its like score', () => {
    const among = (): Standing => ({ ...stands, rivals: 0.99 });
    for (const curve of [undefined, alone])
      expect(logitOf(0.4, among, { kind: 'pictures', curve })).toBe(
        logitOf(0.4, against, { kind: 'pictures', curve }),
      );
  });

  it('knows which of the background fits best, and how the ten best do', () => {
    expect(stands.best.score).toBe(scores[0]);
    expect(background[stands.best.index]![0]).toBe(scores[0]);
    expect(stands.rivals).toBeCloseTo(scores.slice(0, 10).reduce((sum, score) => sum + score, 0) / 10);
  });

  it('leaves out what is the vector itself, and says nothing against too few', () => {
    const own = standing(Float32Array.of(1, 0), backgroundOf(background, 2), scores[0]!);
    expect([own.best.score, own.count]).toEqual([scores[1], 199]);
    const few = standing(Float32Array.of(1, 0), backgroundOf(background.slice(0, 5), 2));
    expect(logitOf(0.9, () => few, { kind: 'words', curve: beside })).toBe(null);
  });
});
