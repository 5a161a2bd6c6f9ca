import { pixelValues } from './arithmetic/pixel-values.js';
import { poolRow } from './arithmetic/pooling.js';
import { LookbookError } from './errors.js';
import { type Expected, refuseMisfits } from './graph-checks.js';
import { constantFeeds, inRuns } from './graph-feeds.js';
import { openGraph } from './graphs.js';
import type { GraphManifest } from './models/manifest.js';
import type { DeviceOptions, OnnxModel, TensorData } from './onnx.js';
import type { Pixels, Pooling } from './types.js';

/** What one picture gave at one output: values of the dims after the batch. */
export interface Features {
  data: Float32Array;
  dims: number[];
}

export interface PictureGraph {
  readonly lanes: number;
  /**
   * The graph's outputs for each picture; a picture that has passed before is not passed again.
   * @param outputs what is needed of pictures that nobody else will look at: crops cost a part of the graph only.
   */
  look(pictures: readonly Pixels[], outputs?: readonly string[]): Promise<Record<string, Features>[]>;
  close(): Promise<void>;
}

/** What a manifest says of the graph that looks at pictures. */
export type PictureGraphRule = Pick<
  GraphManifest,
  'name' | 'input' | 'preprocessing' | 'constants' | 'batch' | 'pixels'
>;

export interface PictureGraphOptions extends DeviceOptions {
  /** All outputs that this user of the graph will read. */
  outputs: readonly string[];
  /** Those of them, and of other users' outputs, that are inside the graph: users who add the same share its passes. */
  added?: readonly string[] | undefined;
  /** The last dimension of one of them, where the manifest knows it. */
  dimension?: { output: string; size: number };
}

interface SharedGraph {
  model: Promise<OnnxModel>;
  users: number;
  /** The union of what all users read, so that the first pass serves the others. */
  outputs: Set<string>;
  passed: WeakMap<Pixels, Promise<Record<string, Features>>>;
}

const open = new Map<string, SharedGraph>();

/**
 * Opens a graph that looks at pictures. Users of one file share it and share its passes: an encoder and a
 * segmenter of one model cost one pass a picture, whoever asks first. A pass is kept as long as its Pixels.
 * @throws LookbookError when the graph lacks the named input or outputs.
 */
export async function openPictureGraph(
  rule: PictureGraphRule,
  path: string,
  options: PictureGraphOptions,
): Promise<PictureGraph> {
  const { device, deviceId, threads, lanes, outputs: wanted, added = [] } = options;
  const place = { device, deviceId, threads, lanes, manyRuns: true, added };
  // Passes are shared by those alone who show the graph the same numbers.
  const { input, preprocessing, constants, batch, pixels } = rule;
  const key = JSON.stringify([path, place, input, preprocessing, constants, batch, pixels]);
  const shared = open.get(key) ?? {
    model: openGraph(path, place),
    users: 0,
    outputs: new Set<string>(),
    passed: new WeakMap(),
  };
  open.set(key, shared);
  shared.users++;
  try {
    refuseMisfits(await shared.model, expectedOf(rule, options));
  } catch (error) {
    await leave(key, shared);
    throw error;
  }
  const model = await shared.model;
  let left: Promise<void> | undefined;
  for (const name of wanted) shared.outputs.add(name);
  return {
    lanes: model.lanes,
    look(pictures, outputs) {
      if (outputs) return passBatch(model, pictures, rule, outputs);
      const fresh = [...new Set(pictures)].filter((pixels) => !shared.passed.has(pixels));
      if (fresh.length) {
        const pass = passBatch(model, fresh, rule, [...shared.outputs]);
        for (const [index, pixels] of fresh.entries())
          shared.passed.set(
            pixels,
            pass.then((all) => all[index]!),
          );
        // A pass that failed is not remembered: the pictures of its batch may be tried one by one.
        pass.catch(() => {
          for (const pixels of fresh) shared.passed.delete(pixels);
        });
      }
      return Promise.all(pictures.map((pixels) => shared.passed.get(pixels)!));
    },
    close() {
      left ??= leave(key, shared);
      return left;
    },
  };
}

