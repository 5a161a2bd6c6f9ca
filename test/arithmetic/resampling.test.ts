import { describe, expect, it } from 'vitest';
import { preprocess, resample, sourceWindow } from '#lib/arithmetic/resampling.js';
import { planResize, type ResizePlan } from '#lib/arithmetic/resize-plan.js';
import type { Pixels, Preprocessing } from '#lib/types.js';

const rule = (
  resize: Preprocessing['resize'],
  size: number,
  interpolation: Preprocessing['interpolation'],
): Preprocessing => ({
  resize,
  size,
  interpolation,
  mean: [0, 0, 0],
  std: [1, 1, 1],
});

const within = (size: number, longest: number): Preprocessing => ({
  ...rule('within', size, 'bilinear'),
  longest,
});

describe('sizes', () => {
  it('the longer side is truncated, not rounded', () => {
    expect(planResize(640, 427, rule('shortest', 224, 'bicubic'))).toMatchObject({ width: 335, height: 224 });
  });

  it('an odd crop falls where the manifest says', () => {
    const floor = planResize(640, 427, rule('shortest', 224, 'bicubic')).window.left;
    const even = planResize(640, 427, { ...rule('shortest', 224, 'bicubic'), cropRounding: 'even' }).window
      .left;
    expect([floor, even]).toEqual([55, 56]);
  });

  it('a sliver never becomes nothing', () => {
    expect(planResize(1, 500, rule('longest', 100, 'bilinear'))).toMatchObject({ width: 1, height: 100 });
    expect(planResize(1, 500, within(80, 133))).toMatchObject({ width: 1, height: 133 });
  });

  it('the crop may be smaller than what the shorter side is scaled to', () => {
    const plan = planResize(640, 427, { ...rule('shortest', 224, 'bilinear'), scaleTo: 256 });
    expect(plan).toEqual({ width: 383, height: 256, window: { left: 79, top: 16, width: 224, height: 224 } });
  });

  // transformers 5.23.0, get_size_with_aspect_ratio((height, width), 800, 1333).
  it.each([
    [640, 427, 1199, 800],
    [427, 640, 800, 1199],
    [800, 800, 800, 800],
    [1, 500, 3, 1333],
    [2000, 100, 1333, 67],
    [3000, 2000, 1200, 800],
    [1333, 800, 1333, 800],
    [1334, 800, 1333, 799],
    [500, 333, 1201, 800],
    [641, 385, 1331, 800],
    [7, 11, 800, 1257],
  ])('within 800 and 1333, %i × %i becomes %i × %i', (width, height, wide, high) => {
    const plan = planResize(width, height, within(800, 1333));
    expect(plan).toEqual({
      width: wide,
      height: high,
      window: { left: 0, top: 0, width: wide, height: high },
    });
  });
});

