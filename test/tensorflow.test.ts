import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGraph, readNames } from '#lib/graphs.js';
import type { TensorData } from '#lib/onnx.js';
import { openTensorflowModel, tensorflowBackends } from '#lib/tensorflow.js';
import { type GraphStep, writeGraphModel, writeLayersModel } from './tensorflow-models.js';

let folder: string;
let next = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-tensorflow-'));
});
afterAll(() => rm(folder, { recursive: true }));

const float = { T: { type: 'DT_FLOAT' } };
const scaled: GraphStep = { name: 'scaled', op: 'Mul', input: ['image', 'halves'], attr: float };
const relu: GraphStep = { name: 'out', op: 'Relu', input: ['scaled'], attr: float };

function written(...steps: GraphStep[]): Promise<string> {
  return writeGraphModel(join(folder, `graph-${next++}`), steps);
}

/** Changes a model.json in place. */
async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

function withoutPlace(message: string): string {
  return message.replaceAll(folder, '').replace(/graph-\d+/, 'graph');
}

/** The message of a refusal without the test's folder; fails where the model opens. */
async function refusal(path: string): Promise<string> {
  const opened = await openTensorflowModel(path).catch((error: Error) => error);
  if (opened instanceof Error) return withoutPlace(opened.message);
  await opened.close();
  throw new Error('the model was opened');
}

/** One picture of 2 × 2: red 0..3, green 4..7, blue 8..11. */
const picture = (): TensorData => ({
  type: 'float32',
  data: Float32Array.from({ length: 12 }, (_, n) => n),
  dims: [1, 3, 2, 2],
});

describe('a GraphModel', () => {
  it('is seen with its channels first, and its weights of one byte are widened', async () => {
    const model = await openGraph(await written(scaled, relu));
    expect(model.inputs).toEqual([{ name: 'image', type: 'float32', dims: [null, 3, 2, 2] }]);
    expect(model.outputs).toEqual([{ name: 'out', type: 'float32', dims: [null, 3, 2, 2] }]);
    const { out } = await model.run({ image: picture() }, ['out']);
    expect(out).toEqual({
      type: 'float32',
      data: Float32Array.of(0, 0, 0, 0, 2, 2.5, 3, 3.5, 8, 9, 10, 11),
      dims: [1, 3, 2, 2],
    });
    await model.close();
    await expect(model.run({ image: picture() }, ['out'])).rejects.toThrow('the model is closed');
  });

  it('that does not say its shape has its channels last, and what has a default is no input', async () => {
    const training: GraphStep = { name: 'training', op: 'PlaceholderWithDefault', input: ['halves'] };
    const path = await written(training, { ...scaled, input: ['image', 'training'] });
    await edit(path, (text) => text.replace(/"dim":\[.*?\]/, '"unknownRank":true'));
    const model = await openGraph(path);
    expect(model.inputs).toEqual([{ name: 'image', type: 'float32', dims: [] }]);
    const { scaled: found } = await model.run({ image: picture() }, ['scaled']);
    expect(found!.data).toEqual(Float32Array.of(0, 0, 0, 0, 2, 2.5, 3, 3.5, 8, 9, 10, 11));
    await model.close();
  });

  it('whose channels come first is shown the picture as it is', async () => {
    const path = await written(relu, { ...scaled, input: ['image', 'image'] });
    await edit(path, (text) =>
      text.replace('"2"},{"size":"2"},{"size":"3"}', '"3"},{"size":"2"},{"size":"2"}'),
    );
    const model = await openGraph(path);
    expect(model.inputs[0]!.dims).toEqual([null, 3, 2, 2]);
    const { out } = await model.run({ image: picture() }, ['out']);
    expect(out!.data).toEqual(Float32Array.from({ length: 12 }, (_, n) => n * n));
    await model.close();
  });

  it('whose ops WebAssembly has no kernel for runs in JavaScript', async () => {
    const equation = { s: Buffer.from('bhwc->bc').toString('base64') };
    const sums: GraphStep = { name: 'sums', op: 'Einsum', input: ['scaled'], attr: { ...float, equation } };
    const model = await openGraph(await written(scaled, sums));
    expect((await model.run({ image: picture() }, ['sums'])).sums!.data).toEqual(Float32Array.of(0, 11, 38));
    await model.close();
  });

  it('names what it computes, and leaves out weights and inputs', async () => {
    expect(await readNames(await written(scaled, relu))).toEqual({
      outputs: ['out'],
      tensors: [
        { name: 'scaled', op: 'Mul' },
        { name: 'out', op: 'Relu' },
      ],
    });
  });
});

