import { describe, expect, it } from 'vitest';
import {
  cutOff,
  cutWindow,
  fromWindow,
  seenCloser,
  windowAround,
  withoutTwins,
} from '#lib/arithmetic/closer-look.js';
import { boundingBox, maskInWindow, maskIoU, maskPixels } from '#lib/arithmetic/masks.js';
import { planResize } from '#lib/arithmetic/resize-plan.js';
import type { FoundSegment, Mask } from '#lib/types.js';

function box(x: number, y: number, width: number, height: number, side = 20): Mask {
  const data = new Uint8Array(side * side);
  for (let v = y; v < y + height; v++) data.fill(1, v * side + x, v * side + x + width);
  return { data, width: side, height: side };
}

const picture = { width: 200, height: 100 };

describe('a closer look', () => {
  it('a window is a square around the box with room on each side, and ends where the picture ends', () => {
    // 4 × 4 cells of 10 × 5 pixels: 40 × 20 at (80, 40).
    expect(windowAround(box(8, 8, 4, 4), picture, 0)).toEqual({ left: 80, top: 30, width: 40, height: 40 });
    expect(windowAround(box(8, 8, 4, 4), picture, 0.25)).toEqual({
      left: 70,
      top: 20,
      width: 60,
      height: 60,
    });
    expect(windowAround(box(0, 0, 4, 4), picture, 0.25)).toEqual({ left: 0, top: 0, width: 50, height: 40 });
  });

  it('a window lies inside of a picture that is smaller than the mask', () => {
    const corner = box(188, 190, 4, 2, 192);
    const tiny = { width: 20, height: 20 };
    const { left, top, width, height } = windowAround(corner, tiny, 0);
    expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
    expect(left + width).toBeLessThanOrEqual(20);
    expect(top + height).toBeLessThanOrEqual(20);
  });

  it('a cut is the pixels of its window', () => {
    const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => Math.floor(i / 3));
    const { data: cut } = cutWindow({ data, width: 4, height: 3 }, { left: 1, top: 1, width: 2, height: 2 });
    expect([...cut].filter((_, i) => i % 3 === 0)).toEqual([5, 6, 9, 10]);
  });

  it('what is seen in a window comes back to its place in the picture', () => {
    const window = { left: 100, top: 50, width: 100, height: 50 };
    const back = fromWindow(box(0, 0, 10, 20), window, { picture, size: { width: 40, height: 40 } });
    expect(boundingBox(back)).toEqual({ x: 20, y: 20, width: 10, height: 20 });
  });

  it("touching the window's edge counts, touching the picture's does not", () => {
    const corner = { left: 0, top: 0, width: 50, height: 50 };
    expect(cutOff(box(0, 0, 5, 5), corner, picture)).toBe(0);
    expect(cutOff(box(15, 0, 5, 5), corner, picture)).toBe(0.25);
    expect(cutOff(box(8, 8, 4, 4), corner, picture)).toBe(0);
  });

  it('of masks that are nearly one the first stays', () => {
    const [a, b, c] = [box(0, 0, 10, 10), box(0, 0, 10, 9), box(5, 0, 10, 10)].map((mask) => ({ mask }));
    expect(withoutTwins([a!, b!, c!], 0.7)).toEqual([a, c]);
    expect(withoutTwins([b!, a!, c!], 0.7)).toEqual([b, c]);
  });
});

