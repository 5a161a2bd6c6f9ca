/** Towers of a few layers with random weights: chains of products, good or bad at 8 bits. */
import { join } from 'node:path';
import { OnnxFile } from '#lib/onnx-file.js';

export const SIDE = 16;
const INPUT = 3 * SIDE * SIDE;
const WIDTH = 64;
export const DIMENSION = 32;

/** Numbers of mean 0 and deviation 1, the same every time: sums of Marsaglia's xorshift of 32 bits. */
export function draws(seed: number): (count: number, deviation?: number) => Float32Array {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
  return (count, deviation = 1) =>
    Float32Array.from({ length: count }, () => deviation * (uniform() + uniform() + uniform()));
}

export interface TowerOptions {
  layers: number;
  /**
   * Layers whose activations have a few channels three thousand times as large as the others, with weights that make up
   * for it: one scale for both leaves nothing of the others.
   */
  bad?: readonly number[];
}

/** pixel_values float32[B, 3, 16, 16] → embedding float32[B, 32], through layers of [64, 64] with a skip around each. */
export async function writeTower(folder: string, options: TowerOptions): Promise<string> {
  const file = new OnnxFile();
  const pixels = file.input('pixel_values', 'float32', ['batch', 3, SIDE, SIDE]);
  const flat = file.node('Reshape', [pixels, file.ints([0, -1])]);
  const weights = file.weight([INPUT, WIDTH], (count) => draws(5)(count, INPUT ** -0.5));
  addLayers(file, file.node('Relu', [file.node('MatMul', [flat, weights])]), options);
  const path = join(folder, `tower-${options.layers}-${(options.bad ?? []).join('-')}.onnx`);
  await file.write(path);
  return path;
}

/** input_ids int64[B, L] → embedding float32[B, 32]: the mean of its words, then layers as above. */
export async function writeTextTower(folder: string, words: number): Promise<string> {
  const file = new OnnxFile();
  const ids = file.input('input_ids', 'int64', ['batch', 'length']);
  const table = file.weight([words, WIDTH], (count) => draws(13)(count));
  const mean = file.node('ReduceMean', [file.node('Gather', [table, ids])], {
    axes: { ints: [1] },
    keepdims: { int: 0 },
  });
  const weights = file.weight([WIDTH, WIDTH], (count) => draws(17)(count, WIDTH ** -0.5));
  addLayers(file, file.node('MatMul', [mean, weights]), { layers: 4 });
  const path = join(folder, 'text.onnx');
  await file.write(path);
  return path;
}

/** float32[B, 64] → the output `embedding`, float32[B, 32]. */
function addLayers(file: OnnxFile, input: string, { layers, bad = [] }: TowerOptions): void {
  const draw = draws(7);
  let hidden = input;
  for (let layer = 0; layer < layers; layer++) {
    const large = bad.includes(layer) ? 3000 : 1;
    const channels = Float32Array.from({ length: WIDTH }, (_, at) => (at % 16 === 0 ? large : 1));
    const scaled = file.node('Mul', [hidden, file.weight([WIDTH], () => channels)]);
    const weights = file.weight([WIDTH, WIDTH], (count) => {
      const values = draw(count, WIDTH ** -0.5);
      return values.map((value, at) => value / channels[Math.floor(at / WIDTH)]!);
    });
    const product = file.node('MatMul', [scaled, weights], {}, `layer ${layer}`);
    hidden = file.node('Add', [hidden, file.node('Tanh', [product])]);
  }
  const last = file.weight([WIDTH, DIMENSION], (count) => draw(count, WIDTH ** -0.5));
  file.node('MatMul', [hidden, last], {}, 'embedding');
  file.output('embedding', 'float32', ['batch', DIMENSION]);
}
