import { describe, expect, it } from 'vitest';
import { byQueries, type WordSearch } from '#lib/exploring/evaluation/by-queries.js';
import type { Placed } from '#lib/exploring/evaluation/tables.js';

function placed(imageId: string, root: string, path: string): Placed {
  return { imageId, places: [{ root, path }], locations: [`${root}/${path}`] };
}

const pictures = [
  placed('a', '/one', 'a.jpg'),
  placed('b', '/one', 'deep/b.jpg'),
  placed('c', '/one', 'same.jpg'),
  placed('d', '/two', 'same.jpg'),
];
/** Answers every question in the order of the alphabet. */
const search: WordSearch = { find: async (_, k) => ['a', 'b', 'c', 'd'].slice(0, k) };

describe('words that must find pictures', () => {
  it('have the figures that are worked out by hand', async () => {
    const queries = { first: ['/one/a.jpg'], later: ['deep/b.jpg', '/two/same.jpg'] };
    const { recall, ndcg, reciprocalRank, worst } = await byQueries(queries, { pictures, search }, { k: 2 });
    expect(recall.mean).toBe((1 + 1 / 2) / 2);
    const second = 1 / Math.log2(3);
    expect(ndcg.mean).toBeCloseTo((1 + second / (1 + second)) / 2, 12);
    expect(reciprocalRank.mean).toBe((1 + 1 / 2) / 2);
    expect(worst).toHaveLength(1);
    expect(worst[0]).toMatchObject({ text: 'later', wanted: 2, found: 1, rank: 2 });
    expect(worst[0]!.first.map(({ imageId, right }) => [imageId, right])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
      ['d', true],
    ]);
  });

  it('are listed from the worst on, and not at all where nothing better could come', async () => {
    const queries = { good: ['/one/a.jpg'], middling: ['deep/b.jpg'], bad: ['/two/same.jpg'] };
    const { worst } = await byQueries(queries, { pictures, search }, { k: 2 });
    expect(worst.map(({ text, rank }) => [text, rank])).toEqual([
      ['bad', 4],
      ['middling', 2],
    ]);
  });

  it('name a picture by one path only: what two folders hold is missing, unless it is told which', async () => {
    await expect(byQueries({ x: ['same.jpg'] }, { pictures, search }, { k: 2 })).rejects.toThrow(
      '1 missing file: same.jpg',
    );
    const { queries } = await byQueries({ x: ['/two/same.jpg'] }, { pictures, search }, { k: 2 });
    expect(queries).toBe(1);
  });

  it('are refused by an encoder without words, with whatever else is wrong', async () => {
    const wordless = { ...search, wordless: 'convnet' };
    await expect(byQueries({ x: ['gone.jpg'] }, { pictures, search: wordless }, { k: 2 })).rejects.toThrow(
      'convnet has no words; 1 missing file: gone.jpg',
    );
  });
});
