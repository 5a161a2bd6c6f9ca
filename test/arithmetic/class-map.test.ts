import { describe, expect, it } from 'vitest';
import { type ClassLogits, classMap, meanProbabilities } from '#lib/arithmetic/class-map.js';
import { connectedRegions } from '#lib/arithmetic/masks.js';
import { samplingOf } from '#lib/arithmetic/sampling.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { mergeSmallRegions } from '#lib/arithmetic/small-regions.js';

function randomLogits(classes: number, height: number, width: number, seed: number): ClassLogits {
  const random = seeded(seed);
  return {
    data: Float32Array.from({ length: classes * height * width }, () => random() * 8 - 4),
    classes,
    height,
    width,
  };
}

/** Every class interpolated at every pixel, as the reference does. */
function slowMap(logits: ClassLogits, to: { width: number; height: number }): number[] {
  const { data, classes, height, width, alignCorners } = logits;
  const down = samplingOf(to.height, height, alignCorners);
  const across = samplingOf(to.width, width, alignCorners);
  return Array.from({ length: to.width * to.height }, (_, at) => {
    const [y, x] = [Math.floor(at / to.width), at % to.width];
    const values = Array.from({ length: classes }, (_, label) => {
      const cell = (row: number, column: number): number => data[(label * height + row) * width + column]!;
      const line = (column: number): number => {
        const [top, below] = [cell(down.before[y]!, column), cell(down.after[y]!, column)];
        return top + (below - top) * down.share[y]!;
      };
      const [left, right] = [line(across.before[x]!), line(across.after[x]!)];
      return left + (right - left) * across.share[x]!;
    });
    return values.indexOf(Math.max(...values));
  });
}

describe('a class map', () => {
  it.each([
    { height: 5, width: 7, to: { width: 40, height: 23 }, alignCorners: false },
    { height: 5, width: 7, to: { width: 40, height: 23 }, alignCorners: true },
    { height: 20, width: 30, to: { width: 11, height: 8 }, alignCorners: false },
    { height: 1, width: 1, to: { width: 3, height: 2 }, alignCorners: false },
  ])('leaves out only classes that cannot win: $height × $width → $to.height × $to.width', (form) => {
    for (const seed of [1, 2, 3]) {
      const logits = {
        ...randomLogits(9, form.height, form.width, seed),
        alignCorners: form.alignCorners,
      };
      expect([...classMap(logits, form.to)]).toEqual(slowMap(logits, form.to));
    }
  });

  it('of equal logits the first class wins', () => {
    const logits = { data: new Float32Array(3 * 4), classes: 3, height: 2, width: 2 };
    expect(new Set(classMap(logits, { width: 5, height: 5 }))).toEqual(new Set([0]));
  });

  it('aligned corners lie on the outer cells, half pixels inside them', () => {
    expect([...samplingOf(4, 2, true).share].map((share) => Number(share.toFixed(3)))).toEqual([
      0, 0.333, 0.667, 0,
    ]);
    expect([...samplingOf(4, 2).share]).toEqual([0, 0.25, 0.75, 0]);
  });

  it('mean probabilities of all classes of one region add up to 1, also of far logits', () => {
    const logits = randomLogits(6, 4, 4, 5);
    logits.data[0] = 90;
    const size = { width: 9, height: 9 };
    const regionOf = new Int32Array(81);
    const sum = Array.from({ length: 6 }, (_, label) =>
      meanProbabilities(logits, size, { regionOf, classes: [label] }),
    ).reduce((total, [mean]) => total + mean!, 0);
    expect(sum).toBeCloseTo(1, 5);
  });
});

describe('small regions', () => {
  const regionsOf = (rows: readonly string[], least: number): string[] => {
    const [height, width] = [rows.length, rows[0]!.length];
    const map = [...rows.join('')].map((letter) => letter.charCodeAt(0));
    const merged = mergeSmallRegions(connectedRegions(map, width, height, -1), { width, height }, least);
    expect(merged.sizes.reduce((sum, size) => sum + size, 0)).toBe(width * height);
    const letters = [...merged.regionOf].map((region) => String.fromCharCode(merged.classes[region]!));
    return rows.map((_, y) => letters.slice(y * width, (y + 1) * width).join(''));
  };

  it('go to the neighbour that they share the longest border with', () => {
    expect(regionsOf(['aaaab', 'axaab', 'aaabb', 'aaayy'], 3)).toEqual(['aaaab', 'aaaab', 'aaabb', 'aaabb']);
  });

  it('that touch come together first, and stay when that is enough', () => {
    // x and y are too small alone; y has more border with x than with a, and together they are large enough.
    expect(regionsOf(['aaaaaa', 'aaaaaa', 'xyyxaa', 'xxxxaa'], 3)).toEqual([
      'aaaaaa',
      'aaaaaa',
      'xxxxaa',
      'xxxxaa',
    ]);
  });

  it('what a small region grew to by others counts: then it stays', () => {
    expect(regionsOf(['aaaa', 'aaaa', 'aayy', 'aayx'], 4)).toEqual(['aaaa', 'aaaa', 'aayy', 'aayy']);
  });

  it('no region goes on at the other edge of the picture', () => {
    const map = [...'aabbaa'].map((letter) => letter.charCodeAt(0));
    expect(connectedRegions(map, 3, 2, -1).sizes).toEqual([4, 1, 1]);
  });

  it('a picture that is one region stays', () => {
    expect(regionsOf(['aa', 'aa'], 10)).toEqual(['aa', 'aa']);
  });

  it('nothing small is left wherever there is a neighbour', () => {
    const random = seeded(11);
    const rows = Array.from({ length: 20 }, () =>
      Array.from({ length: 20 }, () => 'abcd'[Math.floor(random() * 4)]).join(''),
    );
    const merged = regionsOf(rows, 20).flatMap((row) => [...row].map((letter) => letter.charCodeAt(0)));
    expect(Math.min(...connectedRegions(merged, 20, 20, -1).sizes)).toBeGreaterThanOrEqual(20);
  });
});
