import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  averagePrecision,
  ndcgAtK,
  neighbourScore,
  overlapAtK,
  precisionAtK,
  recallAtK,
  reciprocalRank,
} from '#lib/arithmetic/metrics.js';
import { describeWithShared, shared } from '../shared-data.js';

describe('the score of neighbours', () => {
  it('is 100 when all fifteen are right, whatever comes after, and 0 when none is', () => {
    expect(neighbourScore(new Array<boolean>(15).fill(true))).toBe(100);
    expect(neighbourScore([...new Array<boolean>(15).fill(true), false, false])).toBe(100);
    expect(neighbourScore([...new Array<boolean>(15).fill(false), true])).toBe(0);
  });

  it('an earlier rank weighs more: the first 15 of 120, the last 1', () => {
    expect(neighbourScore([true])).toBe(12.5);
    expect(neighbourScore([...new Array<boolean>(14).fill(false), true])).toBeCloseTo(100 / 120, 12);
  });
});

describe('precision and average precision', () => {
  it('precision counts places that a short ranking leaves empty as wrong', () => {
    expect(precisionAtK([true, false, true, true], 2)).toBe(0.5);
    expect(precisionAtK([true, true], 10)).toBe(0.2);
    expect(precisionAtK([true], 0)).toBe(0);
  });

  it('average precision is the mean of the precisions at the right ones', () => {
    expect(averagePrecision([true, false, true, false])).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(averagePrecision([false, false, true])).toBeCloseTo(1 / 3, 12);
    expect(averagePrecision([true, true, false])).toBe(1);
    expect(averagePrecision([false])).toBe(0);
  });
});

describe('recall, gain and rank', () => {
  it('recall is the share of what is relevant, also where more is relevant than counts', () => {
    expect(recallAtK([true, false, true, true], 3, 4)).toBe(0.5);
    expect(recallAtK([true, true], 1, 2)).toBe(0.5);
    expect(recallAtK([false, true], 1, 1)).toBe(0);
  });

  it('gain falls with the logarithm of the rank: right, wrong, right of two is 1.5 of 1 + 1 / log2(3)', () => {
    expect(ndcgAtK([true, false, true], 3, 2)).toBeCloseTo(1.5 / (1 + 1 / Math.log2(3)), 12);
    expect(ndcgAtK([false, true], 2, 1)).toBeCloseTo(1 / Math.log2(3), 12);
  });

  it('gain is 1 in the best order, whether more is relevant than counts or less', () => {
    expect(ndcgAtK([true, true, false], 2, 5)).toBe(1);
    expect(ndcgAtK([true, false, false], 3, 1)).toBe(1);
    expect(ndcgAtK([false, false], 2, 1)).toBe(0);
  });

  it('the rank that counts is that of the first right one', () => {
    expect(reciprocalRank([true, false])).toBe(1);
    expect(reciprocalRank([false, false, false, true, true])).toBe(0.25);
    expect(reciprocalRank([false])).toBe(0);
    expect(reciprocalRank([])).toBe(0);
  });

  it('two rankings overlap in what both have among the first k, wherever it stands there', () => {
    expect(overlapAtK(['a', 'b', 'c', 'd'], ['c', 'a', 'x', 'd'], 3)).toBeCloseTo(2 / 3, 12);
    expect(overlapAtK([1, 2], [2, 1], 2)).toBe(1);
    expect(overlapAtK([1, 2], [3, 1], 1)).toBe(0);
  });
});

interface Published {
  mean_scores: Record<string, Record<string, Record<string, number>>>;
  example: { model: string; metric: string; layer: string; neighbours: number[][]; scores: number[] };
}

describeWithShared('published neighbours and scores', 'data/iconic200/published-scores.json', () => {
  it('every published score of the example is ours, and their mean', () => {
    const folder = `${shared}data/iconic200`;
    const published: Published = JSON.parse(readFileSync(`${folder}/published-scores.json`, 'utf8'));
    const classOf: string[] = Object.values(JSON.parse(readFileSync(`${folder}/labels.json`, 'utf8')));
    const { example, mean_scores: means } = published;
    const { model, metric, layer, neighbours, scores } = example;
    const ours = neighbours.map(([own, ...others]) =>
      neighbourScore(others.map((other) => classOf[other] === classOf[own!])),
    );
    expect(ours).toHaveLength(200);
    // Kept with ten digits.
    for (const [row, score] of ours.entries())
      expect(Math.abs(Number(score.toPrecision(10)) - scores[row]!)).toBeLessThanOrEqual(1e-9);
    const mean = ours.reduce((sum, score) => sum + score, 0) / ours.length;
    // Published with four decimals.
    expect(mean).toBeCloseTo(means[model]![metric]![layer]!, 4);
  });
});
