import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decode } from '#lib/decoders/image.js';
import { openSegmenter } from '#lib/models/families.js';
import { instancesOf } from '#lib/segmenters/layout.js';
import { regionsOf } from '#lib/segmenters/semantic.js';
import { describeWithShared, shared } from '../shared-data.js';

describe('semantic segmentation', () => {
  it('logits become connected regions with label and mean probability, the background none', () => {
    // Two classes on 4 × 4 cells: the left column and the right column are class 1, the middle is background.
    const certain = 9;
    const one = [1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1].map((on) => on * certain);
    const logits = Float32Array.from([...one.map((value) => certain - value), ...one]);
    const found = regionsOf(logits, [2, 4, 4], 16, { labels: ['ground', 'pole'], background: 0 });
    expect(found.map(({ label }) => label)).toEqual(['pole', 'pole']);
    expect(found[0]!.score).toBeGreaterThan(0.9);
    expect(found.map(({ mask }) => mask.data[0])).toContain(1);
    for (const { mask } of found) expect(mask.data[8 * 16 + 8]).toBe(0);
  });
});

describe('layout segmentation', () => {
  const size = 48;
  const plane = size * size;
  /** Discs that know their own centres. */
  function layoutOf(discs: { x: number; y: number; r: number }[]): Float32Array {
    const layout = new Float32Array(4 * plane);
    for (const { x, y, r } of discs) {
      for (let v = 0; v < size; v++) {
        for (let u = 0; u < size; u++) {
          const distance = Math.hypot(u - x, v - y);
          const at = v * size + u;
          if (distance > r) continue;
          layout[at] = 0.95;
          layout[plane + at] = Math.exp(-((distance / 2) ** 2));
          layout[2 * plane + at] = x - u;
          layout[3 * plane + at] = y - v;
        }
      }
    }
    return layout;
  }

  it('objects that touch are told apart by the centres they vote for', () => {
    const discs = [
      { x: 12, y: 24, r: 9 },
      { x: 30, y: 24, r: 9 },
      { x: 40, y: 8, r: 5 },
    ];
    const found = instancesOf(layoutOf(discs), [4, size, size]);
    expect(found).toHaveLength(3);
    for (const { x, y } of discs) {
      const owners = found.filter(
        ({ mask }) => mask.data[Math.floor((y + 0.5) * 4) * mask.width + Math.floor((x + 0.5) * 4)],
      );
      expect(owners).toHaveLength(1);
    }
  });

  it('an empty picture has no segments', () => {
    expect(instancesOf(new Float32Array(4 * plane), [4, size, size])).toEqual([]);
  });
});

describeWithShared('DeepLab against the original interpreter', 'data/reference/deeplab-masks', () => {
  const masks = `${shared}data/reference/deeplab-masks/`;
  const names = existsSync(masks)
    ? readdirSync(masks).filter((name) => /^(bird|cat|pets|dog_test_0)\.png$/.test(name))
    : [];
  it.each(names)('%s: the same regions', async (name) => {
    process.env.LOOKBOOK_MODELS = `${shared}data/models`;
    const segmenter = await openSegmenter('deeplab-v3', {});
    const photograph = ['png', 'jpg']
      .map((ending) => `${shared}data/photos/${name.replace('png', ending)}`)
      .find(existsSync)!;
    const { inputs, facts } = await decode(await readFile(photograph), {
      preprocessings: [segmenter.preprocessing],
    });
    const [found] = await segmenter.segment([{ pixels: inputs[0]!, ...facts }]);
    await segmenter.close();
    const { size } = { size: found![0]!.mask.width };
    const reference = await sharp(masks + name)
      .extractChannel(0)
      .resize(size, size, { kernel: 'nearest', fit: 'fill' })
      .raw()
      .toBuffer();
    let equal = 0;
    for (let i = 0; i < reference.length; i++) {
      const covered = found!.some(({ mask }) => mask.data[i] === 1);
      if (covered === reference[i]! > 0) equal++;
    }
    expect(equal / reference.length).toBeGreaterThan(0.985);
  });
});
