import { describe, expect, test } from 'vitest';
import { comparisonPage, comparisonTable } from '#lib/rendering/comparison.js';
import type { Comparison, ComparisonCell, Estimate } from '#lib/types.js';
import { nastyStrings } from './nasty.js';

const at = (mean: number): Estimate => ({ mean, low: mean * 0.9, high: mean * 1.1 });

function cell(encoder: string, layer: string | null, mean: number): ComparisonCell {
  return {
    encoder,
    layer,
    metric: 'cosine',
    dimension: 64,
    score: at(mean),
    precision: at(0.4),
    averagePrecision: at(0.3),
    example: {
      query: { path: 'asks.jpg', tile: 0 },
      neighbours: [
        { path: 'near.jpg', tile: 3, right: true },
        { path: 'gone.jpg', right: false },
      ],
    },
  };
}

function comparison(cells: ComparisonCell[], more: Partial<Comparison> = {}): Comparison {
  const encoders = [...new Set(cells.map(({ encoder }) => encoder))];
  return {
    pictures: 200,
    k: 10,
    labels: { from: 'labels.json', classes: 10, chance: 0.0955 },
    models: encoders.map((encoder) => ({ encoder, msPerPicture: 4.25, bytes: 13_968_564 })),
    cells,
    agreement: [],
    ...(cells.length > 2 ? { lead: { best: 1, rival: 0, ahead: at(50) } } : {}),
    published: [],
    sprite: { webp: Uint8Array.of(1, 2, 3), tilePx: 72, columns: 2, count: 4 },
    notes: [],
    ...more,
  };
}

