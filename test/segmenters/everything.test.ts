import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { maskIoU } from '#lib/arithmetic/masks.js';
import { preprocess } from '#lib/arithmetic/resampling.js';
import { everythingDifferences } from '#lib/commands/golden/everything.js';
import { largeGolden, SMALL } from '#lib/commands/golden/folder.js';
import { openSegmenter } from '#lib/models/families.js';
import type { EverythingManifest, ManifestFile } from '#lib/models/manifest.js';
import { putTogether } from '#lib/segmentation.js';
import { open } from '#lib/segmenters/everything.js';
import type { FoundSegment, Mask, Segmenter } from '#lib/types.js';
import { describeWithShared } from '../shared-data.js';
import { maskOf, paint, type Thing, writeColourSam } from './colour-sam.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-everything-'));
afterAll(() => rmSync(folder, { recursive: true }));
const many = await writeColourSam(folder, 'many');
const one = await writeColourSam(folder, 'one');

const [WIDTH, HEIGHT] = [64, 48];
const red: Thing = { x: 8, y: 8, width: 16, height: 16, rgb: [255, 0, 0] };
const blue: Thing = { x: 36, y: 8, width: 20, height: 32, rgb: [0, 0, 255] };
const green: Thing = { x: 12, y: 32, width: 12, height: 8, rgb: [0, 255, 0] };
const things = [red, blue, green];
const picture = { pixels: paint(WIDTH, HEIGHT, things), width: WIDTH, height: HEIGHT };
const shapeOf = (thing: Thing): Mask => maskOf(WIDTH, HEIGHT, thing);
const ground: Mask = {
  data: shapeOf(red).data.map((_, i) => (things.some((thing) => shapeOf(thing).data[i]) ? 0 : 1)),
  width: WIDTH,
  height: HEIGHT,
};

/** Of a mask as coarse as the colours are seen: corners are rounded. */
const ALIKE = 0.85;
const isAlike = (a: Mask, b: Mask): boolean => maskIoU(a, b) > ALIKE;
const seenAs = (found: readonly FoundSegment[], shape: Mask): FoundSegment[] =>
  found.filter(({ mask }) => isAlike(mask, shape));

async function find(
  changes: Partial<EverythingManifest> = {},
  { seeds, form = many }: { seeds?: FoundSegment[]; form?: typeof many } = {},
): Promise<FoundSegment[]> {
  const segmenter = await open({ ...form.manifest, ...changes }, form.files, {});
  const [found] = await segmenter.segment([seeds ? { ...picture, seeds } : picture]);
  await segmenter.close();
  return found!;
}

