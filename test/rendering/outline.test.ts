import { describe, expect, test } from 'vitest';
import { emptyMask, maskIoU, maskPixels } from '#lib/arithmetic/masks.js';
import { outline, type Polygon, svgPath } from '#lib/arithmetic/outline.js';
import type { Mask } from '#lib/types.js';
import { disc, maskOf } from './fixtures.js';

/** Fills polygons even-odd by the centres of pixels, as a browser would. */
function filled(polygons: readonly Polygon[], width: number, height: number): Mask {
  return maskOf(width, height, (x, y) => {
    let inside = false;
    for (const polygon of polygons) {
      for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
        const [x0, y0, x1, y1] = [polygon[i]!, polygon[i + 1]!, polygon[j]!, polygon[j + 1]!];
        if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) inside = !inside;
      }
    }
    return inside;
  });
}

/** The polygons that an SVG path of M, l and z draws. */
function parsed(path: string): Polygon[] {
  return path
    .split('z')
    .filter(Boolean)
    .map((part) => {
      const [first, ...steps] = part.match(/-?[\d.]+/g)!.map(Number);
      const points = [first!, steps.shift()!];
      for (let i = 0; i < steps.length; i += 2)
        points.push(points[i]! + steps[i]!, points[i + 1]! + steps[i + 1]!);
      return Float64Array.from(points);
    });
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** Some discs, some of them cut out again. */
function blobs(seed: number, width: number, height: number): Mask {
  const next = random(seed);
  const discs = Array.from({ length: 7 }, () => [
    next() * width,
    next() * height,
    6 + next() * 22,
    next() < 0.7 ? 1 : 0,
  ]);
  return maskOf(width, height, (x, y) =>
    discs.reduce(
      (inside, [cx, cy, radius, value]) => (Math.hypot(x - cx!, y - cy!) < radius! ? value! > 0 : inside),
      false,
    ),
  );
}

describe('the outline of a mask', () => {
  test('is nothing for an empty mask and one shape for a full one', () => {
    expect(outline(emptyMask(9, 7))).toEqual([]);
    const full = maskOf(9, 7, () => true);
    expect(outline(full)).toHaveLength(1);
    expect(filled(outline(full), 9, 7)).toEqual(full);
  });

  test('one pixel is a diamond around its centre', () => {
    const polygons = outline(maskOf(3, 3, (x, y) => x === 1.5 && y === 1.5));
    expect(polygons.map((polygon) => [...polygon])).toEqual([[1.5, 1, 2, 1.5, 1.5, 2, 1, 1.5]]);
    expect(svgPath(polygons)).toBe('M1.5 1l.5 .5l-.5 .5l-.5-.5z');
  });

  test('pixels that touch by a corner are two shapes', () => {
    expect(outline(maskOf(2, 2, (x, y) => x === y))).toHaveLength(2);
  });

  test('a ring has an outer border and a hole', () => {
    const ring = maskOf(60, 60, (x, y) => Math.abs(Math.hypot(x - 30, y - 30) - 20) < 6);
    const polygons = outline(ring);
    expect(polygons).toHaveLength(2);
    expect(maskIoU(filled(polygons, 60, 60), ring)).toBeGreaterThan(0.97);
  });

  test('without tolerance, filling any noise gives the mask back, pixel for pixel', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const next = random(seed);
      const noise = maskOf(17, 13, () => next() < 0.5);
      expect(filled(outline(noise, { tolerance: 0 }), 17, 13)).toEqual(noise);
    }
  });

  test('with the default tolerance, filling the drawn path gives blobs back within 2 %', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const mask = blobs(seed, 120, 90);
      const path = svgPath(outline(mask));
      if (maskPixels(mask) < 200) continue;
      expect(maskIoU(filled(parsed(path), 120, 90), mask)).toBeGreaterThan(0.98);
    }
  });

  test('smoothing rounds the blocks of a coarse mask and keeps its place', () => {
    const fine = disc(240, 240, [120, 120, 80]);
    const coarse = maskOf(
      240,
      240,
      (x, y) => fine.data[(Math.floor(y / 6) * 6 + 3) * 240 + Math.floor(x / 6) * 6 + 3] === 1,
    );
    const rough = filled(outline(coarse), 240, 240);
    const smooth = filled(outline(coarse, { smoothing: 6 }), 240, 240);
    expect(maskIoU(smooth, fine)).toBeGreaterThan(maskIoU(rough, fine));
  });

  test('the path of a disc takes few bytes', () => {
    expect(svgPath(outline(disc(320, 320, [160, 160, 120]))).length).toBeLessThan(700);
  });
});
