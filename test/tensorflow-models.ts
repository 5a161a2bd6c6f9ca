/** Models of TensorFlow.js that tests write themselves. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import type { ImageEncoderManifest } from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';

/** The embedded image tower as a GraphModel, by the training code's own converter. */
export async function writePictoclip(folder: string): Promise<void> {
  const script = projectPath('models/pictoclip/training/tfjs.mjs');
  await promisify(execFile)(process.execPath, [script, projectPath('models/pictoclip/image.onnx'), folder]);
}

/** Puts a manifest into a folder for LOOKBOOK_MODELS, as a person would. */
export async function writeManifest(
  folder: string,
  name: string,
  rule: Omit<ImageEncoderManifest, 'name' | 'family' | 'title' | 'licence' | 'source' | 'files'>,
): Promise<void> {
  const manifest = {
    title: name,
    family: 'image-encoder',
    licence: 'none',
    source: 'test',
    files: { image: { path: 'model.json', bytes: null, sha256: null } },
    ...rule,
  };
  await writeFile(join(folder, `${name}.json`), JSON.stringify(manifest));
}

/** A small network of random weights that are the same each time, saved as TensorFlow.js saves it. */
export async function writeLayersModel(folder: string): Promise<layers.LayersModel> {
  tf.enableProdMode();
  await tf.setBackend('cpu');
  const random = (seed: number): ReturnType<typeof layers.initializers.randomNormal> =>
    layers.initializers.randomNormal({ mean: 0, stddev: 0.3, seed });
  const model = layers.sequential({
    layers: [
      layers.layers.conv2d({
        inputShape: [16, 16, 3],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        activation: 'relu',
        kernelInitializer: random(1),
        name: 'early',
      }),
      layers.layers.batchNormalization({ gammaInitializer: random(2), name: 'norm' }),
      layers.layers.conv2d({ filters: 12, kernelSize: 3, kernelInitializer: random(3), name: 'late' }),
      layers.layers.globalAveragePooling2d({ name: 'pooled' }),
      layers.layers.dense({ units: 6, kernelInitializer: random(4), name: 'scores' }),
    ],
  });
  await mkdir(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const bytes = Buffer.from(tf.io.CompositeArrayBuffer.join(weightData));
      const half = Math.floor(bytes.length / 2);
      const paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
      await writeFile(join(folder, paths[0]!), bytes.subarray(0, half));
      await writeFile(join(folder, paths[1]!), bytes.subarray(half));
      const weightsManifest = [{ paths, weights: weightSpecs }];
      await writeFile(
        join(folder, 'model.json'),
        JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }),
      );
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return model;
}

/** A step of a GraphModel; what it reads are names of others. */
export interface GraphStep {
  name: string;
  op: string;
  input?: string[];
  attr?: object;
}

/** A GraphModel with the input `image`, [B, 2, 2, 3], and the weights `halves`, [3] of 1 byte each: 0, 0.5 and 1. */
export async function writeGraphModel(folder: string, steps: readonly GraphStep[]): Promise<string> {
  const dim = [-1, 2, 2, 3].map((size) => ({ size: String(size) }));
  const image = { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } };
  const node = [
    { name: 'image', op: 'Placeholder', attr: image },
    { name: 'halves', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } },
    ...steps,
  ];
  const quantization = { dtype: 'uint8', scale: 0.5, min: 0 };
  const weights = [{ name: 'halves', shape: [3], dtype: 'float32', quantization }];
  const path = join(folder, 'model.json');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'weights.bin'), Uint8Array.of(0, 1, 2));
  await writeFile(
    path,
    JSON.stringify({ modelTopology: { node }, weightsManifest: [{ paths: ['weights.bin'], weights }] }),
  );
  return path;
}