async function leave(key: string, shared: SharedGraph): Promise<void> {
  shared.users--;
  if (shared.users > 0) return;
  if (open.get(key) === shared) open.delete(key);
  // A graph that never opened has nothing to release; its error has reached the caller already.
  await shared.model.then(
    (model) => model.close(),
    () => undefined,
  );
}

async function passBatch(
  model: OnnxModel,
  pictures: readonly Pixels[],
  rule: PictureGraphRule,
  outputs: readonly string[],
): Promise<Record<string, Features>[]> {
  const together = rule.pixels === 'hwc' ? 1 : (rule.batch ?? Math.max(1, pictures.length));
  const runs = inRuns(pictures, together);
  const passed = await Promise.all(
    runs.map(async (run) => {
      const results = await model.run(feedsOf(run, rule), outputs);
      return run.map((_, index) =>
        Object.fromEntries(outputs.map((name) => [name, featuresOf(results[name], index, { name, model })])),
      );
    }),
  );
  return passed.flat();
}

function feedsOf(pictures: readonly Pixels[], rule: PictureGraphRule): Record<string, TensorData> {
  if (rule.pixels === 'hwc') {
    const { data, width, height } = pictures[0]!;
    const plain: TensorData = {
      type: 'float32',
      data: Float32Array.from(data),
      dims: [height, width, 3],
    };
    return { ...constantFeeds(rule.constants, 1), [rule.input]: plain };
  }
  // A graph of a fixed batch gets its last picture again and again, until it is full.
  const rows = rule.batch ?? pictures.length;
  const full = Array.from({ length: rows }, (_, row) => pictures[Math.min(row, pictures.length - 1)]!);
  return {
    ...constantFeeds(rule.constants, rows),
    [rule.input]: { type: 'float32', ...pixelValues(full, rule.preprocessing) },
  };
}

function featuresOf(
  tensor: TensorData | undefined,
  index: number,
  at: { name: string; model: OnnxModel },
): Features {
  if (tensor?.type !== 'float32') {
    throw new LookbookError('encoder', {
      what: `the output ${at.name} of ${at.model.path} is not usable`,
      got: tensor?.type ?? 'nothing',
      expected: 'float32',
      mend: 'Name another output in the manifest.',
    });
  }
  const dims = tensor.dims.slice(1);
  const length = dims.reduce((product, dim) => product * dim, 1);
  return { data: tensor.data.subarray(index * length, (index + 1) * length), dims };
}

/**
 * A picture's vector at an output, float32[dimension], not yet normalised.
 * @throws LookbookError when the output holds tokens or cells and the manifest does not say how they become one.
 */
export function vectorAt(
  { data, dims }: Features,
  manifest: { name: string; output: string; pooling?: Pooling },
): Float32Array {
  const vector = poolRow(data, dims, { pooling: manifest.pooling });
  if (vector) return vector;
  throw new LookbookError('encoder', {
    what: `the output ${manifest.output} of ${manifest.name} is not one vector a picture`,
    got: `[${dims}] a picture${manifest.pooling ? ` and the pooling ${manifest.pooling}` : ''}`,
    expected: '[D], or tokens [T, D] or cells [C, h, w] and a pooling that fits them',
    mend: 'Name another output in the manifest, or say cls, mean or patch-mean in its field pooling.',
  });
}

function expectedOf(rule: PictureGraphRule, options: PictureGraphOptions): Expected {
  const { name, input, constants, preprocessing, batch, pixels } = rule;
  const { outputs, dimension } = options;
  const isFree = preprocessing.resize === 'within' || pixels === 'hwc';
  const further = Object.entries(constants ?? {}).map(([constant, { type }]) => [constant, type]);
  const size = (output: string): number | null => (output === dimension?.output ? dimension.size : null);
  return {
    name,
    inputs: { ...Object.fromEntries(further), [input]: 'float32' },
    outputs: Object.fromEntries(outputs.map((output) => [output, size(output)])),
    ...(pixels === 'hwc' ? {} : { batch: { input, size: batch } }),
    ...(isFree ? {} : { square: { input, size: preprocessing.size } }),
  };
}
