import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { preprocess } from '#lib/arithmetic/resampling.js';
import { decode, resizeKey, sprite, thumbnail, tile } from '#lib/decoders/image.js';
import type { Pixels, Preprocessing } from '#lib/types.js';

const squash: Preprocessing = {
  resize: 'squash',
  size: 32,
  interpolation: 'bilinear',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const wanted = { preprocessings: [squash] };

/** Left half red, right half blue, 60 × 40. */
function halves(): Sharp {
  const left = {
    input: { create: { width: 30, height: 40, channels: 3 as const, background: '#f00' } },
    left: 0,
    top: 0,
  };
  return sharp({ create: { width: 60, height: 40, channels: 3, background: '#00f' } }).composite([left]);
}

function pixel(pixels: { data: Uint8Array; width: number }, x: number, y: number): number[] {
  return [...pixels.data.subarray((y * pixels.width + x) * 3, (y * pixels.width + x) * 3 + 3)];
}

/** Coloured stripes of many widths, slanted, that show any drift or blur. */
function stripes(width: number, height: number): Sharp {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / (3 * width))];
    return 128 + 100 * Math.sin((x * (1 + x / width) + y / 2) / 30 + (i % 3));
  });
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function difference(a: Pixels, b: Pixels): { mean: number; max: number } {
  const off = a.data.map((value, i) => Math.abs(value - b.data[i]!));
  const sum = off.reduce((total, value) => total + value, 0);
  return { mean: sum / off.length, max: off.reduce((most, value) => Math.max(most, value), 0) };
}

