import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { averagePrecision, neighbourScore, precisionAtK } from '#lib/arithmetic/metrics.js';
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
    for (const [row, score] of ours.entries()) expect(score).toBeCloseTo(scores[row]!, 6);
    const mean = ours.reduce((sum, score) => sum + score, 0) / ours.length;
    // Published with four decimals.
    expect(mean).toBeCloseTo(means[model]![metric]![layer]!, 4);
  });
});
