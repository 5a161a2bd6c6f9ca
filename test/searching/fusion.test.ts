import { describe, expect, it } from 'vitest';
import { fuse, PICTURE_SHARE, type RankedPicture, type RankedSegment } from '#lib/searching/fusion.js';
import { checkQuery } from '#lib/searching/query.js';
import { backgroundOf, relevanceOf, standing } from '#lib/searching/relevance.js';

let seed = 11;
function random(): number {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
}

function lists(): { pictures: RankedPicture[]; segments: RankedSegment[] } {
  const pictures = Array.from({ length: 6 }, (_, n) => ({ imageId: `p${n}`, score: random() })).sort(
    (a, b) => b.score - a.score,
  );
  const segments = Array.from({ length: 12 }, (_, n) => ({
    imageId: `p${n % 8}`,
    segmentId: `p${n % 8}:${n}`,
    score: random(),
  }));
  return { pictures, segments: segments.sort((a, b) => b.score - a.score) };
}

describe('fusion', () => {
  it('a picture that is best on both sides comes first, with both ranks as evidence', () => {
    const pictures = [
      { imageId: 'a', score: 0.9 },
      { imageId: 'b', score: 0.2 },
    ];
    const segments = [
      { imageId: 'a', segmentId: 'a:1', score: 0.8 },
      { imageId: 'b', segmentId: 'b:0', score: 0.1 },
    ];
    expect(fuse(pictures, segments)[0]).toEqual({
      imageId: 'a',
      score: PICTURE_SHARE * 0.9 + (1 - PICTURE_SHARE) * 0.8,
      picture: { rank: 1, score: 0.9 },
      segments: [{ segmentId: 'a:1', rank: 1, score: 0.8 }],
    });
  });

  it('without segments the whole picture decides', () => {
    const pictures = [
      { imageId: 'a', score: 0.9 },
      { imageId: 'b', score: 0.2 },
    ];
    expect(fuse(pictures, []).map(({ imageId, score }) => [imageId, score])).toEqual([
      ['a', 0.9],
      ['b', 0.2],
    ]);
  });

  it('better evidence never lowers a hit', () => {
    for (let round = 0; round < 200; round++) {
      const { pictures, segments } = lists();
      const n = Math.floor(random() * segments.length);
      const target = segments[n]!;
      const better = segments
        .map((segment, index) => (index === n ? { ...segment, score: segment.score + random() } : segment))
        .sort((a, b) => b.score - a.score);
      const rankIn = (list: RankedSegment[]): number =>
        fuse(pictures, list).findIndex(({ imageId }) => imageId === target.imageId);
      expect(rankIn(better)).toBeLessThanOrEqual(rankIn(segments));
    }
  });

  it('every picture comes once, best first, equal ones by id', () => {
    const { pictures, segments } = lists();
    const fused = fuse(pictures, segments);
    expect(new Set(fused.map(({ imageId }) => imageId)).size).toBe(fused.length);
    expect(fused.map(({ score }) => score)).toEqual(fused.map(({ score }) => score).sort((a, b) => b - a));
    const equal = fuse(
      [
        { imageId: 'z', score: 1 },
        { imageId: 'a', score: 1 },
      ],
      [],
    );
    expect(equal.map(({ imageId }) => imageId)).toEqual(['a', 'z']);
  });
});

describe('relevance', () => {
  const background = Array.from({ length: 200 }, () => Float32Array.of(random() - 0.5, random() - 0.5));
  const against = standing(Float32Array.of(1, 0), backgroundOf(background, 2));

  it('rises with the score and stays between 0 and 1', () => {
    const values = [-1, 0, 0.3, 0.6, 1].map((score) => relevanceOf(score, against));
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values[0]).toBeGreaterThanOrEqual(0);
    expect(values.at(-1)).toBeLessThanOrEqual(1);
  });

  it('what scores like the background is not relevant', () => {
    expect(relevanceOf(against.mean, against)).toBeLessThan(0.05);
  });

  it('knows which of the background fits best', () => {
    const scores = background.map((vector) => vector[0]!);
    expect(against.best).toEqual({ index: scores.indexOf(Math.max(...scores)), score: Math.max(...scores) });
  });
});

describe('queries', () => {
  it('words or an object, with defaults filled in', () => {
    expect(checkQuery('red car')).toEqual({ text: 'red car', k: 10, offset: 0 });
    expect(checkQuery({ image: 'a.jpg' }, { k: 3 })).toEqual({ image: 'a.jpg', k: 3, offset: 0 });
  });

  it('all problems are said at once', () => {
    const wrong = { text: ' ', image: 'a.jpg', k: 0, offset: -1, colour: 'red' };
    expect(() => checkQuery(wrong)).toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [search] the query cannot be asked: got unknown fields colour (known: text, image, like, k, offset, where, segments); text and image to ask with, expected one of text, image, like; text is empty; k is 0, expected 1 to 1000; offset is -1, expected 0 or more. Ask with words ('red car') or with an object ({ image: 'path', k: 10 }).]`,
    );
  });

  it('a query without anything to ask is refused', () => {
    expect(() => checkQuery({})).toThrow('nothing to ask with, expected one of text, image, like');
  });
});