describe('a thing in the window around it', () => {
  const thing: FoundSegment = { mask: box(5, 5, 10, 10), score: 0.6 };

  it('has the contour and the certainty that it shows there', () => {
    const closer = { mask: box(4, 5, 10, 9), score: 0.9 };
    const seen = seenCloser(thing, [closer], 0.3)[0]!;
    expect(maskIoU(seen.mask, closer.mask)).toBe(1);
    expect(seen.score).toBeCloseTo(0.9);
  });

  it('stays one thing when the window shows it in pieces', () => {
    const pieces = [
      { mask: box(5, 5, 5, 10), score: 0.9 },
      { mask: box(10, 5, 5, 10), score: 0.7 },
    ];
    const [seen, ...more] = seenCloser(thing, pieces, 0.3);
    expect(more).toEqual([]);
    expect(maskIoU(seen!.mask, thing.mask)).toBe(1);
    expect(seen!.score).toBeCloseTo(0.8);
  });

  it('becomes two where the pieces mean different things, and stays one where they mean the same', () => {
    const [left, right] = [box(5, 5, 5, 10), box(10, 5, 5, 10)];
    const [cat, alike, car] = [
      [1, 0.2],
      [1, 0],
      [-0.1, 1],
    ].map((meaning) => Float32Array.from(meaning));
    const two = seenCloser(
      thing,
      [
        { mask: left, score: 0.9, meaning: cat! },
        { mask: right, score: 0.7, meaning: car! },
      ],
      0.3,
    );
    expect(two).toEqual([
      { mask: left, score: 0.9 },
      { mask: right, score: 0.7 },
    ]);
    const one = seenCloser(
      thing,
      [
        { mask: left, score: 0.9, meaning: cat! },
        { mask: right, score: 0.7, meaning: alike! },
      ],
      0.3,
    );
    expect(one).toHaveLength(1);
    expect(maskIoU(one[0]!.mask, thing.mask)).toBe(1);
  });

  it('of three pieces the two that mean the same are joined, and a crumb joins its likest whatever it means', () => {
    const meaning = (...values: number[]): Float32Array => Float32Array.from(values);
    const thirds = [box(5, 5, 4, 10), box(9, 5, 3, 10), box(12, 5, 3, 10)].map((mask) => ({
      mask,
      score: 0.8,
    }));
    const seen = seenCloser(
      thing,
      thirds.map((piece, n) => ({ ...piece, meaning: n === 1 ? meaning(0, 1) : meaning(1, 0.1 * n) })),
      0.3,
    );
    expect(seen.map(({ mask }) => maskPixels(mask)).sort()).toEqual([30, 70]);
    const crumb = { mask: box(5, 5, 1, 10), score: 0.8, meaning: meaning(0, 1) };
    const rest = { mask: box(6, 5, 9, 10), score: 0.8, meaning: meaning(1, 0) };
    expect(seenCloser(thing, [crumb, rest], 0.3)).toHaveLength(1);
  });

  it('takes nothing from a neighbour that the window shows too', () => {
    const neighbour = { mask: box(13, 5, 7, 10), score: 0.99 };
    const closer = { mask: box(5, 5, 8, 10), score: 0.9 };
    const seen = seenCloser(thing, [neighbour, closer], 0.3)[0]!;
    expect(maskIoU(seen.mask, closer.mask)).toBe(1);
  });

  it('stays as it was seen first where the window shows less than half of it, or nothing', () => {
    expect(seenCloser(thing, [{ mask: box(5, 5, 4, 10), score: 0.9 }], 0.3)).toEqual([thing]);
    expect(seenCloser(thing, [], 0.3)).toEqual([thing]);
  });
});

describe('a mask under a preprocessing that cuts', () => {
  const rule = { size: 10, interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const shortest = planResize(200, 100, { ...rule, resize: 'shortest', mean: [0, 0, 0], std: [1, 1, 1] });

  it('the middle of a wide picture is what the model sees', () => {
    const left = maskInWindow(box(0, 0, 10, 20), shortest);
    expect(left.share).toBeCloseTo(0.5);
    expect(boundingBox(left.mask)).toEqual({ x: 0, y: 0, width: 5, height: 10 });
    expect(maskInWindow(box(0, 0, 5, 20), shortest).share).toBe(0);
    expect(maskInWindow(box(8, 0, 4, 20), shortest).share).toBeCloseTo(1);
  });

  it('squashing cuts nothing', () => {
    const plan = planResize(200, 100, { ...rule, resize: 'squash', mean: [0, 0, 0], std: [1, 1, 1] });
    expect(maskInWindow(box(0, 0, 10, 20), plan).share).toBeCloseTo(1);
  });
});
