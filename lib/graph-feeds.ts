import type { ConstantInput } from './models/manifest.js';
import type { TensorData } from './onnx.js';

/** The inputs of a run that are always the same, for so many rows. */
export function constantFeeds(
  constants: Record<string, ConstantInput> | undefined,
  rows: number,
): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(constants ?? {}).map(([name, { type, dims, value }]) => {
      const shape = dims.map((dim) => (dim === 'batch' ? rows : dim));
      return [name, filled(type, shape, value)];
    }),
  );
}

function filled(type: ConstantInput['type'], dims: number[], value: number): TensorData {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (type === 'int64') return { type, data: new BigInt64Array(count).fill(BigInt(value)), dims };
  if (type === 'int32') return { type, data: new Int32Array(count).fill(value), dims };
  return { type, data: new Float32Array(count).fill(value), dims };
}

/** A list in parts of at most `size`. */
export function inRuns<Item>(items: readonly Item[], size: number): Item[][] {
  const runs: Item[][] = [];
  for (let start = 0; start < items.length; start += size) runs.push(items.slice(start, start + size));
  return runs;
}
