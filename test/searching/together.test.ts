import { describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { assign, type Candidate, stands } from '#lib/searching/together.js';
import type { Relation } from '#lib/types.js';

const random = seeded(5);
const box = (x: number, y: number, width: number, height: number): Candidate => ({
  bbox: { x, y, width, height },
  area: (width * height) / 10_000,
});

/** Every way of giving each thing a segment of its own. */
function everyWay(things: number, segments: number): number[][] {
  if (things === 0) return [[]];
  return everyWay(things - 1, segments).flatMap((way) =>
    Array.from({ length: segments }, (_, n) => n)
      .filter((n) => !way.includes(n))
      .map((n) => [...way, n]),
  );
}

describe('several things in one picture', () => {
  it('get segments of their own, so that the sum of scores is the greatest there is', () => {
    for (let round = 0; round < 100; round++) {
      const [things, segments] = [1 + Math.floor(random() * 3), 3 + Math.floor(random() * 4)];
      const logits = Array.from({ length: things }, () =>
        Array.from({ length: segments }, () => -8 * random()),
      );
      const sum = (way: readonly number[]): number =>
        way.reduce((total, segment, thing) => total + logits[thing]![segment]!, 0);
      const found = assign(
        logits,
        Array.from({ length: segments }, () => box(0, 0, 1, 1)),
        null,
      )!;
      expect(new Set(found.segments).size).toBe(things);
      expect(found.score).toBeCloseTo(Math.max(...everyWay(things, segments).map(sum)));
    }
  });

  it('one segment cannot answer for two', () => {
    expect(assign([[-5], [-5]], [box(0, 0, 1, 1)], null)).toBe(null);
    expect(
      assign(
        [
          [-1, -2],
          [-1, -9],
        ],
        [box(0, 0, 1, 1), box(5, 0, 1, 1)],
        null,
      )!.segments,
    ).toEqual([1, 0]);
  });

  it('must stand to each other as was asked, or nothing is found', () => {
    const left = box(0, 0, 10, 10);
    const right = box(30, 0, 10, 10);
    const logits = [
      [-1, -4],
      [-4, -1],
    ];
    expect(assign(logits, [left, right], 'left of')!.segments).toEqual([0, 1]);
    expect(assign(logits, [left, right], 'right of')!.segments).toEqual([1, 0]);
    expect(
      assign(
        [
          [-1, -4],
          [-4, -1],
        ],
        [left, left],
        'left of',
      ),
    ).toBe(null);
  });

  it('is found among many segments that answer better but lie wrong', () => {
    const rights = Array.from({ length: 20 }, () => box(60, 0, 10, 10));
    const segments = [...rights, box(0, 0, 10, 10)];
    const scores = segments.map((_, n) => (n < 20 ? -1 : -5));
    expect(assign([scores, scores], segments, 'left of')!.segments[0]).toBe(20);
  });

  it.each<[Relation, Candidate, Candidate]>([
    ['left of', box(0, 0, 10, 10), box(20, 5, 10, 10)],
    ['right of', box(20, 5, 10, 10), box(0, 0, 10, 10)],
    ['above', box(0, 0, 10, 10), box(5, 20, 10, 10)],
    ['below', box(5, 20, 10, 10), box(0, 0, 10, 10)],
    ['inside', box(5, 5, 10, 10), box(0, 0, 40, 40)],
    ['larger than', box(0, 0, 20, 20), box(50, 50, 10, 10)],
    ['smaller than', box(50, 50, 10, 10), box(0, 0, 20, 20)],
  ])('%s holds one way round and not the other', (relation, first, second) => {
    expect([stands(relation, first, second), stands(relation, second, first)]).toEqual([true, false]);
  });

  it('what lies over the other is not beside it', () => {
    expect(stands('left of', box(0, 0, 20, 10), box(2, 20, 20, 10))).toBe(false);
  });
});
