import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { ClassLogits } from '#lib/arithmetic/class-map.js';
import { layoutInstances } from '#lib/arithmetic/layout-instances.js';
import { measure } from '#lib/commands/evaluations/deeplab.js';
import { decode } from '#lib/decoders/image.js';
import { openSegmenter } from '#lib/models/families.js';
import { greyPicture } from '#lib/models/identity.js';
import { mapSize } from '#lib/models/segment-limits.js';
import { openPictureGraph } from '#lib/picture-graph.js';
import { open, regionsOf } from '#lib/segmenters/semantic.js';
import { describeWithShared, shared } from '../shared-data.js';
import { isKept, writeSemantic } from './tiny-graphs.js';

/** One map a class of 4 × 4 cells, `certain` where its letter stands. */
function logitsOf(rows: readonly string[], letters: string, certain: number): ClassLogits {
  const cells = rows.join('');
  const data = Float32Array.from(
    [...letters].flatMap((letter) => [...cells].map((cell) => (cell === letter ? certain : 0))),
  );
  return { data, classes: letters.length, height: rows.length, width: rows[0]!.length };
}

describe('semantic segmentation', () => {
  const labels = ['ground', 'pole', 'wire'];

  it('logits become connected regions with label and mean probability, the background none', () => {
    const logits = logitsOf(['p..p', 'p..p', 'p..p', 'p..p'], '.pw', 9);
    const found = regionsOf(logits, { width: 16, height: 16 }, { labels, background: 0 });
    expect(found.map(({ label }) => label)).toEqual(['pole', 'pole']);
    for (const { mask } of found) {
      expect(mask.data.reduce((sum, value) => sum + value, 0)).toBe(4 * 16);
      expect(mask.data[8 * 16 + 8]).toBe(0);
    }
    expect(found.map(({ mask }) => mask.data[0]).sort()).toEqual([0, 1]);
  });

  it('the score is the mean probability over the mask, interpolated as the logits are', () => {
    // Two cells across: class 1 has the probability p in the left one and 1 − p in the right one.
    const certain = 2;
    const logits = { data: Float32Array.of(0, certain, certain, 0), classes: 2, height: 1, width: 2 };
    const p = 1 / (1 + Math.exp(-certain));
    const [left] = regionsOf(logits, { width: 4, height: 4 }, { labels: ['ground', 'pole'], background: 0 });
    // Pixels of the left half lie at 0 and at a quarter of the way to the right cell.
    expect(left!.score).toBeCloseTo((p + (p + (1 - p - p) * 0.25)) / 2, 6);
  });

  it('the most certain come first, whatever their size', () => {
    const logits = logitsOf(['ppp.', 'ppp.', '....', '...w'], '.pw', 1);
    logits.data[2 * 16 + 15] = 9;
    const found = regionsOf(logits, { width: 16, height: 16 }, { labels, background: 0 });
    expect(found.map(({ label }) => label)).toEqual(['wire', 'pole']);
    expect(found[0]!.score).toBeGreaterThan(found[1]!.score);
  });

  it('masks have the form of the picture, and at most about 512 × 512 pixels', () => {
    const logits = logitsOf(['p...', '....', '....', '....'], '.pw', 9);
    const sizes = [
      { width: 3000, height: 1500 },
      { width: 8000, height: 500 },
      { width: 90, height: 200 },
    ].map((picture) => {
      const [found] = regionsOf(logits, mapSize(picture), { labels, background: 0 });
      return [found!.mask.width, found!.mask.height];
    });
    expect(sizes).toEqual([
      [724, 362],
      [2048, 128],
      [90, 200],
    ]);
  });

  it('a speck belongs to what it lies in, whatever class it has', () => {
    const rows = Array.from({ length: 40 }, () =>
      Array.from({ length: 40 }, (_, x) => (x < 20 ? 'p' : '.')).join(''),
    );
    const speck = (y: number, x: number, cell: string): void => {
      rows[y] = rows[y]!.slice(0, x) + cell + rows[y]!.slice(x + 1);
    };
    speck(10, 5, '.');
    speck(20, 5, 'w');
    speck(30, 30, 'w');
    const logits = logitsOf(rows, '.pw', 9);
    const found = regionsOf(logits, { width: 40, height: 40 }, { labels, background: 0 });
    expect(found.map(({ label }) => label)).toEqual(['pole']);
    expect(found[0]!.mask.data.reduce((sum, value) => sum + value, 0)).toBe(20 * 40);
  });

  it('a picture of one class is one segment, or none where that is the background', () => {
    const logits = logitsOf(['....', '....'], '.pw', 9);
    const size = { width: 8, height: 4 };
    expect(regionsOf(logits, size, { labels, background: 0 })).toEqual([]);
    const [whole] = regionsOf(logits, size, { labels, background: null });
    expect(whole!.mask.data.every((value) => value === 1)).toBe(true);
  });
});