describe('everything without prompts', () => {
  it('each thing is found once, where it lies, and the ground without what fills up the input', async () => {
    const found = await find();
    for (const shape of [...things.map(shapeOf), ground]) expect(seenAs(found, shape)).toHaveLength(1);
    expect(found).toHaveLength(4);
    for (const { mask, score, label } of found) {
      expect([mask.width, mask.height]).toEqual([WIDTH, HEIGHT]);
      expect(score).toBeCloseTo(0.95, 5);
      expect(label).toBeUndefined();
    }
  });

  it('what the model thinks little of, and what hangs on the threshold, is left out', async () => {
    const left = maskOf(WIDTH, HEIGHT, { x: 0, y: 0, width: 32, height: HEIGHT });
    const right = maskOf(WIDTH, HEIGHT, { x: 32, y: 0, width: 32, height: HEIGHT });
    const found = await find();
    expect([...seenAs(found, left), ...seenAs(found, right)]).toEqual([]);
    expect(seenAs(await find({ leastIou: 0.6 }), left)).toHaveLength(1);
    expect(seenAs(await find({ leastStability: 0.4 }), right)).toHaveLength(1);
  });

  it('one prompt a run gives the same as many', async () => {
    const { prompts } = many.manifest;
    expect(await find({ prompts: { ...prompts, batch: 1 } })).toEqual(await find());
  });

  it('SAM’s own export gives the same: bytes, one prompt a run with an end point, its first mask left out', async () => {
    const found = await find({}, { form: one });
    for (const shape of [...things.map(shapeOf), ground]) expect(seenAs(found, shape)).toHaveLength(1);
    expect(found).toHaveLength(4);
    const { prompts } = one.manifest;
    expect(await find({ prompts: { ...prompts, endPoint: false } }, { form: one })).toEqual([]);
  });

  it('SAM 2’s form gives the same: squashed pictures, and an input for boxes that stays empty', async () => {
    const { manifest, files } = await writeColourSam(folder, 'many', { side: 256, boxesInput: true });
    const preprocessing = { ...manifest.preprocessing, resize: 'squash' } as const;
    const segmenter = await open({ ...manifest, preprocessing }, files, {});
    const pixels = preprocess(picture.pixels, preprocessing);
    const [found] = await segmenter.segment([{ ...picture, pixels }]);
    await segmenter.close();
    for (const shape of [...things.map(shapeOf), ground]) expect(seenAs(found!, shape)).toHaveLength(1);
  });

  it('crops find what the grid of the whole misses, and no part of a thing that a crop cuts', async () => {
    // Enlarged, edges are less sure and corners rounder here.
    const coarse = { pointsPerSide: 4, leastStability: 0.8 };
    expect(seenAs(await find(coarse), shapeOf(red))).toEqual([]);
    const found = await find({ ...coarse, cropLayers: 1 });
    const seen = (shape: Mask): number => found.filter(({ mask }) => maskIoU(mask, shape) > 0.75).length;
    for (const shape of [shapeOf(red), shapeOf(blue), ground]) expect(seen(shape)).toBe(1);
    expect(found.filter(({ mask }) => isCut(mask, shapeOf(blue)))).toEqual([]);
  });

  it('several pictures of different sizes are each answered for themselves', async () => {
    const tall = { pixels: paint(40, 64, [{ ...red, y: 40 }]), width: 400, height: 640 };
    const segmenter = await open(many.manifest, many.files, {});
    const [first, second] = await segmenter.segment([picture, tall]);
    await segmenter.close();
    expect(first).toEqual(await find());
    const [mask] = second!.map(({ mask }) => mask).sort((a, b) => sumOf(a) - sumOf(b));
    const { width, height } = mask!;
    expect(width / height).toBeCloseTo(400 / 640, 2);
    const [left, top] = [Math.round(width / 5), Math.round((height * 5) / 8)];
    const shape = { x: left, y: top, width: Math.round((width * 2) / 5), height: Math.round(height / 4) };
    expect(isAlike(mask!, maskOf(width, height, shape))).toBe(true);
  });
});

/** Whether a mask lies inside of a shape, and is far from all of it. */
function isCut(mask: Mask, shape: Mask): boolean {
  const inside = mask.data.reduce((sum, value, i) => sum + (value & shape.data[i]!), 0);
  return inside > 0.9 * sumOf(mask) && inside < 0.75 * sumOf(shape);
}

function sumOf({ data }: Mask): number {
  return data.reduce((sum, value) => sum + value, 0);
}

