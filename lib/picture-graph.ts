import { LookbookError } from './errors.js';
import { type Device, type OnnxModel, openOnnxModel, type TensorData } from './onnx.js';
import type { Pixels, Preprocessing } from './types.js';

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

export interface PictureGraphSpec {
  path: string;
  input: string;
  /** All outputs that this user of the graph will read. */
  outputs: readonly string[];
  preprocessing: Preprocessing;
  device?: Device;
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
export async function openPictureGraph(spec: PictureGraphSpec): Promise<PictureGraph> {
  const key = `${spec.device ?? 'cpu'} ${spec.path}`;
  const shared = open.get(key) ?? {
    model: openOnnxModel(spec.path, spec.device),
    users: 0,
    outputs: new Set<string>(),
    passed: new WeakMap(),
  };
  open.set(key, shared);
  shared.users++;
  try {
    checkNames(await shared.model, spec);
  } catch (error) {
    await leave(key, shared);
    throw error;
  }
  const model = await shared.model;
  for (const name of spec.outputs) shared.outputs.add(name);
  return {
    lanes: model.lanes,
    look(pictures, outputs) {
      if (outputs) return passBatch(model, pictures, { ...spec, outputs });
      const fresh = [...new Set(pictures)].filter((pixels) => !shared.passed.has(pixels));
      if (fresh.length) {
        const pass = passBatch(model, fresh, { ...spec, outputs: [...shared.outputs] });
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
    close: () => leave(key, shared),
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
  spec: PictureGraphSpec,
): Promise<Record<string, Features>[]> {
  const { size } = spec.preprocessing;
  const feeds: Record<string, TensorData> = {
    [spec.input]: {
      type: 'float32',
      data: pixelValues(pictures, spec.preprocessing),
      dims: [pictures.length, 3, size, size],
    },
  };
  const results = await model.run(feeds, spec.outputs);
  return pictures.map((_, index) =>
    Object.fromEntries(spec.outputs.map((name) => [name, featuresOf(results[name], index, { name, model })])),
  );
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

/** Normalised planes: uint8[H, W, 3] of each picture → float32[B, 3, H, W]. */
export function pixelValues(pictures: readonly Pixels[], rule: Preprocessing): Float32Array {
  const plane = rule.size * rule.size;
  const values = new Float32Array(pictures.length * 3 * plane);
  for (const [index, { data }] of pictures.entries()) {
    for (let channel = 0; channel < 3; channel++) {
      const scale = 1 / (255 * rule.std[channel]!);
      const shift = rule.mean[channel]! / rule.std[channel]!;
      const start = (index * 3 + channel) * plane;
      for (let i = 0; i < plane; i++) values[start + i] = data[3 * i + channel]! * scale - shift;
    }
  }
  return values;
}

function checkNames(model: OnnxModel, spec: PictureGraphSpec): void {
  const inputs = model.inputs.map(({ name }) => name);
  const outputs = model.outputs.map(({ name }) => name);
  const missing = [
    ...(inputs.includes(spec.input) ? [] : [`input ${spec.input}`]),
    ...spec.outputs.filter((name) => !outputs.includes(name)).map((name) => `output ${name}`),
  ];
  if (missing.length === 0) return;
  throw new LookbookError('encoder', {
    what: `the graph ${spec.path} lacks ${missing.join(' and ')}`,
    got: `inputs ${inputs.join(', ')}; outputs ${outputs.join(', ')}`,
    expected: 'the names that the manifest gives',
    mend: 'Correct the names in the manifest, or fetch the file that belongs to it.',
  });
}
