import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalise } from '#lib/arithmetic/vectors.js';
import { decode } from '#lib/decoders/image.js';
import { openEncoder } from '#lib/models/families.js';
import type { ImageEncoderManifest } from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';
import type { Encoder, Pixels } from '#lib/types.js';
import { writeLayersModel, writeManifest, writePictoclip } from '../tensorflow-models.js';

const PICTURES = ['park/0001.jpg', 'park/0002.jpg', 'sea/0001.jpg'];
const COARSE = '/tower/stage16/stage16.2/Relu_1_output_0';
const plain: Pick<ImageEncoderManifest['preprocessing'], 'interpolation' | 'mean' | 'std'> = {
  interpolation: 'bilinear',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const before = process.env.LOOKBOOK_MODELS;

let folder: string;
let layersModel: LayersModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-tensorflow-'));
  process.env.LOOKBOOK_MODELS = folder;
  await writePictoclip(join(folder, 'tower'));
  await writeManifest(folder, 'tower', {
    preprocessing: { resize: 'squash', size: 96, ...plain },
    input: 'image',
    output: 'vector',
    dimension: 256,
    layers: { coarse: { output: COARSE, dimension: 224, pooling: 'mean' } },
  });
  layersModel = await writeLayersModel(join(folder, 'layered'));
  await writeManifest(folder, 'layered', {
    preprocessing: { resize: 'squash', size: 16, ...plain },
    input: 'early_input',
    output: 'pooled',
    dimension: 12,
    layers: { early: { output: 'early', dimension: 8, pooling: 'mean' } },
  });
});
afterAll(async () => {
  if (before === undefined) delete process.env.LOOKBOOK_MODELS;
  else process.env.LOOKBOOK_MODELS = before;
  await rm(folder, { recursive: true });
});

function seenBy({ preprocessing }: Encoder): Promise<Pixels[]> {
  return Promise.all(
    PICTURES.map(async (path) => {
      const bytes = await readFile(projectPath(`images/${path}`));
      return (await decode(bytes, { preprocessings: [preprocessing] })).inputs[0]!;
    }),
  );
}

async function vectorsOf(name: string, layer?: string): Promise<Float32Array[]> {
  const encoder = await openEncoder(name, layer === undefined ? {} : { layer });
  try {
    const pictures = await seenBy(encoder);
    return (await encoder.embed(pictures.map((pixels) => ({ pixels })))).map(({ picture }) => picture);
  } finally {
    await encoder.close();
  }
}

function furthest(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  expect(a.map(({ length }) => length)).toEqual(b.map(({ length }) => length));
  return Math.max(...a.flatMap((vector, n) => [...vector].map((value, at) => Math.abs(value - b[n]![at]!))));
}

describe('the embedded image tower as a GraphModel', () => {
  it('gives the vectors of its ONNX twin', async () => {
    expect(furthest(await vectorsOf('tower'), await vectorsOf('pictoclip', 'vector'))).toBeLessThan(1e-3);
  });

  it('gives the same at a node inside, by its own name or one that the manifest gives it', async () => {
    const twin = await vectorsOf('pictoclip', COARSE);
    expect(twin[0]).toHaveLength(224);
    expect(furthest(await vectorsOf('tower', COARSE), twin)).toBeLessThan(1e-3);
    expect(furthest(await vectorsOf('tower', 'coarse'), twin)).toBeLessThan(1e-3);
  });

  it('lists near names where a node is none', async () => {
    await expect(openEncoder('tower', { layer: COARSE.slice(0, -1) })).rejects.toThrow(COARSE);
  });

  it('has another fingerprint at each layer, and after a shard has changed', async () => {
    const fingerprints: string[] = [];
    const note = async (layer?: string): Promise<void> => {
      const encoder = await openEncoder('tower', layer === undefined ? {} : { layer });
      fingerprints.push(encoder.fingerprint);
      await encoder.close();
    };
    await note();
    await note('coarse');
    await note();
    const shard = join(folder, 'tower', 'group1-shard1of4.bin');
    const bytes = await readFile(shard);
    await writeFile(shard, Uint8Array.from([...bytes.subarray(0, -1), bytes.at(-1)! ^ 1]));
    await note();
    await writeFile(shard, bytes);
    await note();
    const [own, coarse, again, changed, restored] = fingerprints;
    expect(new Set([own, coarse, changed]).size).toBe(3);
    expect([again, restored]).toEqual([own, own]);
  });
});

describe('a LayersModel', () => {
  /** What TensorFlow.js itself computes, of [pictures, 16, 16, 3] of 0..1. */
  async function expected(name: string): Promise<Float32Array[]> {
    const encoder = await openEncoder('layered', {});
    const pictures = await seenBy(encoder);
    await encoder.close();
    const values = pictures.flatMap(({ data }) => [...data].map((byte) => byte / 255));
    let output = tf.tensor(values, [pictures.length, 16, 16, 3]);
    for (const layer of layersModel.layers) {
      output = layer.apply(output) as tf.Tensor;
      if (layer.name === name) break;
    }
    const means = output.rank === 4 ? tf.mean(output, [1, 2]) : output;
    const rows = (await means.array()) as number[][];
    return rows.map((row) => normalise(Float32Array.from(row)));
  }

  it('gives what TensorFlow.js itself gives, at its output and at a layer inside', async () => {
    expect(furthest(await vectorsOf('layered'), await expected('pooled'))).toBeLessThan(1e-5);
    expect(furthest(await vectorsOf('layered', 'early'), await expected('early'))).toBeLessThan(1e-5);
    expect(furthest(await vectorsOf('layered', 'scores'), await expected('scores'))).toBeLessThan(1e-5);
  });
});

it('a manifest that does not fit its model is refused with what the model has', async () => {
  await writeManifest(folder, 'misfit', {
    folder: 'layered',
    preprocessing: { resize: 'squash', size: 32, ...plain },
    input: 'picture',
    output: 'pooled',
    dimension: 7,
  });
  const message = await openEncoder('misfit', {}).catch((error: Error) => error.message);
  expect(message).toContain('no input picture');
  expect(message).toContain('the output pooled has 12 numbers, not 7');
  expect(message).toMatch(/float32\[\?,3,16,16\]/);
});