describe('resampling', () => {
  it('a plain colour stays that colour at every size', () => {
    const plain: Pixels = { data: new Uint8Array(7 * 5 * 3).fill(137), width: 7, height: 5 };
    for (const size of [1, 3, 16, 40]) {
      expect(new Set(preprocess(plain, rule('squash', size, 'bicubic')).data)).toEqual(new Set([137]));
    }
  });

  it('the same size gives the same pixels', () => {
    const data = Uint8Array.from({ length: 6 * 4 * 3 }, (_, i) => (i * 37) % 256);
    const plan = { width: 6, height: 4, window: { left: 0, top: 0, width: 6, height: 4 } };
    expect(resample({ data, width: 6, height: 4 }, plan, 'bicubic').data).toEqual(data);
  });

  it('a window is a part of the whole', () => {
    const data = Uint8Array.from({ length: 30 * 20 * 3 }, (_, i) => (i * i) % 251);
    const source = { data, width: 30, height: 20 };
    const whole = resample(
      source,
      { width: 45, height: 33, window: { left: 0, top: 0, width: 45, height: 33 } },
      'bicubic',
    );
    const part = resample(
      source,
      { width: 45, height: 33, window: { left: 11, top: 7, width: 9, height: 13 } },
      'bicubic',
    );
    for (let y = 0; y < 13; y++) {
      const start = ((y + 7) * 45 + 11) * 3;
      expect(part.data.subarray(y * 27, (y + 1) * 27)).toEqual(whole.data.subarray(start, start + 27));
    }
  });

  it.each(['nearest', 'bilinear', 'bicubic', 'lanczos'] as const)(
    '%s needs no more of the source than the part it names, and gives the same',
    (interpolation) => {
      const data = Uint8Array.from({ length: 90 * 70 * 3 }, (_, i) => (i * i) % 251);
      for (const plan of [cropped(180, 140, 50), cropped(45, 35, 9), cropped(90, 20, 11)]) {
        const { left, top, width, height } = sourceWindow(90, 70, plan, interpolation);
        expect(width * height).toBeLessThan(90 * 70);
        const cut = new Uint8Array(width * height * 3);
        for (let y = 0; y < height; y++) {
          const start = ((top + y) * 90 + left) * 3;
          cut.set(data.subarray(start, start + width * 3), y * width * 3);
        }
        const part = { left, top, width: 90, height: 70 };
        expect(resample({ data: cut, width, height }, plan, interpolation, part)).toEqual(
          resample({ data, width: 90, height: 70 }, plan, interpolation),
        );
      }
    },
  );

  it.each([
    [1, 65_000],
    [65_000, 1],
  ])('of a sliver of %i × %i, whose enlargement has 9.8 GB, only the crop is computed', (width, height) => {
    const data = new Uint8Array(width * height * 3).fill(7);
    const plan = planResize(width, height, rule('shortest', 224, 'bicubic'));
    expect(plan.width * plan.height * 3).toBeGreaterThan(9e9);
    const needed = sourceWindow(width, height, plan, 'bicubic');
    expect(needed.width * needed.height).toBeLessThanOrEqual(8);
    const before = process.memoryUsage().arrayBuffers;
    const crop = resample({ data, width, height }, plan, 'bicubic');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2e6);
    expect([crop.width, crop.height, new Set(crop.data)]).toEqual([224, 224, new Set([7])]);
  });

  // Pillow 12.3: Image.fromarray(a).resize((4, 9), filter)[:, :, 1], a = [(i * 37 + i * i % 11) % 256 for i < 105]
  it.each([
    [
      'nearest',
      '38 8 229 200 38 8 229 200 46 15 235 205 46 15 235 205 56 24 243 212 68 35 253 221 68 35 253 221 82 48 9 232 82 48 9 232',
    ],
    [
      'lanczos',
      '86 68 164 151 89 71 167 152 96 78 173 157 101 84 177 163 104 88 186 168 108 91 211 173 114 98 179 175 121 110 95 175 124 116 42 174',
    ],
    [
      'bilinear',
      '86 67 168 151 89 70 171 154 95 76 176 158 99 81 181 163 103 86 187 168 109 90 191 172 114 95 181 175 120 101 112 173 124 105 71 172',
    ],
    [
      'bicubic',
      '86 64 169 149 90 67 172 152 96 74 177 157 100 79 183 162 104 84 189 167 109 88 203 171 115 94 187 174 122 103 101 176 126 108 53 176',
    ],
  ] as const)('%s gives Pillow’s bytes where one side grows and one shrinks', (interpolation, green) => {
    const data = Uint8Array.from({ length: 105 }, (_, i) => (i * 37 + ((i * i) % 11)) % 256);
    const plan = { width: 4, height: 9, window: { left: 0, top: 0, width: 4, height: 9 } };
    const resized = resample({ data, width: 7, height: 5 }, plan, interpolation).data;
    expect([...resized].filter((_, i) => i % 3 === 1).join(' ')).toBe(green);
  });
});

/** A square of `side` from the middle of a picture of width × height. */
function cropped(width: number, height: number, side: number): ResizePlan {
  const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
  return { width, height, window: { left, top, width: side, height: side } };
}
