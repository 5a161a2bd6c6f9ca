/** The nearest of a block among a block, as a graph of TensorFlow.js: for its GPUs, and where onnxruntime is not to be had. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasTensorflowGpu, openTensorflowModel } from '../tensorflow.js';
import { type NearestGraph, unitRows } from './neighbours-graph.js';

/** @throws LookbookError when TensorFlow.js, or the place for temporary files, cannot be used. */
export async function openNearestTensorflow(): Promise<NearestGraph> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-nearest-'));
  try {
    const path = join(folder, 'model.json');
    await writeFile(path, JSON.stringify({ modelTopology: { node: nearestNodes() } }));
    const model = await openTensorflowModel(path);
    // NVIDIA's GPUs multiply in TensorFloat-32 unless they are told otherwise.
    const bits = (await hasTensorflowGpu()) ? 11 : 24;
    return {
      way: 'tfjs',
      lanes: model.lanes,
      bits,
      async nearest(queries, keys, most) {
        const { nearest, 'nearest:1': places } = await model.run(
          {
            queries: unitRows(queries),
            keys: unitRows(keys),
            most: { type: 'int32', data: Int32Array.of(most), dims: [] },
          },
          ['nearest', 'nearest:1'],
        );
        if (places?.type !== 'int32' || nearest?.type !== 'float32')
          throw new TypeError('the graph of nearest rows answers in other types than it was written with');
        return { most, indices: places.data, cosines: nearest.data };
      },
      close: () => model.close(),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** [queries, dimension] · [keys, dimension]ᵀ → [queries, keys] → the best of each row */
function nearestNodes(): object[] {
  const rows = { dim: [{ size: '-1' }, { size: '-1' }] };
  const float = { type: 'DT_FLOAT' };
  const matrix = { dtype: float, shape: { shape: rows } };
  return [
    { name: 'queries', op: 'Placeholder', attr: matrix },
    { name: 'keys', op: 'Placeholder', attr: matrix },
    { name: 'most', op: 'Placeholder', attr: { dtype: { type: 'DT_INT32' } } },
    {
      name: 'products',
      op: 'MatMul',
      input: ['queries', 'keys'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: true } },
    },
    { name: 'nearest', op: 'TopKV2', input: ['products', 'most'], attr: { T: float, sorted: { b: true } } },
  ];
}
