import { describe, expect, it } from 'vitest';
import { checkQuery, titleOf } from '#lib/searching/query.js';
import type { Query } from '#lib/types.js';

function fault(query: unknown): string {
  try {
    checkQuery(query as Query);
  } catch (error) {
    return String((error as Error).message);
  }
  return 'nothing is wrong';
}

const title = (query: string | Query): string => titleOf(checkQuery(query), (id) => `picture ${id}`);

describe('a query', () => {
  it('is words or an object, with every part decided', () => {
    expect(checkQuery('red car')).toMatchObject({
      terms: [{ text: 'red car', weight: 1 }],
      all: [],
      without: [],
      match: 'both',
      k: 10,
      offset: 0,
      collapse: true,
      minRelevance: {},
    });
    expect(checkQuery({ image: 'a.jpg' }, { k: 3 })).toMatchObject({ terms: [{ image: 'a.jpg' }], k: 3 });
    expect(checkQuery({ text: 'a', segments: false })).toMatchObject({ match: 'full' });
  });

  it('with words of weight 1 may push a term away', () => {
    expect(checkQuery({ text: 'fox', terms: [{ text: 'rabbit', weight: -0.5 }] }).terms).toHaveLength(2);
  });

  it('of words and a picture asks with both, and so do terms with their weights', () => {
    expect(checkQuery({ text: 'at night', image: 'a.jpg' }).terms).toEqual([
      { text: 'at night', weight: 1 },
      { image: 'a.jpg', weight: 1 },
    ]);
    expect(
      checkQuery({
        terms: [
          { text: 'car', weight: 2 },
          { like: 'x', weight: -1 },
        ],
      }).terms,
    ).toEqual([
      { text: 'car', weight: 2 },
      { like: 'x', weight: -1 },
    ]);
  });

  it('says all its problems at once', () => {
    const wrong = {
      text: ' ',
      image: '',
      k: 0,
      offset: -1,
      colour: 'red',
      fusion: 'guess',
      where: { colour: 1 },
    };
    expect(fault(wrong)).toMatchInlineSnapshot(
      `"[search] the query cannot be asked: got unknown fields colour (known: text, image, like, region, prepare, terms, without, all, relation, where, match, segments, k, offset, collapse, minRelevance, fusion, explain); text is " ", expected words, not an empty text; image is "", expected a path, an http(s) URL or the bytes of a picture; k is 0, expected 1 to 1000; offset is -1, expected 0 or more; fusion is "guess", expected best part | best of both | regions, or { picture: 0 to 1, label: 0 to 1 }; unknown fields colour in where (known: folder, name, taken, camera, size, orientation, format, label, segments, addedSince, near, photograph). Ask with words ('red car') or with an object ({ image: 'path', k: 10 })."`,
    );
  });

  it.each<[unknown, string]>([
    [{}, 'nothing to ask with, expected one of text, image, like, terms, all'],
    [7, 'it is no text and no object'],
    [{ text: 7 }, 'text is 7, expected words'],
    [
      { text: 'dog', region: { x: 0, y: 0, width: 5, height: 5 } },
      'a region of no picture, expected image or like',
    ],
    [{ image: 'a.jpg', region: { polygon: [] } }, 'expected { x, y, width, height } in pixels, or { polygon'],
    [{ image: 'a.jpg', region: { x: 0, y: 0, width: 0, height: 5 } }, 'expected { x, y, width, height }'],
    [
      { image: 'a.jpg', region: { x: 0, y: 0, width: Number.NaN, height: 5 } },
      'expected { x, y, width, height }',
    ],
    [{ like: 'a:1', region: { x: 0, y: 0, width: 1, height: 5 } }, 'a region of the segment a:1'],
    [{ text: 'dog', prepare: { enhance: true } }, 'has prepare but no image to prepare'],
    [
      { terms: [{ text: 'dog', weight: 'much' }] },
      'terms[0].weight is "much", expected a number other than 0',
    ],
    [{ terms: [{ text: 'dog', weight: Number.NaN }] }, 'terms[0].weight is NaN'],
    [{ terms: [{ text: 'dog', weight: -1 }] }, 'no term has a weight above 0'],
    [{ all: ['a', { text: 'b', weight: -1 }] }, 'a weight in all, expected none'],
    [{ text: 'a', minRelevance: { ful: 0.5 } }, 'minRelevance is {"ful":0.5}, expected 0 to 1'],
    [{ terms: [{ weight: 1 }] }, 'terms[0] has nothing to ask with'],
    [{ terms: [{ text: 'dog', size: 3 }] }, 'unknown fields terms[0].size (known: text, image, like'],
    [{ terms: [7] }, 'terms[0] is 7, expected words or a term'],
    [{ text: 'dog', without: [''] }, 'without[0].text is "", expected words, not an empty text'],
    [{ without: ['grass'] }, 'nothing to ask with'],
    [{ text: 'dog', all: ['cat', 'snow'] }, 'all beside text, image, like or terms'],
    [{ all: [] }, 'expected a list of 1 to 6 words or terms'],
    [{ all: ['a', 'b'], relation: 'near' }, 'relation is "near", expected left of'],
    [{ all: ['a', 'b', 'c'], relation: 'left of' }, 'relation with 3 things in all, expected two'],
    [{ text: 'a', relation: 'left of' }, 'relation with 0 things in all'],
    [{ all: ['a', 'b'], segments: false }, 'all with whole pictures only'],
    [{ text: 'a', segments: false, match: 'partial' }, "segments: false with match: 'partial'"],
    [{ text: 'a', minRelevance: 2 }, 'minRelevance is 2, expected 0 to 1'],
    [{ text: 'a', fusion: { picture: -1 } }, 'expected best part | best of both | regions'],
    [{ text: 'a', where: { colour: 'red' } }, 'unknown fields colour in where (known: folder, name'],
  ])('%j is refused in one sentence', (query, reason) => {
    expect(fault(query)).toContain(reason);
  });

  it('of words without end is refused, and not repeated in full', () => {
    const told = fault({ text: 'x'.repeat(10_001) });
    expect(told).toContain('expected at most 10000 letters');
    expect(told.length).toBeLessThan(300);
  });

  it('has a title in a person’s words', () => {
    expect([
      title('red car'),
      title({ all: ['red car', 'snow'] }),
      title({ all: ['fox', 'mushroom'], relation: 'left of' }),
      title({ text: 'dog', without: ['grass', { like: 'abc' }] }),
      title({ like: 'abc' }),
      title({ like: 'abc', region: { x: 0, y: 0, width: 1, height: 1 }, text: 'at night' }),
      title({ image: new Uint8Array(3) }),
      title({
        terms: [
          { text: 'car', weight: 2 },
          { text: 'red', weight: -0.5 },
        ],
      }),
    ]).toMatchInlineSnapshot(`
      [
        "red car",
        "red car and snow",
        "fox left of mushroom",
        "dog, without grass or like picture abc",
        "like picture abc",
        "at night + like a part of picture abc",
        "like the picture given",
        "car × 2 + red × -0.5",
      ]
    `);
  });
});
