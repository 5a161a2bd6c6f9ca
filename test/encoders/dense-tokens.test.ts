import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolPatches } from '#lib/arithmetic/pooling.js';
import { dot, normalise } from '#lib/arithmetic/vectors.js';
import { decode } from '#lib/decoders/image.js';
import { open } from '#lib/encoders/image-encoder.js';
import { checkManifest, type ImageEncoderManifest } from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';
import { openPictureGraph } from '#lib/picture-graph.js';
import type { Encoder, Mask, Pixels } from '#lib/types.js';

const golden = projectPath('test/fixtures/golden');
const files = { image: `${golden}/models/tokens/onnx/model.onnx` };

/** A tiny DINOv2: 32 pixels, patches of 8, so 17 tokens of 16 numbers. */
const tiny: ImageEncoderManifest = {
  name: 'tiny',
  title: 'tiny',
  licence: 'none',
  source: 'test',
  family: 'image-encoder',
  files: { image: { path: 'x', bytes: null, sha256: null } },
  preprocessing: {
    resize: 'squash',
    size: 32,
    interpolation: 'bicubic',
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
  input: 'pixel_values',
  output: 'last_hidden_state',
  pooling: 'patch-mean',
  dimension: 16,
  dense: { output: 'last_hidden_state' },
};
const shortest: ImageEncoderManifest = {
  ...tiny,
  preprocessing: { ...tiny.preprocessing, resize: 'shortest' },
};

/** A box of a 40 × 40 mask, as shares of its sides. */
function box(x: number, y: number, width: number, height: number): Mask {
  const data = new Uint8Array(1600);
  for (let v = 40 * y; v < 40 * (y + height); v++) data.fill(1, v * 40 + 40 * x, v * 40 + 40 * (x + width));
  return { data, width: 40, height: 40 };
}

async function seen(
  manifest: ImageEncoderManifest,
): Promise<{ pixels: Pixels; width: number; height: number }> {
  const bytes = await readFile(`${golden}/images/landscape.jpg`);
  const { inputs, facts } = await decode(bytes, { preprocessings: [manifest.preprocessing] });
  return { pixels: inputs[0]!, width: facts.width, height: facts.height };
}

describe('segments pooled from the patches of a vision transformer', () => {
  let encoder: Encoder;
  let cropping: Encoder;
  beforeAll(async () => {
    encoder = await open(tiny, files, {});
    cropping = await open(shortest, files, {});
  });
  afterAll(() => Promise.all([encoder.close(), cropping.close()]));

  it('a mask of one patch gives the token of that patch, of length 1', async () => {
    const { pixels } = await seen(tiny);
    const graph = await openPictureGraph(tiny, files.image, { outputs: ['last_hidden_state'] });
    const [look] = await graph.look([pixels]);
    await graph.close();
    const { data } = look!.last_hidden_state!;
    // Row 1 and column 2 of four: token 1 + 4 + 2.
    const [embedding] = await encoder.embed([{ pixels, masks: [box(0.5, 0.25, 0.25, 0.25)] }]);
    const expected = normalise(data.slice(7 * 16, 8 * 16));
    expect(dot(embedding!.segments![0]!, expected)).toBeCloseTo(1, 5);
  });

  it('a mask of everything gives what the mean of all patches gives', async () => {
    const { pixels } = await seen(tiny);
    const [embedding] = await encoder.embed([{ pixels, masks: [box(0, 0, 1, 1)] }]);
    expect(dot(embedding!.segments![0]!, embedding!.picture)).toBeCloseTo(1, 5);
  });

  it('where the middle is cut out, a mask counts there, and one outside is not pooled', async () => {
    const { pixels, width, height } = await seen(shortest);
    expect(width).toBeGreaterThan(1.3 * height);
    const outside = (width - height) / 2 / width;
    const masks = [box(0, 0, 1, 1), box(0, 0, Math.floor(40 * outside) / 40, 1)];
    const [embedding] = await cropping.embed([{ pixels, masks, size: { width, height } }]);
    expect(dot(embedding!.segments![0]!, embedding!.picture)).toBeCloseTo(1, 5);
    expect(embedding!.segments![1]).toBeNull();
  });

  it('where nothing is cut off a mask is pooled however thin: no crop is made that nobody decoded for', async () => {
    const { pixels } = await seen(tiny);
    // One row of 418 that falls between the rows of 32, in the upper half of the first patch's row.
    const line = { data: new Uint8Array(627 * 418), width: 627, height: 418 };
    line.data.fill(1, 627, 627 + 156);
    const size = { width: 1500, height: 1000 };
    const [embedding] = await encoder.embed([{ pixels, masks: [line, box(0, 0, 0.25, 0.25)], size }]);
    const [thin, patch] = embedding!.segments!;
    expect(dot(thin!, patch!)).toBeCloseTo(1, 5);
  });

  it('tokens that fill no square are refused in words', async () => {
    expect(poolPatches(new Float32Array(4 * 3), [4, 3], box(0, 0, 1, 1))).toBeNull();
    expect(poolPatches(new Float32Array(5 * 3), [5, 3], box(0, 0, 1, 1))).toHaveLength(3);
  });

  it('an encoder without dense leaves segments to the indexer', async () => {
    const { dense: _, ...plain } = tiny;
    const without = await open(plain, files, {});
    const { pixels } = await seen(tiny);
    expect(without.poolsSegments).toBe(false);
    expect((await without.embed([{ pixels, masks: [box(0, 0, 1, 1)] }]))[0]!.segments).toBeUndefined();
    await without.close();
  });

  it('DINOv2 pools where its vector is the mean of patches, not where it is the first token', async () => {
    const path = projectPath('models/dinov2-small.json');
    const manifest = await checkManifest(JSON.parse(await readFile(path, 'utf8')), 'dinov2-small', path);
    if (manifest.family !== 'image-encoder') throw new Error('another family');
    expect(manifest.dense).toBeUndefined();
    expect(manifest.layers?.patches?.dense).toEqual({ output: 'last_hidden_state' });
  });
});
