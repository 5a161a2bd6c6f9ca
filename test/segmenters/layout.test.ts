import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskArea, maskIoU, resizeMask } from '#lib/arithmetic/masks.js';
import { decodeRle } from '#lib/arithmetic/rle.js';
import { mean } from '#lib/commands/ranks.js';
import { decode } from '#lib/decoders/image.js';
import { openSegmenter } from '#lib/models/families.js';
import { findModel, modelFiles } from '#lib/models/registry.js';
import { projectPath } from '#lib/paths.js';
import { open } from '#lib/segmenters/layout.js';
import type { FoundSegment, Mask, Rle, Segmenter, SegmenterInput } from '#lib/types.js';

interface Truth {
  pictures: { path: string; objects: { mask: Rle }[] }[];
}

/** As many as tell the two ways apart, and pass in some seconds. */
const PICTURES = 40;

let segmenter: Segmenter;
let pictures: { input: SegmenterInput; objects: Mask[] }[];
beforeAll(async () => {
  segmenter = await openSegmenter('pictoclip-segments', {});
  const truth: Truth = JSON.parse(await readFile(projectPath('test/fixtures/demo-truth.json'), 'utf8'));
  pictures = await Promise.all(
    truth.pictures.slice(0, PICTURES).map(async ({ path, objects }) => {
      const bytes = await readFile(projectPath(`images/${path}`));
      const preprocessings = [segmenter.preprocessing, segmenter.closer!];
      const { inputs, facts } = await decode(bytes, { preprocessings });
      const input = { pixels: inputs[0]!, closer: inputs[1]!, width: facts.width, height: facts.height };
      return { input, objects: objects.map(({ mask }) => decodeRle(mask)) };
    }),
  );
});
afterAll(() => segmenter.close());

/** Of each object the intersection over union with the mask that shows it best; 0 without masks. */
function shown(found: readonly (readonly FoundSegment[])[]): number[] {
  return pictures.flatMap(({ objects }, n) =>
    objects.map((object) =>
      Math.max(0, ...found[n]!.map(({ mask }) => maskIoU(resizeMask(object, mask.width, mask.height), mask))),
    ),
  );
}

describe('a layout segmenter', () => {
  it('is refused at opening where its output is no layout', async () => {
    const { manifest } = await findModel('pictoclip-segments');
    const { image } = await modelFiles(await findModel('pictoclip-segments'));
    if (manifest.family !== 'layout') throw new Error(manifest.family);
    for (const output of ['vector', 'dense'])
      await expect(open({ ...manifest, output }, { image: image! }, {})).rejects.toThrow(
        new RegExp(
          `the output ${output} of pictoclip-segments is not usable: got .* a picture, expected \\[4,`,
        ),
      );
  });
});

describe('a layout segmenter that looks again', () => {
  it('is refused at opening where what should tell pieces apart is no map of features', async () => {
    const { manifest } = await findModel('pictoclip-segments');
    const { image } = await modelFiles(await findModel('pictoclip-segments'));
    if (manifest.family !== 'layout') throw new Error(manifest.family);
    const again = { margin: 0.25, meaning: { output: 'vector', apart: 0.3 } };
    await expect(open({ ...manifest, again }, { image: image! }, {})).rejects.toThrow(
      /the output vector of pictoclip-segments tells no pieces apart: got \[256\] a picture, expected \[D, h, w\]/,
    );
  });

  it('shows things more exactly, loses hardly one that it saw at first, and does not fall into pieces', async () => {
    const inputs = pictures.map(({ input }) => input);
    const first = await segmenter.segment(inputs.map(({ closer: _, ...rest }) => rest));
    const again = await segmenter.segment(inputs);
    const found = (from: typeof first): number[] => shown(from).filter((iou) => iou >= 0.5);
    expect(mean(found(again))).toBeGreaterThan(mean(found(first)) + 0.03);
    expect(found(again).length).toBeGreaterThan(0.95 * found(first).length);
    const segments = (found: typeof first): number => found.reduce((sum, some) => sum + some.length, 0);
    expect(segments(again)).toBeLessThan(1.3 * segments(first));
  });

  it('keeps no two masks of one thing, none that is too small, and the best first', async () => {
    for (const found of await segmenter.segment(pictures.slice(0, 12).map(({ input }) => input))) {
      expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
      for (const [n, { mask }] of found.entries()) {
        expect(maskArea(mask)).toBeGreaterThanOrEqual(0.001);
        for (const other of found.slice(n + 1)) expect(maskIoU(mask, other.mask)).toBeLessThan(0.5);
      }
    }
  });

  it('several pictures together give what each gives alone', async () => {
    const some = pictures.slice(0, 3).map(({ input }) => input);
    const together = await segmenter.segment(
      some.map((input) => ({ ...input, pixels: { ...input.pixels } })),
    );
    for (const [n, input] of some.entries()) {
      const [alone] = await segmenter.segment([{ ...input, pixels: { ...input.pixels } }]);
      expect(alone!.length).toBe(together[n]!.length);
      for (const [s, { mask }] of alone!.entries())
        expect(maskIoU(mask, together[n]![s]!.mask)).toBeGreaterThan(0.98);
    }
  });
});