describe('a class map from a graph', () => {
  it('is not kept with the picture: logits of a batch are hundreds of megabytes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lookbook-semantic-'));
    const { manifest, image } = await writeSemantic(folder);
    const segmenter = await open(manifest, { image }, {});
    const graph = await openPictureGraph(manifest, image, { outputs: [manifest.output] });
    const picture = greyPicture(manifest.preprocessing);
    await segmenter.segment([{ pixels: picture, width: 64, height: 64 }]);
    expect(await isKept(graph, picture)).toBe(false);
    // The question tells: asked without names, the graph keeps what it gave.
    await graph.look([picture]);
    expect(await isKept(graph, picture)).toBe(true);
    await Promise.all([segmenter.close(), graph.close()]);
    rmSync(folder, { recursive: true });
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
    const found = layoutInstances(layoutOf(discs), [4, size, size], 0.001);
    expect(found).toHaveLength(3);
    for (const { x, y } of discs) {
      const owners = found.filter(
        ({ mask }) => mask.data[Math.floor((y + 0.5) * 4) * mask.width + Math.floor((x + 0.5) * 4)],
      );
      expect(owners).toHaveLength(1);
    }
  });

  it('an empty picture has no segments', () => {
    expect(layoutInstances(new Float32Array(4 * plane), [4, size, size], 0.001)).toEqual([]);
  });
});

describeWithShared('DeepLab against the original interpreter', 'data/reference/deeplab-masks', () => {
  it('the classes of at least 98.5 % of the pixels are the same on average, and bird and dog lie in their masks', async () => {
    process.env.LOOKBOOK_MODELS = `${shared}data/models`;
    const figures = await measure(() => undefined, { quick: false });
    expect(figures['deeplab.photographs']).toBe(12);
    expect(figures['deeplab.pixels_equal']).toBeGreaterThan(0.985);
    expect(figures['deeplab.bird_iou']).toBeGreaterThan(0.9);
    expect(figures['deeplab.dog_iou']).toBeGreaterThan(0.9);
  });

  const masks = `${shared}data/reference/deeplab-masks/`;
  const names = ['bird', 'pets'];
  it.each(names)('%s: the segments, put together, cover what the reference calls a thing', async (name) => {
    process.env.LOOKBOOK_MODELS = `${shared}data/models`;
    const segmenter = await openSegmenter('deeplab-v3', {});
    const photograph = ['png', 'jpg']
      .map((ending) => `${shared}data/photos/${name}.${ending}`)
      .find(existsSync)!;
    const { inputs, facts } = await decode(await readFile(photograph), {
      preprocessings: [segmenter.preprocessing],
    });
    const [found] = await segmenter.segment([{ pixels: inputs[0]!, ...facts }]);
    await segmenter.close();
    const { width, height } = found![0]!.mask;
    expect(width / height).toBeCloseTo(facts.width / facts.height, 1);
    const reference = await sharp(`${masks}${name}.png`)
      .extractChannel(0)
      .resize(width, height, { kernel: 'nearest', fit: 'fill' })
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
