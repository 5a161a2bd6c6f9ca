import { existsSync, readdirSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { planResize, preprocess, resample } from '#lib/arithmetic/resampling.js';
import type { Pixels, Preprocessing } from '#lib/types.js';
import { describeWithShared, shared } from '../shared-data.js';

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
});

const FAMILIES: Record<string, Preprocessing> = {
  'clip-224': rule('shortest', 224, 'bicubic'),
  'clip-256': rule('shortest', 256, 'bicubic'),
  'siglip-224': rule('squash', 224, 'bicubic'),
  'siglip2-224': rule('squash', 224, 'bilinear'),
  'mobileclip-256': rule('shortest', 256, 'bilinear'),
};

describeWithShared('against Pillow 12.3', 'golden/preprocess', () => {
  const folder = `${shared}golden/preprocess/`;
  const rows = existsSync(folder) ? readdirSync(`${folder}resized`) : [];
  it.each(rows)('%s: every byte is equal', async (file) => {
    const [family, picture] = file.replace('.png', '').split('--') as [string, string];
    const decoded = `${folder}decoded/${picture}.png`;
    const original = readdirSync(`${folder}images`).find((name) => name.startsWith(picture))!;
    const source = await rgb(existsSync(decoded) ? decoded : `${folder}images/${original}`);
    const expected = await rgb(`${folder}resized/${file}`);
    expect(Buffer.compare(preprocess(source, FAMILIES[family]!).data, expected.data)).toBe(0);
  });
});

async function rgb(path: string): Promise<Pixels> {
  const { data, info } = await sharp(path)
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const three =
    info.channels === 1
      ? Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)]!)
      : data;
  return { data: three, width: info.width, height: info.height };
}
