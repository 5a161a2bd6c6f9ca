import { describe, expect, it } from 'vitest';
import { maskPixels } from '#lib/arithmetic/masks.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { compose } from '#lib/commands/scenes/composed.js';
import { repainted } from '#lib/commands/scenes/hands.js';
import { drawHard } from '#lib/commands/scenes/hard.js';
import { drawingAt, layOver } from '#lib/commands/scenes/icons.js';
import { anyLayout, jostledPlaces, loosePlaces } from '#lib/commands/scenes/layouts.js';
import { layPosed, upright } from '#lib/commands/scenes/poses.js';
import type { Pixels } from '#lib/types.js';
import { discs } from './discs.js';

function grey(px: number): Pixels {
  return { data: new Uint8Array(px * px * 3).fill(100), width: px, height: px };
}

describe('composed scenes', () => {
  it('an upright drawing lies where it would lie without a pose, and its mask is its own', () => {
    const drawing = drawingAt(discs, 1, 30);
    const [posed, plain] = [grey(64), grey(64)];
    const mask = layPosed(posed, drawing, upright(10 + 15, 20 + 15));
    layOver(plain, drawing, 10, 20);
    expect(Buffer.compare(posed.data, plain.data)).toBe(0);
    expect(maskPixels(mask)).toBe(maskPixels(drawing.mask));
    expect(mask.data[35 * 64 + 25]).toBe(1);
  });

  it('a quarter turn of a disc changes nothing but its edge, and what lies outside is cut off', () => {
    const drawing = drawingAt(discs, 1, 40);
    const whole = layPosed(grey(64), drawing, { ...upright(32, 32), turn: Math.PI / 2 });
    expect(maskPixels(whole)).toBe(maskPixels(drawing.mask));
    const half = layPosed(grey(64), drawing, upright(0, 32));
    expect(maskPixels(half) / maskPixels(drawing.mask)).toBeCloseTo(0.5, 1);
  });

  it('a later thing covers an earlier one: no pixel belongs to two', () => {
    const place = { x: 0.5, y: 0.5, size: 0.6 };
    const parts = [
      { concept: 0, place },
      { concept: 1, place: { ...place, x: 0.7 } },
    ];
    const look = { px: 96, ground: 'white', isAugmented: false, random: seeded(3) };
    const { masks } = compose(discs, parts, look);
    expect(masks[0]!.data.some((value, n) => value && masks[1]!.data[n])).toBe(false);
    expect(maskPixels(masks[0]!)).toBeLessThan(maskPixels(masks[1]!));
    expect(maskPixels(masks[0]!)).toBeGreaterThan(0);
  });

  it('a repainted thing takes the colour and keeps its shape', () => {
    const drawing = repainted(drawingAt(discs, 4, 40), [50, 110, 220]);
    const middle = drawing.colours.data.subarray(3 * (20 * 40 + 20), 3 * (20 * 40 + 20) + 3);
    const [red, green, blue] = middle;
    expect(blue! / red!).toBeCloseTo(220 / 50, 0);
    expect(blue! / green!).toBeCloseTo(220 / 110, 0);
    expect([...drawing.colours.data].every((value, n) => value <= drawing.opacity.data[n]!)).toBe(true);
  });

  it('hard pictures depend on their concept and the seed alone', () => {
    const [first, same, other] = [
      [...drawHard(discs, 5)],
      [...drawHard({ ...discs, drawn: [3] }, 5)],
      [...drawHard(discs, 6)],
    ];
    expect(Buffer.compare(first[3]!.data, same[0]!.data)).toBe(0);
    expect(Buffer.compare(first[3]!.data, other[3]!.data)).not.toBe(0);
  });

  it('loosely placed things are inside, as large as they should be, and hardly over each other', () => {
    const random = seeded(8);
    for (let n = 0; n < 100; n++) {
      const places = loosePlaces(3, random);
      expect(places).toHaveLength(3);
      for (const [own, { x, y, size }] of places.entries()) {
        expect(size >= 0.3 && size <= 0.55).toBe(true);
        for (const middle of [x, y]) expect(middle >= size / 2 && middle <= 1 - size / 2).toBe(true);
        for (const other of places.slice(own + 1)) {
          const apart = Math.max(Math.abs(x - other.x), Math.abs(y - other.y));
          expect(apart).toBeGreaterThan(0.4 * (size + other.size));
        }
      }
    }
  });

  it('a layout has a place for each of one to four things', () => {
    for (const number of [1, 2, 3, 4])
      expect(jostledPlaces(anyLayout(number, seeded(2)), seeded(3))).toHaveLength(number);
  });
});
