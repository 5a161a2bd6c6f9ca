import { describe, expect, it } from 'vitest';
import { pixelValues } from '#lib/arithmetic/pixel-values.js';
import type { Pixels, Preprocessing } from '#lib/types.js';

const rule: Preprocessing = {
  resize: 'squash',
  size: 2,
  interpolation: 'bilinear',
  mean: [0.5, 0.25, 0],
  std: [0.5, 0.125, 1],
};

function filled(width: number, height: number, rgb: [number, number, number]): Pixels {
  return { data: Uint8Array.from({ length: width * height * 3 }, (_, i) => rgb[i % 3]!), width, height };
}

describe('pixel values', () => {
  it('every value of a byte becomes (value / 255 − mean) / std, plane by plane', () => {
    const data = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));
    const whole = { ...rule, resize: 'within', size: 16 } as const;
    const values = pixelValues([{ data, width: 16, height: 16 }], whole);
    expect(values.dims).toEqual([1, 3, 16, 16]);
    for (let channel = 0; channel < 3; channel++) {
      for (let value = 0; value < 256; value++) {
        const expected = (value / 255 - rule.mean[channel]!) / rule.std[channel]!;
        expect(values.data[channel * 256 + value]).toBe(Math.fround(expected));
      }
    }
  });

  it('pictures of one batch follow each other, each with its three planes', () => {
    const { data, dims } = pixelValues([filled(2, 2, [0, 0, 0]), filled(2, 2, [255, 255, 255])], {
      ...rule,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    });
    expect(dims).toEqual([2, 3, 2, 2]);
    expect([...data]).toEqual([...Array(12).fill(0), ...Array(12).fill(1)]);
  });

  it('longest fills up with zeros right and below, after normalising, whatever the pictures’ own sides', () => {
    const longest = { ...rule, resize: 'longest', size: 3 } as const;
    const { data, dims } = pixelValues([filled(3, 1, [255, 0, 0]), filled(1, 3, [255, 0, 0])], longest);
    expect(dims).toEqual([2, 3, 3, 3]);
    expect([...data.subarray(0, 9)]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0]);
    expect([...data.subarray(27, 36)]).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect([...data.subarray(9, 18)]).toEqual([-2, -2, -2, 0, 0, 0, 0, 0, 0]);
  });

  it('within makes the input as large as the picture', () => {
    const within = { ...rule, resize: 'within', size: 800 } as const;
    expect(pixelValues([filled(5, 4, [0, 0, 0])], within).dims).toEqual([1, 3, 4, 5]);
  });

  it('pictures of other sizes make no tensor and are named', () => {
    const within = { ...rule, resize: 'within', size: 800 } as const;
    expect(() => pixelValues([filled(2, 3, [0, 0, 0])], rule)).toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [encoder] the pictures of one run do not make one tensor: got 2 × 3, expected 2 × 2. Resize each picture by the rule of the model first, and give pictures of one size to one run.]`,
    );
    expect(() => pixelValues([filled(4, 4, [0, 0, 0]), filled(4, 5, [0, 0, 0])], within)).toThrow(
      'got 4 × 5, expected 4 × 4',
    );
    expect(() => pixelValues([filled(3, 2, [0, 0, 0])], { ...rule, resize: 'longest' })).toThrow(
      'got 3 × 2, expected at most 2 × 2',
    );
  });
});
