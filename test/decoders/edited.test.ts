import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { captioned, edited } from '#lib/decoders/image.js';

/** Left half 200/100/50, right half 50/100/200, 60 × 40. */
async function halves(orientation = 1): Promise<Uint8Array> {
  const left = {
    input: { create: { width: 30, height: 40, channels: 3 as const, background: 'rgb(200,100,50)' } },
    left: 0,
    top: 0,
  };
  return sharp({ create: { width: 60, height: 40, channels: 3, background: 'rgb(50,100,200)' } })
    .composite([left])
    .withMetadata({ orientation })
    .png()
    .toBuffer();
}

async function pixelsOf(
  bytes: Uint8Array,
): Promise<{ width: number; height: number; at(x: number, y: number): number[] }> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return {
    width,
    height,
    at: (x, y) => [...data.subarray((y * width + x) * channels, (y * width + x) * channels + 3)],
  };
}

describe('an edited copy', () => {
  it('is half as large', async () => {
    expect(await pixelsOf(await edited(await halves(), { scale: 0.5 }))).toMatchObject({
      width: 30,
      height: 20,
    });
  });

  it('is a piece of its picture, lying where it is told', async () => {
    const right = await pixelsOf(await edited(await halves(), { crop: { share: 0.5, x: 1, y: 0 } }));
    expect(right).toMatchObject({ width: 30, height: 20 });
    expect(right.at(0, 0)).toEqual([50, 100, 200]);
    const middle = await pixelsOf(await edited(await halves(), { crop: { share: 0.5 } }));
    expect([middle.at(14, 5), middle.at(15, 5)]).toEqual([
      [200, 100, 50],
      [50, 100, 200],
    ]);
  });

  it('has its channels multiplied, cut at 255', async () => {
    const shifted = await pixelsOf(await edited(await halves(), { gains: [1.1, 1, 1.5] }));
    expect([shifted.at(5, 5), shifted.at(50, 5)]).toEqual([
      [220, 100, 75],
      [55, 100, 255],
    ]);
  });

  it('has more contrast around middle grey, and sharper edges', async () => {
    const contrasted = await pixelsOf(await edited(await halves(), { contrast: 1.2 }));
    for (const [c, value] of contrasted.at(5, 5).entries())
      expect(Math.abs(value - (128 + 1.2 * ([200, 100, 50][c]! - 128)))).toBeLessThanOrEqual(1);
    const sharper = await pixelsOf(await edited(await halves(), { sharpness: 1.5 }));
    expect(sharper.at(5, 5)).toEqual([200, 100, 50]);
    expect(sharper.at(29, 5)[0]).toBeGreaterThan(205);
    expect(sharper.at(30, 5)[0]).toBeLessThan(45);
  });

  it('is JPEG where a quality is told, else PNG; upright, also of a grey or see-through picture', async () => {
    expect(await sharp(await edited(await halves(), { quality: 40 })).metadata()).toMatchObject({
      format: 'jpeg',
    });
    const turned = await pixelsOf(await edited(await halves(6), {}));
    expect(turned).toMatchObject({ width: 40, height: 60 });
    expect(turned.at(5, 5)).toEqual([200, 100, 50]);
    const grey = await sharp(await halves())
      .greyscale()
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await pixelsOf(await edited(grey, { gains: [1, 1, 0.5] }))).at(5, 5)[2]).toBeLessThan(100);
    const clear = await sharp({ create: { width: 9, height: 9, channels: 4, background: '#0000' } })
      .png()
      .toBuffer();
    expect((await pixelsOf(await edited(clear, {}))).at(4, 4)).toEqual([255, 255, 255]);
  });

  it('of no picture is refused with the reason', async () => {
    await expect(edited(new Uint8Array([1, 2]), {})).rejects.toThrow(/the picture cannot be read/);
  });
});

it('a caption lies over the picture where it is told, and leaves the rest alone', async () => {
  const [before, after] = await Promise.all([
    pixelsOf(await halves()),
    pixelsOf(await captioned(await halves(), { lines: ['<WWWW&'], size: 0.3, at: 1, fill: '#fff' })),
  ]);
  expect(after).toMatchObject({ width: 60, height: 40 });
  const changed = Array.from({ length: 60 * 40 }, (_, i) => [i % 60, Math.floor(i / 60)] as const).filter(
    ([x, y]) => String(before.at(x, y)) !== String(after.at(x, y)),
  );
  expect(changed.length).toBeGreaterThan(50);
  expect(Math.min(...changed.map(([, y]) => y))).toBeGreaterThan(20);
});