describe('what cannot be run is told by its name', () => {
  it('ops that TensorFlow.js does not have, where they are on the way to what is asked for', async () => {
    const custom: GraphStep = { name: 'extra', op: 'MyOwnOp', input: ['scaled'] };
    const path = await written(scaled, relu, custom);
    const model = await openTensorflowModel(path);
    expect((await model.run({ image: picture() }, ['out'])).out!.dims).toEqual([1, 3, 2, 2]);
    const asked = await model.run({ image: picture() }, ['extra']).catch((error: Error) => error.message);
    expect(withoutPlace(String(asked))).toMatchInlineSnapshot(
      `"[tensorflow] a model does not answer: got /graph/model.json: TensorFlow.js does not know MyOwnOp (extra), expected extra. Take a model, or a layer of it, whose ops TensorFlow.js has and that needs no loops, or its ONNX form."`,
    );
    expect((await model.run({ image: picture() }, ['out'])).out!.dims).toEqual([1, 3, 2, 2]);
    await model.close();
  });

  it('loops and other steps whose number is not known before', async () => {
    const loop: GraphStep = { name: 'loop', op: 'While', input: ['scaled'] };
    const model = await openTensorflowModel(await written(scaled, loop));
    await expect(model.run({ image: picture() }, ['loop'])).rejects.toThrow("the dynamic op 'While'");
    await model.close();
  });

  it('more memory than WebAssembly has; models that are opened afterwards run', async () => {
    const size: GraphStep = { name: 'size', op: 'Const', attr: { dtype: { type: 'DT_INT32' } } };
    const large: GraphStep = {
      name: 'large',
      op: 'ResizeNearestNeighbor',
      input: ['scaled', 'size'],
      attr: float,
    };
    const path = await written(scaled, size, large);
    const sides = Buffer.from(Int32Array.of(20_000, 20_000).buffer);
    await writeFile(join(path, '..', 'sides.bin'), sides);
    const group = { paths: ['sides.bin'], weights: [{ name: 'size', shape: [2], dtype: 'int32' }] };
    await edit(path, (text) => text.replace('"weightsManifest":[', `$&${JSON.stringify(group)},`));
    expect(await refusal(path)).toContain('more than the 4 GB of memory');
    const next = await openTensorflowModel(await written(scaled, relu));
    expect((await next.run({ image: picture() }, ['out'])).out!.dims).toEqual([1, 3, 2, 2]);
    await next.close();
  });

  it('a layer of an unknown class', async () => {
    const own = join(folder, 'own-layer');
    await writeLayersModel(own);
    await edit(join(own, 'model.json'), (text) =>
      text.replace('"GlobalAveragePooling2D"', '"TheirOwnLayer"'),
    );
    expect(await refusal(join(own, 'model.json'))).toContain('TheirOwnLayer');
  });

  it('a device that TensorFlow.js does not run on, or that is not here', async () => {
    const path = await written(scaled);
    await expect(openTensorflowModel(path, { device: 'coreml' })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [tensorflow] TensorFlow.js cannot use the device coreml: got coreml, expected cpu. Set DEVICE to cpu.]`,
    );
    const { names } = await tensorflowBackends();
    if (names.includes('tensorflow')) return;
    await expect(openTensorflowModel(path, { device: 'cuda' })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [tensorflow] TensorFlow.js cannot use the device cuda: got @tensorflow/tfjs-node-gpu is not installed, expected cpu. With an NVIDIA driver and Node below 23: npm install --no-save @tensorflow/tfjs-node-gpu@4.22.0, then try again.]`,
    );
  });
});

describe('a folder that is not whole, or not what it seems, is refused in one sentence', () => {
  it('no model.json', async () => {
    expect(await refusal(join(folder, 'nowhere', 'model.json'))).toMatchInlineSnapshot(
      `"[tensorflow] a model.json is missing: got nothing, expected /nowhere/model.json. Fetch the folder again, model.json and all shards."`,
    );
  });

  it('a missing shard', async () => {
    const path = await written(scaled);
    await rm(join(path, '..', 'weights.bin'));
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"[tensorflow] a shard is missing from a TensorFlow.js model: got no weights.bin, expected what /graph/model.json names, in the same folder. Fetch the folder again, model.json and all shards."`,
    );
  });

  it('a cut shard', async () => {
    const path = await written(scaled);
    await truncate(join(path, '..', 'weights.bin'), 2);
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"[tensorflow] the shards of a TensorFlow.js model do not hold its weights: got weights.bin of 2 bytes, not 3, expected the bytes that the weights in /graph/model.json take. Fetch the folder again, model.json and all shards."`,
    );
  });

  it('a shard that leads out of the folder', async () => {
    for (const name of ['../weights.bin', '/etc/hostname', 'a\\\\b', '..', 'C:weights.bin', 'https://x/y']) {
      const path = await written(scaled);
      await edit(path, (text) => text.replace('"weights.bin"', `"${name}"`));
      expect(await refusal(path), name).toContain('weightsManifest.0.paths.0 must match pattern');
    }
  });

  it('no JSON, and JSON of something else', async () => {
    const path = await written(scaled);
    await writeFile(path, '<!doctype html>');
    expect(await refusal(path)).toContain('model.json: it is no JSON');
    await writeFile(path, '{"modelTopology": {"node": [{"name": "a"}]}}');
    expect(await refusal(path)).toContain("modelTopology.node.0 must have required property 'op'");
    await writeFile(path, '{}');
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"[tensorflow] a file is no model.json of TensorFlow.js: got /graph/model.json: it must have required property 'modelTopology', expected a GraphModel or LayersModel whose shards lie beside it. Fetch the folder again, model.json and all shards."`,
    );
  });

  it('weights of more bytes than any folder has, without reading one', async () => {
    const path = await written(scaled);
    await edit(path, (text) => text.replace('[3]', '[2000000000,2000000000]'));
    expect(await refusal(path)).toContain('weights.bin of 3 bytes, not 4000000000000000000');
  });

  it('a node that reads one that there is not', async () => {
    const lost: GraphStep = { name: 'lost', op: 'Relu', input: ['nobody:1'] };
    expect(await refusal(await written(scaled, lost))).toContain(
      'the node lost reads nobody, which is no node',
    );
  });
});
