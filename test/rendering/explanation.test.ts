import { describe, expect, test } from 'vitest';
import { explanation } from '#lib/rendering/explanation.js';
import type { Explanation, Hit, Judgement } from '#lib/types.js';
import { nastyStrings } from './nasty.js';

function judgement(cosine: number, logit: number, best?: string): Judgement {
  return {
    cosine,
    background: { mean: 0.1, deviation: 0.05, rivals: 0.31, ...(best === undefined ? {} : { best }) },
    logit,
  };
}

function hitOf(path: string, explained?: Explanation): Hit {
  return {
    imageId: 'f'.repeat(32),
    paths: [path],
    facts: {
      width: 64,
      height: 48,
      format: 'jpeg',
      bytes: 900,
      orientation: 'landscape',
      photograph: true,
    },
    score: 0.4,
    relevance: 0.7,
    evidence: { segments: [] },
    why: '',
    ...(explained ? { explanation: explained } : {}),
  };
}

const formula = 'the best segment';

describe('an explanation', () => {
  test('shows a line for each piece of evidence, with its numbers', () => {
    const markup = explanation({
      title: 'fox',
      hits: [
        hitOf('/pictures/fox.jpg', {
          segment: judgement(0.42, 2, 'a wolf'),
          picture: judgement(0.27, -1),
          label: { label: 'fox', relevance: 0.91 },
          without: [{ title: 'dog', logit: -4 }],
          formula,
        }),
        hitOf('/pictures/both.jpg', { all: [{ title: 'cup', ...judgement(0.33, 0) }], formula }),
      ],
    });
    for (const part of [
      'Why: fox',
      'Ordered by the best segment.',
      '<td>1 · fox.jpg</td><td>its best segment</td><td class="lookbook-number">0.42</td><td class="lookbook-number">0.31</td><td>a wolf</td><td class="lookbook-number">0.88</td>',
      '<td></td><td>the whole picture</td><td class="lookbook-number">0.27</td><td class="lookbook-number">0.31</td><td></td><td class="lookbook-number">0.27</td>',
      '<td>the label “fox”</td><td class="lookbook-number"></td><td class="lookbook-number"></td><td></td><td class="lookbook-number">0.91</td>',
      '<td>not wanted: “dog”</td>',
      '>0.02<',
      '<td>2 · both.jpg</td><td>“cup”</td>',
    ]) {
      expect(markup).toContain(part);
    }
    expect(markup.match(/<tr>/g)).toHaveLength(6);
  });

  test('of a picture query names no words', () => {
    const hits = [hitOf('a.jpg', { picture: judgement(0.8, 1), formula })];
    const markup = explanation({ title: 'like b.jpg', hits });
    expect(markup).toContain('Ten best of the background');
    expect(markup).not.toContain('Best word');
    const columns = (row: string): number => row.match(/<t[hd]/g)!.length;
    const [head, line] = markup.match(/<tr>.*?<\/tr>/g)!;
    expect(columns(line!)).toBe(columns(head!));
  });

  test('without numbers says how to get them', () => {
    for (const hits of [[], [hitOf('a.jpg')]]) {
      const markup = explanation({ title: 'fox', hits });
      expect(markup).toContain('Ask with explain: true to see the numbers.');
      expect(markup).not.toContain('<table');
    }
  });

  test('holds no script and lets nothing from outside be markup', () => {
    const hits = nastyStrings.map((text) =>
      hitOf(text, {
        segment: judgement(0.4, 1, text),
        label: { label: text, relevance: 0.5 },
        all: [{ title: text, ...judgement(0.2, 0) }],
        without: [{ title: text, logit: 0 }],
        formula: text,
      }),
    );
    for (const title of ['<script>boom()</script>', ...nastyStrings]) {
      const markup = explanation({ title, hits });
      const tags = new Set([...markup.matchAll(/<\/?([a-zA-Z]+)/g)].map(([, tag]) => tag));
      const allowed = ['b', 'div', 'style', 'table', 'tbody', 'td', 'th', 'thead', 'tr'];
      expect([...tags].filter((tag) => !allowed.includes(tag!))).toEqual([]);
      expect(markup).not.toContain('\u001b');
      expect(markup).not.toContain('\u202e');
    }
  });
});
