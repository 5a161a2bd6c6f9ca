import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { planResize } from '#lib/arithmetic/resize-plan.js';
import { decode } from '#lib/decoders/image.js';
import { greyPicture } from '#lib/models/identity.js';
import { checkManifest, type InstanceManifest } from '#lib/models/manifest.js';
import { findModel } from '#lib/models/registry.js';
import { openPictureGraph } from '#lib/picture-graph.js';
import { open } from '#lib/segmenters/instance.js';
import type { Preprocessing } from '#lib/types.js';
import { describeWithShared, shared } from '../shared-data.js';
import { isKept, writeInstance } from './tiny-graphs.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-instance-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function fault(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no fault',
    (error: Error) => error.message,
  );
}

describe('an instance segmenter', () => {
  it('lists the labels that have a name, once', async () => {
    const { manifest, image } = await writeInstance(folder, 'detr');
    const segmenter = await open({ ...manifest, labels: [null, 'red', 'red', 'blue'] }, { image }, {});
    await segmenter.close();
    expect(segmenter.labels).toEqual(['red', 'blue']);
  });

  it('refuses a graph whose classes are not those of the labels, with both shapes', async () => {
    const { manifest, image } = await writeInstance(folder, 'detr');
    expect(await fault(open({ ...manifest, labels: ['red'] }, { image }, {}))).toBe(
      '[segmenter] the outputs logits and pred_masks of detr are not usable: got [4,5] and [4,16,16] a picture, expected [queries, 2] and [queries, h, w], a class and a mask for each query. Correct output, queries.classes and labels in the manifest, or fetch the weights again.',
    );
  });

  it('keeps nothing of a picture’s outputs: a hundred masks of it are tens of megabytes', async () => {
    const { manifest, image } = await writeInstance(folder, 'detr');
    const segmenter = await open(manifest, { image }, {});
    const graph = await openPictureGraph(manifest, image, { outputs: [manifest.output] });
    const picture = greyPicture(manifest.preprocessing);
    const input = { pixels: picture, width: 64, height: 64 };
    expect(await segmenter.segment([input, input])).toHaveLength(2);
    expect(await isKept(graph, picture)).toBe(false);
    await Promise.all([segmenter.close(), graph.close()]);
  });

  it('a manifest that would put pictures of several sizes into one run is refused', async () => {
    const { manifest } = await writeInstance(folder, 'detr');
    const { name, batch: _, ...rest } = manifest;
    expect(await fault(checkManifest(rest, name, 'it'))).toContain(
      'batch must be 1 where preprocessing.resize is within',
    );
  });
});

describe('MaskFormer', () => {
  const rule: Preprocessing = {
    resize: 'within',
    size: 800,
    longest: 1333,
    multipleOf: 32,
    interpolation: 'bilinear',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };

  it('gets sides that are stretched up to multiples of 32, as its image processor makes them', () => {
    const sides = (width: number, height: number): number[] => {
      const plan = planResize(width, height, rule);
      return [plan.width, plan.height];
    };
    // DETR's rule gives 1199 × 800, 800 × 1199, 1333 × 333 and 800 × 800.
    expect(sides(640, 427)).toEqual([1216, 800]);
    expect(sides(427, 640)).toEqual([800, 1216]);
    expect(sides(2000, 500)).toEqual([1344, 352]);
    expect(sides(300, 300)).toEqual([800, 800]);
  });

  it('and DETR see other pixels of one picture, and neither is taken for the other', async () => {
    const { multipleOf: _, ...plain } = rule;
    const bytes = await readFile(new URL('../fixtures/golden/images/landscape.jpg', import.meta.url));
    const { inputs } = await decode(bytes, { preprocessings: [rule, plain] });
    expect(inputs[0]!.width % 32).toBe(0);
    expect(inputs[0]!.width).toBeGreaterThan(inputs[1]!.width);
  });
});

describe('the manifests', () => {
  it('DETR names the ids of COCO’s panoptic categories, MaskFormer the same 133 in a row', async () => {
    const { manifest: detr } = await findModel('detr-resnet-50-panoptic');
    const { manifest: maskformer } = await findModel('maskformer-swin-base-coco');
    const [byId, inRow] = [(detr as InstanceManifest).labels, (maskformer as InstanceManifest).labels];
    expect(byId).toHaveLength(250);
    expect(inRow).toHaveLength(133);
    expect(byId.filter((label) => label !== null)).toEqual(inRow);
    expect(new Set(inRow).size).toBe(133);
    const known = {
      1: 'person',
      13: 'stop sign',
      17: 'cat',
      62: 'chair',
      90: 'toothbrush',
      92: 'banner',
      187: 'sky',
      200: 'rug',
    };
    for (const [id, name] of Object.entries(known)) expect(byId[Number(id)]).toBe(name);
    for (const id of [0, 12, 26, 66, 91, 201, 249]) expect(byId[id]).toBeNull();
  });
});

describeWithShared('DETR’s form against transformers', 'golden/models/detr-panoptic-tiny', () => {
  const golden = `${shared}golden/models/detr-panoptic-tiny`;

  it('through decoder, graph and family, the segments are those of the reference', async () => {
    const { manifest } = await findModel('detr-resnet-50-panoptic');
    const segmenter = await open(manifest as InstanceManifest, { image: `${golden}/onnx/model.onnx` }, {});
    const { rows } = JSON.parse(await readFile(`${golden}/expected.json`, 'utf8'));
    for (const { image, panoptic } of rows) {
      const { inputs, facts } = await decode(await readFile(join(golden, image)), {
        preprocessings: [segmenter.preprocessing],
      });
      const [found] = await segmenter.segment([{ pixels: inputs[0]!, ...facts }]);
      const expected: { label: string; score: number; pixels: number }[] = panoptic.segments_info;
      expect(found).toHaveLength(expected.length);
      const best = [...expected].sort((a, b) => b.score - a.score);
      for (const [n, { label, score, mask }] of found!.entries()) {
        expect(label).toBe(best[n]!.label.replace(/(-other)?(-merged)?$/, ''));
        expect(score).toBeCloseTo(best[n]!.score, 4);
        const share = mask.data.reduce((sum, value) => sum + value, 0) / mask.data.length;
        // Masks are drawn a little smaller than the picture: borders fall a little differently.
        expect(share).toBeCloseTo(best[n]!.pixels / (facts.width * facts.height), 2);
      }
    }
    await segmenter.close();
  });
});
