import { describe, expect, test } from 'vitest';
import { evaluationPage, evaluationTable } from '#lib/rendering/evaluation.js';
import type { Estimate, Evaluation } from '#lib/types.js';
import { ballCard } from './fixtures.js';
import { nastyStrings } from './nasty.js';

const at = (mean: number): Estimate => ({ mean, low: mean * 0.9, high: mean * 1.1 });

function evaluation(word: string): Evaluation {
  return {
    lookbook: word,
    encoder: word,
    layer: word,
    dimension: 256,
    pictures: 1200,
    metric: 'cosine',
    k: 10,
    labels: {
      from: word,
      queries: 1200,
      score: at(61.5),
      precision: at(0.5),
      averagePrecision: at(0.4),
      chance: 0.1,
      classes: Array.from({ length: 40 }, (_, n) => ({
        label: `${word}${n}`,
        pictures: 30,
        score: n,
        precision: 0.2,
        averagePrecision: 0.1,
        mistakenFor: { label: word, share: 0.25 },
      })),
    },
    queries: {
      from: word,
      queries: 12,
      recall: at(0.7),
      ndcg: at(0.6),
      reciprocalRank: at(0.5),
      worst: [
        {
          text: word,
          wanted: 3,
          found: 1,
          rank: 4,
          ndcg: 0.2,
          first: [
            { imageId: 'a', path: 'images/ball.jpg', right: false },
            { imageId: 'b', path: word, right: true },
          ],
        },
        { text: 'nothing', wanted: 1, found: 0, rank: null, ndcg: 0, first: [] },
      ],
    },
    edits: [{ edit: 'crop', pictures: 100, first: at(0.8), reciprocalRank: at(0.85), cosine: at(0.7) }],
    notes: [word],
  };
}

describe('the figures of an evaluation', () => {
  test('stand with their intervals, and their bars are as long as their means', () => {
    const markup = evaluationTable(evaluation('word'));
    for (const part of [
      'word word on 1,200 pictures',
      '61.5 (55.4–67.7)',
      '50.0 % (45.0–55.0)',
      '0.400 (0.360–0.440)',
      '<i style="width:61.5%"></i><b style="left:55.4%;width:12.3%"></b>',
      'An order by chance has 10.0 % right.',
      'word (25 %)',
      'and 10 better classes',
      '1 of 3',
      'place 4',
      'none',
      'a piece of 60 % × 60 %',
    ]) {
      expect(markup).toContain(part);
    }
  });

  test('show what came first where there is a card, and name it where there is none', async () => {
    const markup = evaluationTable(evaluation('word'), [await ballCard({ outlines: [] })]);
    expect(markup.match(/<img /g)).toHaveLength(1);
    expect(markup).toContain('lookbook-came lookbook-right">✓ <bdi>word</bdi>');
  });

  test('are nothing but text, whatever a class, a query or a path holds', () => {
    for (const nasty of nastyStrings) {
      const markup = evaluationPage(evaluation(nasty));
      expect(markup).not.toMatch(/<(script|iframe|svg|math|a |b>bold|img)/i);
      expect(markup.length).toBeLessThan(150_000);
    }
  });
});