describe('seeds of another segmenter', () => {
  it('a rough seed becomes the thing that the model sees there, and keeps its label', async () => {
    const rough = maskOf(16, 12, { x: 2, y: 3, width: 4, height: 3 });
    const empty = { mask: { ...rough, data: new Uint8Array(rough.data.length) }, score: 0.1 };
    const told = await find({}, { seeds: [empty, { mask: rough, score: 0.5 }] });
    expect(seenAs(told, shapeOf(red)).map(({ seed }) => seed)).toEqual([1]);
    const found = await find({}, { seeds: [{ mask: rough, score: 0.5, label: 'red square' }] });
    expect(seenAs(found, shapeOf(red)).map(({ label }) => label)).toEqual(['red square']);
    for (const shape of [shapeOf(blue), shapeOf(green), ground])
      expect(seenAs(found, shape).map(({ label }) => label)).toEqual([undefined]);
    expect(found).toHaveLength(4);
  });

  it('points inside of a refined seed are not asked again', async () => {
    const found = await find(
      { leastIou: 0.6, pointsPerSide: 1 },
      { seeds: [{ mask: ground, score: 1, label: 'ground' }] },
    );
    // The only point of the grid, in the middle, lies on the ground: its other masks are not drawn.
    expect(found.map(({ label }) => label)).toEqual(['ground']);
  });

  it('a seed that the model sees as something else leaves no mask', async () => {
    const across = maskOf(WIDTH, HEIGHT, { x: 0, y: 0, width: 30, height: 14 });
    const found = await find({}, { seeds: [{ mask: across, score: 1, label: 'nothing' }] });
    expect(found.map(({ label }) => label)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('a box tells apart what a point alone does not', async () => {
    const twins = [red, { ...red, x: 40 }];
    const pair = { pixels: paint(WIDTH, HEIGHT, twins), width: WIDTH, height: HEIGHT };
    const seeds = [{ mask: shapeOf(red), score: 1, label: 'left twin' }];
    const labels: Record<string, (string | undefined)[]> = {};
    for (const boxes of [true, false]) {
      const prompts = { ...one.manifest.prompts, boxes };
      const segmenter = await open({ ...one.manifest, prompts }, one.files, {});
      const [found] = await segmenter.segment([{ ...pair, seeds }]);
      await segmenter.close();
      labels[String(boxes)] = seenAs(found!, shapeOf(red)).map(({ label }) => label);
    }
    expect(labels).toEqual({ true: ['left twin'], false: [] });
  });

  it('come from whoever is named beside it, in whatever order', async () => {
    const everything = await open(many.manifest, many.files, {});
    const other: Segmenter = {
      name: 'other',
      fingerprint: 'f',
      preprocessing: everything.preprocessing,
      segment: async (pictures) =>
        pictures.map(() => [
          { mask: maskOf(16, 12, { x: 2, y: 3, width: 4, height: 3 }), score: 1, label: 'red' },
        ]),
      close: async () => undefined,
    };
    const both = putTogether([everything, other]);
    const forms = [picture.pixels, picture.pixels];
    const [found] = await both.segment([{ forms, width: WIDTH, height: HEIGHT }]);
    await both.close();
    const exact = seenAs(found!, shapeOf(red));
    expect(exact.map(({ label, origin }) => [label, origin])).toEqual([['red', 'colour-sam-many']]);
    // The rough form of the red thing is not kept beside the exact one.
    expect(found).toHaveLength(4);
  });
});

describe('a manifest of LOOKBOOK_MODELS', () => {
  const before = process.env.LOOKBOOK_MODELS;
  afterEach(() => {
    if (before === undefined) delete process.env.LOOKBOOK_MODELS;
    else process.env.LOOKBOOK_MODELS = before;
  });

  async function write(changes: Partial<EverythingManifest>): Promise<string> {
    const { name: _, ...manifest } = many.manifest;
    const file = (path: string): ManifestFile => ({ path: basename(path), bytes: null, sha256: null });
    const graphs = { image: file(many.files.image!), decoder: file(many.files.decoder!) };
    const name = 'own-sam';
    mkdirSync(join(folder, name), { recursive: true });
    for (const path of Object.values(many.files)) copyFileSync(path, join(folder, name, basename(path)));
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...manifest, files: graphs, ...changes }));
    process.env.LOOKBOOK_MODELS = folder;
    return name;
  }

  it('opens it by its name', async () => {
    const segmenter = await openSegmenter(await write({}), {});
    const [found] = await segmenter.segment([picture]);
    await segmenter.close();
    expect(found).toEqual(await find());
  });

  it('is refused where it cuts pictures, or names a graph that is no file', async () => {
    const { preprocessing, prompts } = many.manifest;
    const name = await write({
      preprocessing: { ...preprocessing, resize: 'shortest' },
      prompts: { ...prompts, file: 'prompter' },
    });
    await expect(openSegmenter(name, {})).rejects.toThrow(
      /prompts.file names prompter, which is no entry of files .*; preprocessing.resize must be longest or squash/,
    );
  });
});

describe('graphs that do not fit their manifest', () => {
  it('are refused with the names that they have', async () => {
    const { prompts } = many.manifest;
    const wrong = { ...prompts, inputs: { points: 'point_coords', labels: 'input_labels' } };
    await expect(open({ ...many.manifest, prompts: wrong }, many.files, {})).rejects.toThrow(
      /no input point_coords; the input input_points is in no field of the manifest/,
    );
  });

  it('are refused when their masks are larger than their input', async () => {
    const preprocessing = { ...one.manifest.preprocessing, size: 8 };
    await expect(open({ ...one.manifest, preprocessing }, one.files, {})).rejects.toThrow(
      /low_res_masks of colour-sam-one is not usable: got masks of 16 × 16, expected at most 8 × 8/,
    );
  });
});

describeWithShared('SAM’s mask generator', 'golden/models/sam-tiny', () => {
  it('the same scores, masks and choice as the reference, for 64 points of two pictures', async () => {
    const differences = await everythingDifferences(largeGolden() ?? SMALL);
    expect(differences).toHaveLength(2);
    for (const { scores, bestOfThree, iouMin, chosen, expected, chosenIouMin } of differences) {
      expect(scores).toBeLessThan(5e-3);
      expect(bestOfThree).toBe(64);
      expect(iouMin).toBeGreaterThan(0.995);
      expect(chosen).toBe(expected);
      expect(chosenIouMin).toBeGreaterThan(0.995);
    }
  }, 120_000);
});
