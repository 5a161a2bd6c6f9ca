import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { captioned, decode } from '#lib/decoders/image.js';
import { prepareQueryPicture } from '#lib/searching/prepare-picture.js';

const scene = (width: number, height: number): Promise<Buffer> =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#70a0d0"/><circle cx="${width / 2}" cy="${height / 3}" r="${height / 5}" fill="#c84020"/></svg>`,
    ),
  )
    .png()
    .toBuffer();
const caption = { lines: ['BIG SUMMER SALE'], size: 0.1, at: 1, fill: '#fff', outline: '#000', bold: true };

async function meanDifference(a: Uint8Array, b: Uint8Array): Promise<number> {
  const [left, right] = await Promise.all([a, b].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer()));
  return left!.reduce((sum, value, i) => sum + Math.abs(value - right![i]!), 0) / left!.length;
}

describe('a query picture', () => {
  it('loses its lettering and keeps its size, so that regions of it stay where they are', async () => {
    for (const [width, height] of [
      [480, 360],
      [1800, 1350],
    ] as const) {
      const bare = await scene(width, height);
      const lettered = await captioned(bare, caption);
      const { bytes, before, after } = await prepareQueryPicture(lettered, { removeText: true });
      expect(await meanDifference(bare, lettered)).toBeGreaterThan(3);
      expect(await meanDifference(bare, bytes)).toBeLessThan(0.6);
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width, height });
      for (const shown of [before, after])
        expect(await sharp(shown).metadata()).toMatchObject({ format: 'jpeg', width: 360, height: 270 });
    }
  });

  it('is enhanced: lighter, of more contrast, upright', async () => {
    const dull = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#646464' } })
      .composite([
        { input: { create: { width: 30, height: 40, channels: 3, background: '#828282' } }, left: 0, top: 0 },
      ])
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const { bytes } = await prepareQueryPicture(dull, { enhance: true });
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([40, 60]);
    const at = (x: number, y: number): number => data[(y * info.width + x) * info.channels]!;
    // 1.1 × value, then 1.2 × its distance from middle grey.
    expect(at(20, 10)).toBeCloseTo(128 + 1.2 * (1.1 * 0x82 - 128), -0.5);
    expect(at(20, 50)).toBeCloseTo(128 + 1.2 * (1.1 * 0x64 - 128), -0.5);
  });

  it('that is none says so', async () => {
    for (const how of [{ removeText: true }, { enhance: true }, {}])
      await expect(prepareQueryPicture(new Uint8Array([1, 2, 3]), how)).rejects.toThrow(
        /the picture cannot be read/,
      );
  });

  it('without anything to do has the same pixels', async () => {
    const bare = await scene(120, 90);
    const { bytes } = await prepareQueryPicture(bare, {});
    const [a, b] = await Promise.all(
      [bare, bytes].map(async (one) => (await decode(one, { preprocessings: [], workingPx: 120 })).working!),
    );
    expect(b!.data).toEqual(a!.data);
  });
});
