import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from '#lib/decoders/image.js';
import { openEncoder } from '#lib/models/families.js';
import { layerFaults, listedLayers, listTensors } from '#lib/models/layers.js';
import type { ImageEncoderManifest } from '#lib/models/manifest.js';
import { findModel, listModels, modelFiles } from '#lib/models/registry.js';
import { openOnnxModel } from '#lib/onnx.js';
import { readGraphNames } from '#lib/onnx-names.js';
import { projectPath } from '#lib/paths.js';
import type { Encoder, Pixels } from '#lib/types.js';
import { describeWithShared, shared } from '../shared-data.js';
import { CONVNET, PREPROCESSING } from '../tiny-convnet.js';

const golden = projectPath('test/fixtures/golden');

/** `inner` is a tensor that the graph does not give by itself. */
const LAYERS = { ...CONVNET.layers, inner: { output: 'v3', dimension: 8, pooling: 'mean' } };

let models: string;
let pixels: Pixels;
const before = process.env.LOOKBOOK_MODELS;

async function put(name: string, manifest: object, files: Record<string, string>): Promise<void> {
  await mkdir(join(models, name));
  for (const [file, from] of Object.entries(files))
    await copyFile(join(golden, 'models', from), join(models, name, file));
  await writeFile(join(models, `${name}.json`), JSON.stringify(manifest));
}

beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'lookbook-layers-'));
  process.env.LOOKBOOK_MODELS = models;
  await put('tiny-layers', { ...CONVNET, layers: LAYERS }, { 'model.onnx': 'convnet/model.onnx' });
  await put(
    'tiny-inside',
    { ...CONVNET, output: 'v9', pooling: 'mean', layers: {} },
    { 'model.onnx': 'convnet/model.onnx' },
  );
  await put(
    'tiny-many',
    { ...CONVNET, output: 'embedding', layers: { all: { output: 'v6', dimension: 99, pooling: 'mean' } } },
    { 'model.onnx': 'convnet/model.onnx' },
  );
  const bytes = await readFile(`${golden}/images/landscape.jpg`);
  const { inputs } = await decode(bytes, { preprocessings: [PREPROCESSING] });
  pixels = inputs[0]!;
});
afterAll(async () => {
  if (before === undefined) delete process.env.LOOKBOOK_MODELS;
  else process.env.LOOKBOOK_MODELS = before;
  await rm(models, { recursive: true });
});

/** One picture's vector with its length given back. */
async function seen(encoder: Encoder): Promise<number[]> {
  const [embedding] = await encoder.embed([{ pixels: { ...pixels } }]);
  await encoder.close();
  return [...embedding!.picture].map((value) => value * embedding!.length!);
}

/** What the graph itself gives for the picture at a tensor, averaged over space. */
async function given(tensor: string): Promise<number[]> {
  const model = await openOnnxModel(`${golden}/models/convnet/model.onnx`, { added: [tensor] });
  const { data, width, height } = pixels;
  const area = width * height;
  const values = Float32Array.from(
    { length: 3 * area },
    (_, at) => (data[3 * (at % area) + Math.floor(at / area)]! / 255 - 0.5) / 0.5,
  );
  const found = await model.run(
    { pixel_values: { type: 'float32', data: values, dims: [1, 3, height, width] } },
    [tensor],
  );
  await model.close();
  const { dims, data: all } = found[tensor]!;
  const cells = dims[2]! * dims[3]!;
  return Array.from(
    { length: dims[1]! },
    (_, channel) =>
      (all as Float32Array)
        .subarray(channel * cells, (channel + 1) * cells)
        .reduce((sum, value) => sum + value, 0) / cells,
  );
}

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [at, value] of wanted.entries()) expect(found[at]).toBeCloseTo(value, 4);
}

