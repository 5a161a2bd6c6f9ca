import { describe, expect, test } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import type { Frame } from '#lib/rendering/map-live/frame.js';
import { inView, pointAt, pointsIn } from '#lib/rendering/map-live/picking.js';
import type { Points } from '#lib/rendering/map-live/points.js';
import { placeNames } from '#lib/rendering/name-places.js';

const FRAME: Frame = { left: 20, top: -40, scaleX: 900, scaleY: 700, width: 900, height: 600 };

function pointsOf(places: readonly [number, number][], numbers: Record<number, number> = {}): Points {
  const count = places.length;
  const none = (): Int32Array => new Int32Array(count).fill(-1);
  return {
    count,
    x: Float32Array.from(places, ([x]) => x),
    y: Float32Array.from(places, ([, y]) => y),
    number: Int32Array.from({ length: count }, (_, index) => numbers[index] ?? 0),
    label: none(),
    tile: none(),
    relevance: new Float32Array(count),
    extent: [0, 1, 0, 1],
    titles: [],
    lines: {},
    ids: null,
    labels: [],
    sprite: null,
    fields: [],
  };
}

const random = seeded(3);
const many = Array.from({ length: 2000 }, (): [number, number] => [random(), random()]);
const points = pointsOf(many);
const all = (): boolean => true;
const pixelsOf = (index: number): [number, number] => [
  20 + 900 * points.x[index]!,
  -40 + 700 * points.y[index]!,
];

describe('the point that a pointer means', () => {
  test('is the nearest one that is shown and within reach', () => {
    for (let asked = 0; asked < 200; asked++) {
      const at = { x: 900 * random(), y: 600 * random() };
      const even = (index: number): boolean => index % 2 === 0;
      const far = (index: number): number => Math.hypot(pixelsOf(index)[0] - at.x, pixelsOf(index)[1] - at.y);
      const nearest = many
        .map((_, index) => index)
        .filter((index) => even(index) && far(index) <= 9)
        .sort((a, b) => far(a) - far(b))[0];
      expect(pointAt(points, FRAME, { at, within: 9, shown: even })).toBe(nearest ?? null);
    }
  });

  test('is a mark that covers the place before any dot below it', () => {
    const marked = pointsOf(
      [
        [0.5, 0.5],
        [0.508, 0.5],
      ],
      { 1: 1 },
    );
    const at = { x: 20 + 450, y: -40 + 350 };
    expect(pointAt(marked, FRAME, { at, within: 8, shown: all })).toBe(1);
    expect(pointAt(marked, FRAME, { at: { x: at.x - 4, y: at.y }, within: 8, shown: all })).toBe(0);
  });

  test('is none where nothing is near', () => {
    expect(
      pointAt(pointsOf([[0.5, 0.5]]), FRAME, { at: { x: 100, y: 100 }, within: 9, shown: all }),
    ).toBeNull();
    expect(pointAt(pointsOf([]), FRAME, { at: { x: 100, y: 100 }, within: 9, shown: all })).toBeNull();
  });
});

describe('a shape', () => {
  test('drawn as a box in any direction holds what lies between its corners', () => {
    const inside = many.flatMap(([x, y], index) => (x > 0.2 && x < 0.5 && y > 0.1 && y < 0.7 ? [index] : []));
    const corners = [
      { x: 0.5, y: 0.1 },
      { x: 0.2, y: 0.7 },
    ] as const;
    expect(pointsIn(points, { box: [corners[0], corners[1]] }, all)).toEqual(inside);
    expect(pointsIn(points, { box: [corners[1], corners[0]] }, all)).toEqual(inside);
    expect(pointsIn(points, { box: [corners[0], corners[1]] }, (index) => index > 999)).toEqual(
      inside.filter((index) => index > 999),
    );
  });

  test('drawn as a lasso holds what lies within its outline, a dent in it left out', () => {
    // A square from 0.2 to 0.8 without the triangle from its upper side down to its middle.
    const lasso = [
      { x: 0.2, y: 0.2 },
      { x: 0.5, y: 0.5 },
      { x: 0.8, y: 0.2 },
      { x: 0.8, y: 0.8 },
      { x: 0.2, y: 0.8 },
    ];
    const inside = many.flatMap(([x, y], index) => {
      const inSquare = x > 0.2 && x < 0.8 && y > 0.2 && y < 0.8;
      return inSquare && y > 0.5 - Math.abs(x - 0.5) ? [index] : [];
    });
    expect(inside.length).toBeGreaterThan(100);
    expect(pointsIn(points, { lasso }, all)).toEqual(inside);
    expect(pointsIn(points, { lasso: [...lasso].reverse() }, all)).toEqual(inside);
  });

  test('of no extent holds nothing', () => {
    expect(pointsIn(points, { lasso: [] }, all)).toEqual([]);
    expect(pointsIn(points, { lasso: [{ x: 0.5, y: 0.5 }] }, all)).toEqual([]);
  });
});

test('what is in view is what lies on the stage, and no more of it than asked for', () => {
  const seen = many.flatMap((_, index) => {
    const [x, y] = pixelsOf(index);
    return x >= 0 && x <= 900 && y >= 0 && y <= 600 ? [index] : [];
  });
  expect(seen.length).toBeLessThan(2000);
  expect(inView(points, FRAME, { shown: all, most: 5000 })).toEqual(seen);
  expect(inView(points, FRAME, { shown: all, most: 7 })).toEqual(seen.slice(0, 7));
});

test('of names that would lie over one another the first keeps its place, the next moves a line, the last is left out', () => {
  const names = Array.from({ length: 8 }, (_, n) => ({ text: `name ${n}`, x: 200 + n, y: 100 }));
  const placed = placeNames(names, { halfOf: () => 30, marks: [] });
  expect(placed[0]).toMatchObject(names[0]!);
  expect(placed.length).toBe(5);
  expect(new Set(placed.map(({ y }) => y))).toEqual(new Set([100, 84, 116, 68, 132]));
  const inPicture = placeNames([{ text: 'at the edge', x: 2, y: 1 }], {
    halfOf: () => 30,
    marks: [],
    within: { width: 400, height: 300 },
  });
  expect(inPicture[0]).toMatchObject({ x: 30, y: 14 });
});

test('a name makes way for a mark, but stays where marks are all around', () => {
  const name = { text: 'name', x: 200, y: 100 };
  const beside = (marks: { x: number; y: number }[]): number =>
    placeNames([name], { halfOf: () => 30, marks })[0]!.y;
  expect(beside([])).toBe(100);
  expect(beside([{ x: 220, y: 100 }])).toBe(84);
  expect(beside([{ x: 320, y: 100 }])).toBe(100);
  expect(beside(Array.from({ length: 30 }, (_, n) => ({ x: 200, y: 10 * n })))).toBe(100);
});
