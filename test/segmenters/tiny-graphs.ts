/** Segmenters of a few weights that see colours: every family can be opened and asked without any download. */
import { join } from 'node:path';
import { checkManifest, type InstanceManifest, type SemanticManifest } from '#lib/models/manifest.js';
import { OnnxFile } from '#lib/onnx-file.js';
import type { PictureGraph } from '#lib/picture-graph.js';
import type { Pixels } from '#lib/types.js';

export const COLOURS = ['ground', 'red', 'green', 'blue'] as const;

const facts = {
  title: 'Colours, made by a test',
  licence: 'Apache-2.0',
  source: 'models/ of a test',
  files: { image: { path: 'model.onnx', bytes: null, sha256: null } },
  input: 'pixel_values',
};
const colours = { interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] };

/** pixel_values [B, 3, h, w] of 0..1 → how much each cell of 4 × 4 pixels is red, green and blue: −8 … 8. */
function colourCells(file: OnnxFile, side: number | string): string {
  const input = file.input('pixel_values', 'float32', ['batch', 3, side, side === 'h' ? 'w' : side]);
  const cells = file.node('AveragePool', [input], {
    kernel_shape: { ints: [4, 4] },
    strides: { ints: [4, 4] },
  });
  // 16 · (own − others) − 8: +8 for the pure colour, −8 for black and grey.
  const weights = file.weight([3, 3, 1, 1], () => Float32Array.of(16, -16, -16, -16, 16, -16, -16, -16, 16));
  const bias = file.weight([3], () => Float32Array.of(-8, -8, -8));
  return file.node('Conv', [cells, weights, bias]);
}

/** A class map of four colours on 16 × 16 cells. */
export async function writeSemantic(folder: string): Promise<{ manifest: SemanticManifest; image: string }> {
  const file = new OnnxFile();
  const cells = colourCells(file, 64);
  const red = file.node('Slice', [cells, file.ints([0]), file.ints([1]), file.ints([1])]);
  const ground = file.node('Mul', [red, file.scalar(0)]);
  file.node('Concat', [ground, cells], { axis: { int: 1 } }, 'logits');
  file.output('logits', 'float32', ['batch', 4, 16, 16]);
  const image = join(folder, 'semantic.onnx');
  await file.write(image);
  const value = {
    ...facts,
    family: 'semantic',
    preprocessing: { resize: 'squash', size: 64, ...colours },
    output: 'logits',
    labels: COLOURS,
    background: 0,
  };
  return { manifest: (await checkManifest(value, 'colours', 'a test')) as SemanticManifest, image };
}

/**
 * Four queries, the ground (a class without a name) and one a colour, with the inputs and outputs of DETR, or of
 * MaskFormer (no mask of pixels, sides that are multiples of 32). A query whose colour is nowhere says "no object".
 */
export async function writeInstance(
  folder: string,
  form: 'detr' | 'maskformer',
): Promise<{ manifest: InstanceManifest; image: string }> {
  const names =
    form === 'detr'
      ? { classes: 'logits', masks: 'pred_masks' }
      : { classes: 'class_queries_logits', masks: 'masks_queries_logits' };
  const file = new OnnxFile();
  const colourMasks = colourCells(file, 'h');
  const red = file.node('Slice', [colourMasks, file.ints([0]), file.ints([1]), file.ints([1])]);
  const ground = file.node('Add', [file.node('Mul', [red, file.scalar(0)]), file.scalar(0.7)]);
  const cells = file.node('Concat', [ground, colourMasks], { axis: { int: 1 } });
  if (form === 'detr') file.input('pixel_mask', 'int64', ['batch', 64, 64]);
  file.node('Mul', [cells, file.scalar(1)], {}, names.masks);
  const strongest = file.node('GlobalMaxPool', [cells]);
  const rows = file.node('Reshape', [strongest, file.ints([-1, 4, 1])]);
  // Of labels ground, red, green, blue and "no object": its own, or the last.
  const own = file.weight([1, 4, 5], () =>
    Float32Array.from({ length: 20 }, (_, at) => (at % 5 === Math.floor(at / 5) ? 5 : 0)),
  );
  const none = file.weight([1, 1, 5], () => Float32Array.of(0, 0, 0, 0, 1));
  file.node('Add', [file.node('Mul', [rows, own]), none], {}, names.classes);
  file.output(names.classes, 'float32', ['batch', 4, 5]);
  file.output(names.masks, 'float32', ['batch', 4, 'mask h', 'mask w']);
  const image = join(folder, `${form}.onnx`);
  await file.write(image);
  const within = { resize: 'within', size: 64, longest: 128, ...colours };
  const value = {
    ...facts,
    family: 'instance',
    preprocessing: form === 'detr' ? within : { ...within, multipleOf: 32 },
    ...(form === 'detr'
      ? { constants: { pixel_mask: { type: 'int64', dims: ['batch', 64, 64], value: 1 } } }
      : {}),
    batch: 1,
    output: names.masks,
    labels: [null, ...COLOURS.slice(1)],
    queries: { classes: names.classes, threshold: 0.5, maskThreshold: 0.5, overlap: 0.8 },
  };
  return { manifest: (await checkManifest(value, form, 'a test')) as InstanceManifest, image };
}

/**
 * Whether a graph still holds what it gave for a picture: that comes within some turns of the queue, and what has to be
 * computed by another thread cannot.
 */
export async function isKept(graph: PictureGraph, picture: Pixels): Promise<boolean> {
  let answered = false;
  const answer = graph.look([picture]).then(() => {
    answered = true;
  });
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  const kept = answered;
  await answer;
  return kept;
}
