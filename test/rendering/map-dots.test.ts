import { describe, expect, test } from 'vitest';
import { colourNumber, type Dots, fill, type Pixels, paint } from '#lib/rendering/map-live/dots.js';

const RIM = 8;

function paper(width: number, height: number): Pixels {
  const [wide, high] = [width + 2 * RIM, height + 2 * RIM];
  const pixels = { data: new Uint32Array(wide * high), width: wide, height: high, rim: RIM };
  fill(pixels, 0xffffff);
  return pixels;
}

/** Draws points whose places are pixels. */
function draw(pixels: Pixels, places: readonly [number, number][], looks: Partial<Dots> = {}): void {
  paint(
    pixels,
    { left: 0, top: 0, scaleX: 1, scaleY: 1, width: 0, height: 0 },
    {
      x: Float32Array.from(places, ([x]) => x),
      y: Float32Array.from(places, ([, y]) => y),
      dots: { indices: Uint32Array.from(places.keys()), colour: 0, opacity: 1, diameter: 6, ...looks },
    },
  );
}

/** How much ink a pixel took, 0..1, by its red byte. */
const inkAt = ({ data, width }: Pixels, x: number, y: number): number =>
  1 - (data[(y + RIM) * width + x + RIM]! & 0xff) / 255;

function blot(pixels: Pixels): { area: number; x: number; y: number } {
  let [area, x, y] = [0, 0, 0];
  for (let row = -RIM; row < pixels.height - RIM; row++) {
    for (let column = -RIM; column < pixels.width - RIM; column++) {
      const ink = inkAt(pixels, column, row);
      area += ink;
      x += ink * (column + 0.5);
      y += ink * (row + 0.5);
    }
  }
  return { area, x: x / area, y: y / area };
}

describe('dots', () => {
  test('lie where their points are, to an eighth of a pixel, and are as large as told', () => {
    for (const diameter of [3, 5, 8, 11]) {
      for (const [x, y] of [
        [20, 20],
        [20.3, 19.8],
        [20.99, 20.01],
      ] as const) {
        const pixels = paper(40, 40);
        draw(pixels, [[x, y]], { diameter });
        const { area, ...middle } = blot(pixels);
        expect(Math.abs(middle.x - x)).toBeLessThan(0.15);
        expect(Math.abs(middle.y - y)).toBeLessThan(0.15);
        expect(area / (Math.PI * (diameter / 2) ** 2)).toBeGreaterThan(0.9);
        expect(area / (Math.PI * (diameter / 2) ** 2)).toBeLessThan(1.1);
      }
    }
  });

  test('mix with what is below by their opacity', () => {
    const pixels = paper(20, 20);
    draw(pixels, [[10, 10]], { opacity: 0.5, colour: colourNumber('#ff0000') });
    const middle = pixels.data[(10 + RIM) * pixels.width + 10 + RIM]!;
    expect((middle & 0xff) / 255).toBeGreaterThan(0.98);
    expect(((middle >> 8) & 0xff) / 255).toBeCloseTo(0.5, 2);
    expect(((middle >> 16) & 0xff) / 255).toBeCloseTo(0.5, 2);
    expect(middle >>> 24).toBe(255);
  });

  test('at an edge are cut there, and those beyond the rim are not drawn', () => {
    const pixels = paper(20, 20);
    draw(pixels, [[0, 10]]);
    expect(inkAt(pixels, 0, 10)).toBe(1);
    expect(inkAt(pixels, -1, 10)).toBe(1); // on the rim, which is never seen
    expect(inkAt(pixels, 19, 10)).toBe(0);
    const untouched = paper(20, 20);
    draw(untouched, [
      [-30, 10],
      [10, -30],
      [60, 10],
      [10, 1e9],
      [Number.NaN, 10],
      [Number.POSITIVE_INFINITY, 10],
    ]);
    expect(untouched.data.every((pixel) => pixel === 0xffffffff)).toBe(true);
  });

  test('later ones lie on top', () => {
    const pixels = paper(20, 20);
    draw(pixels, [[10, 10]], { colour: colourNumber('#123456') });
    draw(pixels, [[10, 10]], { colour: colourNumber('#abcdef') });
    expect(pixels.data[(10 + RIM) * pixels.width + 10 + RIM]).toBe(0xffefcdab);
  });
});
