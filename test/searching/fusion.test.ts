import { describe, expect, it } from 'vitest';
import { fuse, type RankedPicture, type RankedSegment, regionScore } from '#lib/searching/fusion.js';
import type { Fusion } from '#lib/types.js';

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

function byScore<Ranked extends { score: number }>(list: readonly Ranked[]): Ranked[] {
  return [...list].sort((a, b) => b.score - a.score);
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
    expect(fuse(pictures, segments, { picture: 0.25 })[0]).toEqual({
      imageId: 'a',
      score: 0.25 * 0.9 + 0.75 * 0.8,
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

  const formulas: Fusion[] = ['best part', 'best of both', { picture: 0.3 }, { picture: 0.8, label: 1 }];

  it.each(formulas)('by %j better evidence of any kind never lowers a hit', (fusion) => {
    for (let round = 0; round < 100; round++) {
      const { pictures, segments } = lists();
      const n = Math.floor(random() * segments.length);
      const { imageId } = segments[n]!;
      const rankBy = (wholes: RankedPicture[], parts: RankedSegment[]): number =>
        fuse(byScore(wholes), byScore(parts), fusion).findIndex((fused) => fused.imageId === imageId);
      const before = rankBy(pictures, segments);
      const lift = random();
      const lifted = segments.map((one, index) => (index === n ? { ...one, score: one.score + lift } : one));
      expect(rankBy(pictures, lifted)).toBeLessThanOrEqual(before);
      const whole = pictures.map((one) =>
        one.imageId === imageId ? { ...one, score: one.score + lift } : one,
      );
      expect(rankBy(whole, segments)).toBeLessThanOrEqual(before);
      const named = segments.map((one, index) => (index === n ? { ...one, label: lift } : one));
      expect(rankBy(pictures, named)).toBeLessThanOrEqual(before);
    }
  });

  it('a label that the words name lifts its segment over better looking ones, by the weight that is set', () => {
    const segments = [
      { imageId: 'a', segmentId: 'a:0', score: 0.9 },
      { imageId: 'b', segmentId: 'b:0', score: 0.7, label: 1 },
      { imageId: 'c', segmentId: 'c:0', score: 0.1 },
    ];
    const first = (label: number): string => fuse([], segments, { label })[0]!.imageId;
    expect([first(0), first(0.5)]).toEqual(['a', 'b']);
  });

  it('by regions many parts that answer beat one, and better evidence raises', () => {
    expect(regionScore([1, 0.5, 0], 0.5)).toBeCloseTo(0.7 + 0.3 * 0.5 + 0.1 * (2 / 3));
    expect(regionScore([0.9, 0.9, 0.9], 0.5)).toBeGreaterThan(regionScore([0.95, 0, 0], 0.5));
    for (let round = 0; round < 100; round++) {
      const scores = Array.from({ length: 5 }, random);
      const n = Math.floor(random() * 5);
      const lifted = scores.map((score, index) => (index === n ? score + random() : score));
      expect(regionScore(lifted, 0.5)).toBeGreaterThan(regionScore(scores, 0.5));
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
