import { describe, expect, it } from 'vitest';
import { logitResampler, maskAbove, maskFacts } from '#lib/arithmetic/mask-logits.js';
import { seeded } from '#lib/arithmetic/seeded.js';

type Size = { width: number; height: number };

/** torch's interpolate(mode="bilinear", align_corners=False), written down once more. */
function interpolate(map: Float32Array, from: Size, to: Size): Float32Array {
  const side = (i: number, source: number, target: number): [number, number, number] => {
    const at = Math.max(0, ((i + 0.5) * source) / target - 0.5);
    const low = Math.floor(at);
    return [low, Math.min(source - 1, low + 1), at - low];
  };
  return Float32Array.from({ length: to.width * to.height }, (_, i) => {
    const [left, right, across] = side(i % to.width, from.width, to.width);
    const [top, bottom, down] = side(Math.floor(i / to.width), from.height, to.height);
    const row = (y: number): number =>
      map[y * from.width + left]! * (1 - across) + map[y * from.width + right]! * across;
    return row(top) * (1 - down) + row(bottom) * down;
  });
}

function cut(map: Float32Array, width: number, to: Size): Float32Array {
  return Float32Array.from(
    { length: to.width * to.height },
    (_, i) => map[Math.floor(i / to.width) * width + (i % to.width)]!,
  );
}

function noise(length: number): Float32Array {
  const random = seeded(3);
  return Float32Array.from({ length }, () => 20 * random() - 10);
}

describe('logits at the size of a mask', () => {
  const map = { width: 16, height: 16 };
  const input = { width: 64, height: 64 };

  it.each([
    [
      { width: 64, height: 43 },
      { width: 100, height: 67 },
    ],
    [
      { width: 43, height: 64 },
      { width: 20, height: 30 },
    ],
    [
      { width: 64, height: 64 },
      { width: 64, height: 64 },
    ],
    [
      { width: 64, height: 1 },
      { width: 500, height: 5 },
    ],
  ])(
    'are those of three steps, up to the input, without the filling (%o), to the mask (%o)',
    (picture, mask) => {
      const logits = noise(256);
      const up = interpolate(logits, map, input);
      const expected = interpolate(cut(up, input.width, picture), picture, mask);
      const got = logitResampler({ map, input, picture, mask })(logits);
      const off = got.map((value, i) => Math.abs(value - expected[i]!));
      expect(got).toHaveLength(mask.width * mask.height);
      expect(Math.max(...off)).toBeLessThan(1e-4);
    },
  );

  it('know nothing of what lies in the filling, but for the cells at its edge', () => {
    const picture = { width: 64, height: 32 };
    const resample = logitResampler({ map, input, picture, mask: picture });
    const plain = new Float32Array(256);
    const full = plain.map((_, cell) => (cell >= 9 * 16 ? 1e6 : 0));
    expect(resample(full)).toEqual(resample(plain));
  });
});

describe('what is said of a mask', () => {
  const size = { width: 4, height: 3 };
  // One pixel is sure, two are above 0, three above −1.
  const logits = Float32Array.of(-9, -9, -9, -9, -9, 5, 0.5, -9, -9, -0.5, -9, -9);

  it('its box names the last pixels, and its stability compares what is sure with what is possible', () => {
    expect(maskFacts(logits, size)).toEqual({ pixels: 2, stability: 1 / 3, bboxXyxy: [1, 1, 2, 1] });
    expect([...maskAbove(logits, size).data]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('an empty mask has no box and no stability', () => {
    expect(maskFacts(new Float32Array(12).fill(-9), size)).toEqual({
      pixels: 0,
      stability: 0,
      bboxXyxy: null,
    });
  });
});
