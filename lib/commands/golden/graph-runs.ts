import { pixelValues } from '../../arithmetic/pixel-values.js';
import { preprocess } from '../../arithmetic/resampling.js';
import { type OnnxModel, openOnnxModel, type TensorData } from '../../onnx.js';
import { decoded } from './exact-inputs.js';
import { ruleNamed } from './families.js';
import { floats, type GoldenFolder, type StoredTensor } from './folder.js';
import { most } from './model-differences.js';

/** Every n-th value of the last two dimensions, the first of those before them. */
export type Sample = StoredTensor & { offset: number; stride: number };

export type FloatTensor = Extract<TensorData, { type: 'float32' }>;

export function graphOf(folder: GoldenFolder, model: string): string {
  return `${folder.path}/models/${model}/onnx/model.onnx`;
}

/** One picture of a segmenter's goldens as its input, resized as the reference does. */
export async function pictureFeed(
  folder: GoldenFolder,
  at: { model: string; image: string; family: string },
): Promise<FloatTensor> {
  const rule = ruleNamed(at.family);
  const pixels = preprocess(await decoded(`${folder.path}/models/${at.model}/${at.image}`), rule);
  return { type: 'float32', ...pixelValues([pixels], rule) };
}

/** Opens a graph for one run. */
export async function run(
  path: string,
  feeds: Record<string, TensorData>,
  outputs: readonly string[],
): Promise<FloatTensor[]> {
  const model: OnnxModel = await openOnnxModel(path, { lanes: 1 });
  try {
    const results = await model.run(feeds, outputs);
    return outputs.map((name) => {
      const tensor = results[name];
      if (tensor?.type !== 'float32') throw new Error(`${path} gave no ${name}`);
      return tensor;
    });
  } finally {
    await model.close();
  }
}

/** Some rows of the second dimension: float32[1, P, …] → float32[1, rows, …]. */
export function chosen(tensor: FloatTensor, rows: readonly number[]): FloatTensor {
  const [, , ...rest] = tensor.dims;
  const length = rest.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from(
    rows.flatMap((row) => [...tensor.data.subarray(row * length, (row + 1) * length)]),
  );
  return { type: 'float32', data, dims: [1, rows.length, ...rest] };
}

/** The largest difference at the places of the sample, whose planes are the first of the tensor's. */
export function offSample({ data, dims }: FloatTensor, sample: Sample): number {
  const [height, width] = dims.slice(-2) as [number, number];
  const [rows, columns] = sample.shape.slice(-2) as [number, number];
  const expected = floats(sample);
  const taken = Float32Array.from(expected, (_, at) => {
    const plane = Math.floor(at / (rows * columns));
    const y = sample.offset + (Math.floor(at / columns) % rows) * sample.stride;
    const x = sample.offset + (at % columns) * sample.stride;
    return data[(plane * height + y) * width + x]!;
  });
  return most([taken], [expected]);
}