describe('a layer', () => {
  it('may be a tensor inside the graph: listed in the manifest, or named as it is called there', async () => {
    const wanted = await given('v3');
    for (const layer of ['inner', 'v3']) {
      const encoder = await openEncoder('tiny-layers', { layer });
      expect(encoder.dimension).toBe(8);
      expectClose(await seen(encoder), wanted);
    }
  });

  it('may be what the manifest calls its own vector', async () => {
    expectClose(await seen(await openEncoder('tiny-inside', {})), await given('v9'));
  });

  it('names its tensor in the fingerprint, and leaves those of other layers as they are', async () => {
    const open = async (layer?: string, beside?: string[]): Promise<string> => {
      const encoder = await openEncoder('tiny-layers', {
        ...(layer ? { layer } : {}),
        ...(beside ? { beside } : {}),
      });
      await encoder.close();
      return encoder.fingerprint;
    };
    const all = [await open(), await open('early'), await open('inner'), await open('v6'), await open('v2')];
    expect(new Set(all).size).toBe(5);
    expect(await open('v3')).toBe(await open('inner'));
    expect(await open('early', ['inner', 'v6'])).toBe(all[1]);
  });

  it('shares one pass a picture with the layers that are opened beside it', async () => {
    const beside = ['inner', 'v6'];
    const open = (layer?: string): Promise<Encoder> =>
      openEncoder('tiny-layers', { beside, ...(layer ? { layer } : {}) });
    const encoders = await Promise.all([open(), open('inner'), open('v6')]);
    const picture = { ...pixels };
    const [first] = await encoders[0]!.embed([{ pixels: picture }]);
    // Whoever has seen the picture first has kept what the others want of it: changed pixels change nothing.
    picture.data.fill(0);
    const others = await Promise.all(
      encoders.slice(1).map((encoder) => encoder.embed([{ pixels: picture }])),
    );
    await Promise.all(encoders.map((encoder) => encoder.close()));
    expect(first!.length).toBeGreaterThan(0);
    const { inputs } = await decode(await readFile(`${golden}/images/landscape.jpg`), {
      preprocessings: [PREPROCESSING],
    });
    pixels = inputs[0]!;
    expectClose(
      [...others[0]![0]!.picture].map((value) => value * others[0]![0]!.length!),
      await given('v3'),
    );
  });

  it('of a model with words is its picture side alone', async () => {
    const [whole, layer] = await Promise.all([
      openEncoder('pictoclip', {}),
      openEncoder('pictoclip', { layer: 'stage8' }),
    ]);
    expect(layer.dimension).toBe(128);
    expect(layer.embedTexts).toBeUndefined();
    expect(layer.relevance).toBeUndefined();
    expect(layer.fingerprint).not.toBe(whole.fingerprint);
    await Promise.all([whole.close(), layer.close()]);
  });

  it('of an unknown name is refused with those that are there and the near ones', async () => {
    await expect(openEncoder('tiny-layers', { layer: 'embeding' })).rejects.toThrow(
      /no layer of that name: got "embeding", expected the layers early, inner and tensors such as embedding/,
    );
    await expect(openEncoder('pictoclip', { layer: 'stage_16' })).rejects.toThrow(
      /the layers stage4, stage8, stage16/,
    );
    const entry = await findModel('tiny-layers');
    const { image } = await modelFiles(entry);
    expect(await layerFaults(entry.manifest, ['early', 'v3', 'v33'], image)).toEqual([
      expect.stringMatching(
        /^tiny-layers has no layer "v33", but the layers early, inner and tensors such as v3/,
      ),
    ]);
  });

  it('whose size the manifest says wrongly is refused', async () => {
    await expect(openEncoder('tiny-many', { layer: 'all' })).rejects.toThrow('got 16 numbers, expected 99');
  });

  it('of every manifest whose weights are here is in its graph', async () => {
    const { entries } = await listModels();
    const layered = entries.filter(({ manifest, ready }) => ready && listedLayers(manifest).length > 0);
    expect(layered.map(({ manifest }) => manifest.name)).toContain('pictoclip');
    for (const entry of layered) {
      const { image } = await modelFiles(entry);
      expect(await layerFaults(entry.manifest, listedLayers(entry.manifest), image)).toEqual([]);
      const { outputs, tensors } = await readGraphNames(image!);
      const all = [...outputs, ...tensors.map(({ name }) => name)];
      const { layers = {} } = entry.manifest as { layers?: Record<string, { output: string }> };
      for (const { output } of Object.values(layers)) expect(all).toContain(output);
    }
  });
});

it('the list of tensors holds vectors, tokens and maps of the picture, each with its form', async () => {
  expect(await listTensors(`${golden}/models/convnet/model.onnx`)).toEqual([
    { name: 'v2', op: 'Conv', isOutput: false, dims: [null, 8, 16, 16] },
    { name: 'v3', op: 'Relu', isOutput: false, dims: [null, 8, 16, 16] },
    { name: 'v6', op: 'Conv', isOutput: false, dims: [null, 16, 8, 8] },
    { name: 'early', op: 'Relu', isOutput: true, dims: [null, 16, 8, 8] },
    { name: 'v9', op: 'Conv', isOutput: false, dims: [null, 24, 4, 4] },
    { name: 'late', op: 'Relu', isOutput: true, dims: [null, 24, 4, 4] },
    { name: 'embedding', op: 'ReduceMean', isOutput: true, dims: [null, 24] },
    { name: 'logits', op: 'Gemm', isOutput: true, dims: [null, 10] },
  ]);
});

describeWithShared('a tensor inside MobileNet v2', 'data/models/mobilenet_v2_1.0_224.onnx', () => {
  it('that the graph averages into one of its outputs is that output', async () => {
    const image = `${shared}data/models/mobilenet_v2_1.0_224.onnx`;
    const tensors = await listTensors(image);
    // The map that is averaged into the output of the last block.
    const at = tensors.findIndex(({ name }) => name === 'block_16');
    const map = tensors.slice(0, at).findLast(({ dims }) => dims.length === 4 && dims[1] === 320)!;
    process.env.LOOKBOOK_MODELS = `${shared}data/models`;
    const { preprocessing } = (await findModel('mobilenet-v2')).manifest as ImageEncoderManifest;
    const { inputs } = await decode(await readFile(`${golden}/images/landscape.jpg`), {
      preprocessings: [preprocessing],
    });
    const vectors = [];
    for (const layer of ['block_16', map.name]) {
      const encoder = await openEncoder('mobilenet-v2', { layer });
      const [{ picture }] = (await encoder.embed([{ pixels: inputs[0]! }])) as [{ picture: Float32Array }];
      vectors.push([...picture]);
      await encoder.close();
    }
    process.env.LOOKBOOK_MODELS = models;
    expectClose(vectors[1]!, vectors[0]!);
  }, 60_000);
});