describe('decoding', () => {
  it('stands a picture upright as its EXIF says, and counts its sides so', async () => {
    const { facts, inputs } = await decode(
      await halves().withMetadata({ orientation: 6 }).png().toBuffer(),
      wanted,
    );
    expect(facts).toMatchObject({ width: 40, height: 60, orientation: 'portrait' });
    expect(pixel(inputs[0]!, 16, 4)).toEqual([255, 0, 0]);
    expect(pixel(inputs[0]!, 16, 28)).toEqual([0, 0, 255]);
  });

  it('shows white through what is transparent', async () => {
    const clear = await sharp({
      create: { width: 50, height: 50, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();
    expect(pixel((await decode(clear, wanted)).inputs[0]!, 10, 10)).toEqual([255, 255, 255]);
  });

  it.each([
    ['grey', () => halves().greyscale().jpeg()],
    ['grey with alpha', () => halves().ensureAlpha(0.5).greyscale().toColourspace('b-w').png()],
    ['16 bit', () => halves().toColourspace('rgb16').png()],
    ['16-bit grey', () => halves().toColourspace('grey16').png()],
    ['16 bit with alpha', () => halves().ensureAlpha(0.5).toColourspace('rgb16').png()],
    ['palette', () => halves().png({ palette: true })],
    ['CMYK', () => halves().toColourspace('cmyk').jpeg()],
    ['WebP', () => halves().webp()],
    ['GIF', () => halves().gif()],
    ['TIFF', () => halves().tiff()],
    ['AVIF', () => halves().avif()],
  ])('%s gives three channels of 8 bits', async (_, make) => {
    const { inputs, working } = await decode(await make().toBuffer(), { ...wanted, workingPx: 20 });
    expect(inputs[0]!.data.length).toBe(32 * 32 * 3);
    expect(working).toMatchObject({ width: 20, height: 13 });
  });

  it('rules that end in other pixels are told apart', () => {
    const shortest = { ...squash, resize: 'shortest' } as const;
    const within = { ...squash, resize: 'within', longest: 60 } as const;
    const rules = [squash, shortest, { ...shortest, scaleTo: 40 }, within, { ...within, longest: 61 }];
    expect(new Set(rules.map(resizeKey)).size).toBe(rules.length);
  });

  it('equal rules share one picture, so that a model sees it once', async () => {
    const { inputs } = await decode(await halves().png().toBuffer(), {
      preprocessings: [squash, { ...squash, mean: [1, 1, 1] }],
    });
    expect(inputs[0]).toBe(inputs[1]);
  });

  it('enlarging is not displaced: a centred square stays centred', async () => {
    const square = {
      input: { create: { width: 4, height: 4, channels: 3 as const, background: '#000' } },
      left: 2,
      top: 2,
    };
    const small = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } })
      .composite([square])
      .png()
      .toBuffer();
    const { data } = (await decode(small, wanted)).inputs[0]!;
    const mirrored = Uint8Array.from({ length: data.length }, (_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % 32, Math.floor(i / 96), i % 3];
      return data[((31 - y) * 32 + (31 - x)) * 3 + c]!;
    });
    expect(mirrored).toEqual(data);
  });

  it('an enlargement is cut from the upright picture, and equals that of the whole', async () => {
    const shortest = { ...squash, resize: 'shortest', size: 64, interpolation: 'bicubic' } as const;
    const bytes = await stripes(50, 21).withMetadata({ orientation: 6 }).png().toBuffer();
    const { inputs, working } = await decode(bytes, { preprocessings: [shortest], workingPx: 1000 });
    expect(working).toMatchObject({ width: 21, height: 50 });
    expect(inputs[0]).toEqual(preprocess(working!, shortest));
  });

  it.each(['jpeg', 'webp', 'png'] as const)(
    'a large %s shrinks to what the reference makes of its pixels, whatever its sides are multiples of',
    async (format) => {
      const shortest = { ...squash, resize: 'shortest', size: 96, interpolation: 'bicubic' } as const;
      const bytes = await stripes(1203, 901).toFormat(format, { quality: 90 }).toBuffer();
      const { inputs, working } = await decode(bytes, { preprocessings: [shortest], workingPx: 5000 });
      expect(working).toMatchObject({ width: 1203, height: 901 });
      const { mean, max } = difference(inputs[0]!, preprocess(working!, shortest));
      expect(mean).toBeLessThan(1);
      expect(max).toBeLessThan(25);
    },
  );

  it('where one side of a large picture shrinks and the other grows, neither is displaced', async () => {
    const wide = { ...squash, size: 1024, interpolation: 'bicubic' } as const;
    const bytes = await stripes(1000, 41).resize(1000, 4100, { fit: 'fill' }).png().toBuffer();
    const { inputs, working } = await decode(bytes, { preprocessings: [wide], workingPx: 5000 });
    const { mean, max } = difference(inputs[0]!, preprocess(working!, wide));
    expect(mean).toBeLessThan(1);
    expect(max).toBeLessThan(25);
  });

  it('what is partly transparent lies over white, rounded to the nearest step', async () => {
    const data = Uint8Array.from({ length: 1024 * 4 }, (_, i) =>
      i % 4 === 3 ? Math.floor(i / 16) : (i * 7) % 200,
    );
    const bytes = await sharp(data, { raw: { width: 32, height: 32, channels: 4 } })
      .png()
      .toBuffer();
    const expected = Uint8Array.from({ length: 1024 * 3 }, (_, i) => {
      const [pixel, channel] = [Math.floor(i / 3), i % 3];
      const alpha = data[4 * pixel + 3]!;
      return Math.round((data[4 * pixel + channel]! * alpha + 255 * (255 - alpha)) / 255);
    });
    expect((await decode(bytes, wanted)).inputs[0]!.data).toEqual(expected);
  });

  it.each([
    [1, 65_000],
    [65_000, 1],
  ])('a sliver of %i × %i is read without its enlargement', async (width, height) => {
    const bytes = await sharp({ create: { width, height, channels: 3, background: '#123456' } })
      .png()
      .toBuffer();
    const rules = (['shortest', 'squash', 'longest', 'within'] as const).map((resize) => ({
      ...squash,
      resize,
      size: 224,
      longest: 400,
    }));
    const before = process.memoryUsage().rss;
    const { inputs } = await decode(bytes, { preprocessings: rules });
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    const upright = (short: number, long: number): [number, number] =>
      width < height ? [short, long] : [long, short];
    expect(inputs.map((pixels) => [pixels.width, pixels.height])).toEqual([
      [224, 224],
      [224, 224],
      upright(1, 224),
      upright(1, 400),
    ]);
    for (const { data } of inputs) expect([...data.subarray(0, 3)]).toEqual([0x12, 0x34, 0x56]);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'the file is empty'],
    [
      'a text with the name of a picture',
      Buffer.from('not a picture at all, only words'),
      'unsupported image format',
    ],
  ])('%s is named with its reason', async (_, bytes, reason) => {
    await expect(decode(bytes, wanted)).rejects.toThrow(reason);
  });

  it('a truncated picture is named, not guessed', async () => {
    const whole = await sharp({
      create: {
        width: 400,
        height: 400,
        channels: 3,
        background: '#0a0',
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .jpeg()
      .toBuffer();
    await expect(decode(whole.subarray(0, whole.length / 2), wanted)).rejects.toThrow('[decode]');
  });

  it('a picture of 900 million pixels is refused before it is decoded', async () => {
    const bomb = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>`);
    await expect(decode(bomb, wanted)).rejects.toThrow('too large: 30000 × 30000');
  });

  it('a camera that says its name at length is cut short', async () => {
    const bytes = await halves()
      .withExif({ IFD0: { Make: 'Leica'.repeat(2000) } })
      .jpeg()
      .toBuffer();
    expect((await decode(bytes, wanted)).facts.camera).toBe('Leica'.repeat(40));
  });

  it('broken EXIF costs the date, not the picture', async () => {
    const bytes = await halves()
      .withExif({ IFD0: { Make: 'Leica', Model: 'M3' } })
      .jpeg()
      .toBuffer();
    expect((await decode(bytes, wanted)).facts.camera).toBe('Leica M3');
    const broken = Buffer.from(bytes);
    broken.fill(0xff, broken.indexOf('Exif') + 6, broken.indexOf('Exif') + 14);
    expect((await decode(broken, wanted)).facts.camera).toBeUndefined();
  });
});

describe('thumbnails', () => {
  it('keep the sides in proportion and never enlarge', async () => {
    expect(await thumbnail(await halves().png().toBuffer(), 30)).toMatchObject({ width: 30, height: 20 });
    expect(await thumbnail(await halves().png().toBuffer(), 300)).toMatchObject({ width: 60, height: 40 });
  });

  it('lie in a sprite row by row', async () => {
    const tiles = await Promise.all(
      ['#f00', '#0f0', '#00f'].map(async (background) =>
        tile(
          await sharp({ create: { width: 9, height: 9, channels: 3, background } })
            .png()
            .toBuffer(),
          8,
        ),
      ),
    );
    const { webp, columns, count } = await sprite(tiles, 8);
    expect([columns, count]).toEqual([2, 3]);
    const { data } = await sharp(webp).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number): number[] =>
      [...data.subarray((y * 16 + x) * 3, (y * 16 + x) * 3 + 3)].map((v) => Math.round(v / 255));
    expect([at(4, 4), at(12, 4), at(4, 12), at(12, 12)]).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1, 1, 1],
    ]);
  });
});
