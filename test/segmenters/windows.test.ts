import { describe, expect, it } from 'vitest';
import { boundingBox, maskArea, maskIoU } from '#lib/arithmetic/masks.js';
import { decode } from '#lib/decoders/image.js';
import { openSegmenter } from '#lib/models/families.js';
import type { WindowsManifest } from '#lib/models/manifest.js';
import { findModel } from '#lib/models/registry.js';
import { windowsOf } from '#lib/segmenters/windows.js';

const rule = (await findModel('windows')).manifest as WindowsManifest;

/** Boxes in pixels of the picture. */
function boxesOf(width: number, height: number): { x: number; y: number; w: number; h: number }[] {
  return windowsOf({ width, height }, rule).map(({ mask }) => {
    const box = boundingBox(mask)!;
    const [across, down] = [width / mask.width, height / mask.height];
    return { x: box.x * across, y: box.y * down, w: box.width * across, h: box.height * down };
  });
}

describe('sliding windows', () => {
  it('are of 448 and 224 pixels, 56 apart, the large ones first, from edge to edge', () => {
    const boxes = boxesOf(672, 616);
    expect(boxes).toHaveLength(5 * 4 + 9 * 8);
    expect(boxes.slice(0, 3)).toEqual([
      { x: 0, y: 0, w: 448, h: 448 },
      { x: 56, y: 0, w: 448, h: 448 },
      { x: 112, y: 0, w: 448, h: 448 },
    ]);
    expect(boxes[20]).toEqual({ x: 0, y: 0, w: 224, h: 224 });
    expect(boxes.at(-1)).toEqual({ x: 448, y: 392, w: 224, h: 224 });
  });

  it.each([
    [1024, 768],
    [4000, 3000],
    [6000, 1200],
    [1024, 1024],
    [640, 427],
    [200, 1000],
    [333, 257],
  ])('a picture of %i × %i gets at most 200, which cover all of it, each a part of it', (width, height) => {
    const found = windowsOf({ width, height }, rule);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(200);
    for (const { mask } of found) expect(maskArea(mask)).toBeLessThan(0.6);
    const covered = found[0]!.mask.data.map((_, at) => Number(found.some(({ mask }) => mask.data[at] === 1)));
    expect(covered.every((value) => value === 1)).toBe(true);
  });

  it('no two of a picture are nearly one', () => {
    const sides = [150, 199, 256, 300, 317, 320, 400, 420, 427, 448, 512, 597, 640, 768, 1024];
    for (const width of [...sides, 301, 333, 673, 700])
      for (const height of sides) {
        const masks = windowsOf({ width, height }, rule).map(({ mask }) => mask);
        let most = 0;
        for (const [n, mask] of masks.entries())
          for (const other of masks.slice(n + 1)) most = Math.max(most, maskIoU(mask, other));
        expect(most, `${width} × ${height}`).toBeLessThan(0.9);
      }
  });

  it('are squares of the picture, whatever its size', () => {
    for (const [width, height] of [
      [4000, 3000],
      [640, 427],
      [200, 1000],
      [333, 257],
    ] as const)
      for (const { w, h } of boxesOf(width, height)) expect(w / h).toBeGreaterThan(0.9);
  });

  it('shrink with a small picture, to 112 pixels at the least', () => {
    expect(new Set(boxesOf(200, 300).map(({ w }) => Math.round(w / 8) * 8))).toEqual(new Set([152]));
    expect(boxesOf(150, 150).length).toBeGreaterThan(0);
    expect(boxesOf(149, 149)).toEqual([]);
  });

  it('cost the decoder nothing: a picture that cannot be resized is no fault of theirs', async () => {
    const segmenter = await openSegmenter('windows', {});
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"/>');
    const { inputs, facts } = await decode(svg, { preprocessings: [segmenter.preprocessing] });
    expect(inputs).toEqual([{ data: new Uint8Array(3), width: 1, height: 1 }]);
    const [found] = await segmenter.segment([{ pixels: inputs[0]!, ...facts }]);
    await segmenter.close();
    expect(found!.length).toBeGreaterThan(4);
    expect(new Set(found!.map(({ score }) => score))).toEqual(new Set([0.5]));
    expect(segmenter.labels).toBeUndefined();
  });
});
