/** The nearest of a block among a block, as a graph of onnxruntime: one multiplication of matrices and its best k. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScaledRows } from '../arithmetic/neighbours.js';
import { type DeviceOptions, openOnnxModel } from '../onnx.js';
import { OnnxFile } from '../onnx-file.js';

/** The best `most` keys of each query by a float32 cosine, best first: int32[queries, most], float32[queries, most]. */
export interface RoughNearest {
  most: number;
  indices: Int32Array;
  cosines: Float32Array;
}

export interface NearestGraph {
  readonly way: 'onnx' | 'tfjs';
  /** How many blocks can be under way at once. */
  readonly lanes: number;
  /** Bits that count of each number that is multiplied: 24 of a float32, 11 where a GPU rounds it first. */
  readonly bits: 24 | 11;
  nearest(queries: ScaledRows, keys: ScaledRows, most: number): Promise<RoughNearest>;
  close(): Promise<void>;
}

/** @throws LookbookError when onnxruntime, or the place for temporary files, cannot be used. */
export async function openNearestGraph(options: DeviceOptions = {}): Promise<NearestGraph> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-nearest-'));
  try {
    const path = join(folder, 'nearest.onnx');
    await nearestFile().write(path);
    const model = await openOnnxModel(path, options);
    return {
      way: 'onnx',
      lanes: model.lanes,
      bits: 24,
      async nearest(queries, keys, most) {
        const { indices, cosines } = await model.run(
          {
            queries: unitRows(queries),
            keys: unitRows(keys),
            most: { type: 'int64', data: BigInt64Array.of(BigInt(most)), dims: [1] },
          },
          ['cosines', 'indices'],
        );
        if (indices?.type !== 'int32' || cosines?.type !== 'float32')
          throw new TypeError('the graph of nearest rows answers in other types than it was written with');
        return { most, indices: indices.data, cosines: cosines.data };
      },
      close: () => model.close(),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nearestFile(): OnnxFile {
  const file = new OnnxFile();
  const queries = file.input('queries', 'float32', ['queries', 'dimension']);
  const keys = file.input('keys', 'float32', ['keys', 'dimension']);
  const most = file.input('most', 'int64', [1]);
  // [queries, dimension] · [keys, dimension]ᵀ → [queries, keys]
  const products = file.node('Gemm', [queries, keys], { transB: { int: 1 } });
  const [cosines, indices] = file.pair('TopK', [products, most]);
  file.node('Identity', [cosines], {}, 'cosines');
  // Whole numbers of 64 bits would each become an object in JavaScript.
  file.node('Cast', [indices], { to: { int: 6 } }, 'indices');
  file.output('cosines', 'float32', ['queries', 'most']);
  file.output('indices', 'int32', ['queries', 'most']);
  return file;
}

/** A normalised copy: the runtime's thread takes the memory over. */
export function unitRows({ values, scales, dimension }: ScaledRows): {
  type: 'float32';
  data: Float32Array;
  dims: number[];
} {
  const data = new Float32Array(scales.length * dimension);
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (let at = row * dimension; at < (row + 1) * dimension; at++) data[at] = values[at]! * scale;
  }
  return { type: 'float32', data, dims: [scales.length, dimension] };
}