describe('a comparison', () => {
  const cells = [cell('weak', null, 40), cell('strong', null, 90), cell('strong', 'middle', 60)];

  test('is a table with the best first, what each costs, and a heat map by models and layers', () => {
    const markup = comparisonTable(comparison(cells));
    const table = markup.slice(markup.indexOf('The best first'));
    const [first] = /<p class="lookbook-verdict">.*?<\/p>/.exec(markup)!;
    expect(first).toContain(
      '<b>strong</b>, own vector, by cosine, suits these pictures best: 90.0 (81.0–99.0)',
    );
    expect(first).toContain(
      'ahead of weak, own vector, by cosine, by 50.0 points (45.0 to 55.0). That is more',
    );
    expect(table.indexOf('90.0 (81.0–99.0)')).toBeLessThan(table.indexOf('60.0 (54.0–66.0)'));
    expect(table.indexOf('60.0 (54.0–66.0)')).toBeLessThan(table.indexOf('40.0 (36.0–44.0)'));
    for (const part of ['4.3', '14 MB', 'By chance 9.6 % are right', 'own vector', 'middle']) {
      expect(markup).toContain(part);
    }
    const heat = markup.slice(markup.indexOf('lookbook-heat"'), markup.indexOf('</table>'));
    expect(heat.match(/<tr>/g)).toHaveLength(2);
    expect(heat.match(/<td>/g)).toHaveLength(3);
    expect([...heat.matchAll(/114,178,([\d.]+)\)/g)].map((match) => Number(match[1]))).toEqual([
      0.05, 0.55, 0.25,
    ]);
  });

  test('frames the right ones and cuts each picture from one sprite that stands in it once', () => {
    const markup = comparisonTable(comparison(cells));
    expect(markup.match(/data:image\/webp/g)).toHaveLength(1);
    expect(
      markup.match(
        /lookbook-tile lookbook-right" title="near\.jpg" style="background-position:-54px -54px"/g,
      ),
    ).toHaveLength(3);
    expect(markup.match(/lookbook-tile" title="gone\.jpg"><em>gone\.jpg <\/em>/g)).toHaveLength(3);
  });

  test('has dashed lines only where a caller gives published scores, and only for their metric', () => {
    expect(comparisonTable(comparison(cells))).not.toContain('</s>');
    const published = [
      { title: 'a paper', score: 78.3 },
      { title: 'another metric', score: 50, metric: 'dot' as const },
    ];
    const markup = comparisonTable(comparison(cells, { published }));
    expect(markup.match(/<s style="left:78.3%"><\/s>/g)).toHaveLength(3);
    expect(markup).not.toContain('left:50%');
    expect(markup).toContain('Dashed: a paper 78.3');
  });

  test('shows a row of each model, and keeps the others behind it', () => {
    const markup = comparisonTable(comparison(cells));
    const examples = markup.slice(markup.indexOf('One picture, and'), markup.indexOf('The best first'));
    const [open, behind] = examples.split('<details>');
    expect(open!.match(/class="lookbook-row"/g)).toHaveLength(2);
    expect(open).toMatch(/<b>strong<\/b> <span class="lookbook-soft">own vector, cosine, 1 of 2 right/);
    expect(behind).toContain('<summary>1 more row of strong</summary>');
    expect(behind).toContain('middle, cosine');
  });

  test('of one model is one heat map with a line for each metric', () => {
    const two = [cell('only', null, 40), { ...cell('only', null, 50), metric: 'dot' as const }];
    const markup = comparisonTable(comparison(two));
    expect(markup.match(/<table class="lookbook-heat"/g)).toHaveLength(1);
    expect(markup).toMatch(/<th scope="row"><bdi>cosine<\/bdi><\/th>.*<th scope="row"><bdi>dot<\/bdi><\/th>/);
  });

  test('without labels tells what every edit does, and which cell knows the pictures best', () => {
    const edits = (['crop', 'flipped', 'brighter', 'recompressed'] as const).map((edit, n) => ({
      edit,
      pictures: 50,
      first: at(0.9 - n / 10),
      reciprocalRank: at(0.5),
      cosine: at(0.95 - n / 100),
    }));
    const { score: _, precision: __, averagePrecision: ___, ...plain } = cell('blind', null, 0);
    const { labels: ____, ...more } = comparison([
      { ...plain, edits },
      { ...plain, layer: 'other', edits },
    ]);
    const markup = comparisonTable(more);
    for (const part of ['90.0 % (81.0–99.0)', '80.0 % <span class="lookbook-soft">0.940', '70.0 %', '60.0 %'])
      expect(markup).toContain(part);
    // A published score is one by classes.
    const published = [{ title: 'a paper', score: 78.3 }];
    expect(comparisonTable({ ...more, published })).not.toContain('Dashed');
    expect(markup).toMatch(/<b>blind<\/b>, own vector, by cosine, knows these pictures best: 90\.0 %/);
  });

  test('that has maps shows them on its page', () => {
    const points = [{ id: 'a', x: 0, y: 1, title: 'a.jpg', kind: 'plain' as const }];
    const maps = [
      { title: 'strong, own vector', points },
      { title: 'weak, own vector', points },
    ];
    expect(comparisonPage(comparison(cells, { maps }))).toContain('<span>weak, own vector</span>');
    expect(comparisonPage(comparison(cells))).not.toContain('lookbook-halves');
  });

  test('two of them on one page lead to rows of their own', () => {
    const ids = (markup: string): string[] =>
      [...markup.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!);
    const one = ids(comparisonTable(comparison(cells)));
    const other = ids(comparisonTable(comparison(cells.slice(1))));
    expect(one.filter((id) => other.includes(id))).toEqual([]);
  });

  test('is nothing but text, whatever a model, a layer or a path is called', () => {
    for (const nasty of nastyStrings) {
      const odd = cell(nasty, nasty, 50);
      odd.example.query = { path: nasty };
      const published = [{ title: nasty, score: 10 }];
      const agreement = [{ a: 0, b: 1, overlap: at(0.5) }];
      const markup = comparisonPage(comparison([odd, odd], { published, agreement, notes: [nasty] }));
      expect(markup).not.toMatch(/<(script|iframe|svg|math|b>bold|img)/i);
      expect(markup).not.toMatch(/<a href="(?!#lookbook-)/);
    }
  });
});
