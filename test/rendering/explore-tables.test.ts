import { describe, expect, test } from 'vitest';
import { clustersTable } from '#lib/rendering/clusters.js';
import { coverageTable } from '#lib/rendering/coverage.js';
import { outliersGallery } from '#lib/rendering/outliers.js';
import { ballCard } from './fixtures.js';
import { nastyStrings } from './nasty.js';

describe('the tables of what a map and its words tell', () => {
  test.each(nastyStrings)('%j in any place stays text', async (text) => {
    const card = await ballCard({ path: text, outlines: [] });
    const cluster = { name: text, ids: [text], examples: [text] };
    const outlier = { id: text, path: text, distance: 1, nearest: { id: text, path: text } };
    const line = { word: text, answers: 0, best: { id: text, path: text, relevance: 0.5 } };
    const outputs = [
      clustersTable({ clusters: [cluster], scattered: [], ids: [text] }, [card]),
      outliersGallery({ of: 'pictures', k: 5, compared: 9, usual: 0.1, outliers: [outlier], ids: [text] }, [
        card,
      ]),
      coverageTable({ lines: [line, { word: text, answers: 2 }], ids: [text], notes: [text] }, [card]),
    ];
    for (const markup of outputs) {
      const quiet = markup
        .replace(/<style>[^<]*<\/style>/g, '')
        .replace(/data:image\/[a-z+]+;base64,[A-Za-z0-9+/=]+/g, '');
      expect(quiet).not.toMatch(/<(?:script|iframe|svg|math|a\b|b>bold)|\bon\w+=["'][^"]*boom/i);
      expect(quiet.match(/<img\b/g)?.length ?? 0).toBeLessThanOrEqual(1);
      expect(markup.length).toBeLessThan(60_000);
    }
  });

  test('clusters beyond the first forty are counted, and those without a colour on the map are grey', () => {
    const clusters = Array.from({ length: 43 }, (_, n) => ({ name: `c${n}`, ids: ['a', 'b'], examples: [] }));
    const markup = clustersTable({ clusters, scattered: ['x'], ids: [] });
    expect(markup).toContain('43 clusters of 87, 1 scattered between them.');
    expect(markup).toContain('and 3 smaller clusters');
    expect(markup).not.toContain('c40<');
    expect(markup.match(/#9AA0A8/g)).toHaveLength(32);
  });

  test('words without a picture come first, and where all have one that is said', () => {
    const best = { id: 'a', path: '/a.jpg', relevance: 0.9 };
    const lines = [
      { word: 'fox', answers: 20, isMore: true, best },
      { word: 'bond', answers: 0 },
    ];
    const markup = coverageTable({ lines, ids: ['a'], notes: ['Words are cut.'] });
    expect(markup.indexOf('>bond<')).toBeLessThan(markup.indexOf('>fox<'));
    expect(markup).toContain('20 or more');
    expect(markup).toContain('Words are cut.');
    expect(coverageTable({ lines: lines.slice(0, 1), ids: ['a'], notes: [] })).toContain(
      'Each of 1 word has a picture here.',
    );
  });
});
