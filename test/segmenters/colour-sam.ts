import type { EverythingManifest } from '#lib/models/manifest.js';
import { OnnxFile } from '#lib/onnx-file.js';
import type { Mask, Pixels } from '#lib/types.js';

/** Pixels of the input that one cell of the maps is the mean of, on each side. */
const CELL = 4;

export interface ColourSamOptions {
  /** Pixels of the input's side (default 64). */
  side?: number;
  /** Whether grey is a thing as well (default true). */
  seesGrey?: boolean;
  /** Whether the decoder has SAM 2's further input for boxes (default false). */
  boxesInput?: boolean;
}

/** Colours nearer than this (squared, on −1..1) are one thing. */
const TOLERANCE = 0.3;

/**
 * A network with SAM's inputs and outputs that sees colours: of three masks the second holds the cells whose colour is
 * that under the point. The first is the left half of every picture, predicted to be worth 0.7; the third is the right
 * half, predicted to be worth 0.97, so near the threshold that it is not stable.
 * @returns the two graphs, `one` in the form of SAM's own export, where pictures come as bytes, prompts one at a time
 * and with an end point (without it the prediction is 0), boxes cut the masks, and a mask of everything comes first.
 */
export async function writeColourSam(
  folder: string,
  form: 'many' | 'one',
  { side = 64, seesGrey = true, boxesInput = false }: ColourSamOptions = {},
): Promise<{ files: Record<string, string>; manifest: EverythingManifest }> {
  const below = `${folder}/${form}-${side}-${seesGrey}-${boxesInput}`;
  const files = { image: `${below}-image.onnx`, decoder: `${below}-decoder.onnx` };
  await (form === 'many' ? manyImage(side) : oneImage(side)).write(files.image);
  await (form === 'many' ? manyDecoder(side, seesGrey, boxesInput) : oneDecoder(side)).write(files.decoder);
  const file = { path: 'x.onnx', bytes: null, sha256: null };
  const half: [number, number, number] = [0.5, 0.5, 0.5];
  return {
    files,
    manifest: {
      name: `colour-sam-${form}`,
      title: 'A network that sees colours',
      family: 'everything',
      licence: 'Apache-2.0',
      source: 'test/segmenters/colour-sam.ts',
      files: { image: file, decoder: file },
      preprocessing: { resize: 'longest', size: side, interpolation: 'bilinear', mean: half, std: half },
      pointsPerSide: 8,
      output: 'image_embeddings',
      ...(form === 'many'
        ? {
            input: 'pixel_values',
            batch: 1,
            prompts: {
              file: 'decoder',
              embeddings: ['image_embeddings', 'image_positional_embeddings'],
              inputs: { points: 'input_points', labels: 'input_labels' },
              labelType: 'int64',
              form: 'many',
              outputs: { scores: 'iou_scores', masks: 'pred_masks' },
              ...(boxesInput
                ? { constants: { input_boxes: { type: 'float32', dims: [1, 0, 4], value: 0 } } }
                : {}),
            },
          }
        : {
            input: 'input_image',
            pixels: 'hwc',
            prompts: {
              file: 'decoder',
              embeddings: ['image_embeddings'],
              inputs: { points: 'point_coords', labels: 'point_labels' },
              labelType: 'float32',
              form: 'one',
              outputs: { scores: 'iou_predictions', masks: 'low_res_masks' },
              constants: { orig_im_size: { type: 'float32', dims: [2], value: 64 } },
              skip: 1,
              endPoint: true,
              boxes: true,
            },
          }),
    },
  };
}

/** float32[B, 3, 64, 64] → mean colours [B, 3, 16, 16] and the cells' centres in pixels [B, 2, 16, 16]. */
function manyImage(side: number): OnnxFile {
  const cells = side / CELL;
  const file = new OnnxFile();
  const pixels = file.input('pixel_values', 'float32', ['batch', 3, side, side]);
  const colours = file.node('AveragePool', [pixels], pool(), 'image_embeddings');
  const two = file.node('Slice', [colours, file.ints([0]), file.ints([2]), file.ints([1])]);
  const nought = file.node('Mul', [two, file.scalar(0)]);
  const centres = file.weight([1, 2, cells, cells], () =>
    Float32Array.from([...centresOf(0, side), ...centresOf(1, side)]),
  );
  file.node('Add', [nought, centres], {}, 'image_positional_embeddings');
  file.output('image_embeddings', 'float32', ['batch', 3, cells, cells]);
  file.output('image_positional_embeddings', 'float32', ['batch', 2, cells, cells]);
  return file;
}

/** float32[height, width, 3] of 0..255 → normalised, filled up to 64 × 64, mean colours [1, 3, 16, 16]. */
function oneImage(side: number): OnnxFile {
  const cells = side / CELL;
  const file = new OnnxFile();
  const pixels = file.input('input_image', 'float32', ['height', 'width', 3]);
  const scaled = file.node('Mul', [pixels, file.scalar(2 / 255)]);
  const normalised = file.node('Sub', [scaled, file.scalar(1)]);
  const planes = file.node('Transpose', [normalised], { perm: { ints: [2, 0, 1] } });
  const shape = file.node('Shape', [planes]);
  const size = file.node('Slice', [shape, file.ints([1]), file.ints([3]), file.ints([0])]);
  const rest = file.node('Sub', [file.ints([side, side]), size]);
  const pads = file.node('Concat', [file.ints([0, 0, 0, 0]), rest], { axis: { int: 0 } });
  const square = file.node('Pad', [planes, pads]);
  const batch = file.node('Unsqueeze', [square, file.ints([0])]);
  file.node('AveragePool', [batch], pool(), 'image_embeddings');
  file.output('image_embeddings', 'float32', [1, 3, cells, cells]);
  return file;
}

function pool(): Parameters<OnnxFile['node']>[2] {
  return { kernel_shape: { ints: [CELL, CELL] }, strides: { ints: [CELL, CELL] } };
}

function manyDecoder(side: number, seesGrey: boolean, boxesInput: boolean): OnnxFile {
  const cells = side / CELL;
  const file = new OnnxFile();
  const colours = file.input('image_embeddings', 'float32', ['batch', 3, cells, cells]);
  const centres = file.input('image_positional_embeddings', 'float32', ['batch', 2, cells, cells]);
  const points = file.input('input_points', 'float32', ['batch', 'prompts', 'points', 2]);
  file.input('input_labels', 'int64', ['batch', 'prompts', 'points']);
  if (boxesInput) file.input('input_boxes', 'float32', ['batch', 'boxes', 4]);
  const first = file.node('Slice', [points, file.ints([0]), file.ints([1]), file.ints([2])]); // [1, P, 1, 2]
  const masks = threeMasks(file, {
    side,
    colours: listed(file, colours, 3, side),
    cells: listed(file, centres, 2, side),
    first,
  });
  const scores = file.weight([1, 1, 3], () => Float32Array.of(0.7, 0.95, 0.97));
  const isThing = file.node('Clip', [
    file.node('Add', [file.node('Mul', [masks.strength, file.scalar(100)]), file.scalar(seesGrey ? 1 : 0)]),
    file.scalar(0),
    file.scalar(1),
  ]);
  file.node('Mul', [isThing, scores], {}, 'iou_scores');
  file.node('Reshape', [masks.all, file.ints([0, 0, 3, cells, cells])], {}, 'pred_masks');
  file.output('iou_scores', 'float32', ['batch', 'prompts', 3]);
  file.output('pred_masks', 'float32', ['batch', 'prompts', 3, cells, cells]);
  return file;
}

function oneDecoder(side: number): OnnxFile {
  const many = (side / CELL) ** 2;
  const row = side / CELL;
  const file = new OnnxFile();
  const colours = file.input('image_embeddings', 'float32', [1, 3, row, row]);
  const points = file.input('point_coords', 'float32', [1, 'points', 2]);
  const labels = file.input('point_labels', 'float32', [1, 'points']);
  file.input('orig_im_size', 'float32', [2]);
  const centres = [...centresOf(0, side)].flatMap((x, cell) => [x, centresOf(1, side)[cell]!]);
  const cells = file.weight([1, 1, many, 2], () => Float32Array.from(centres));
  const first = file.node('Unsqueeze', [
    file.node('Slice', [points, file.ints([0]), file.ints([1]), file.ints([1])]),
    file.ints([1]),
  ]); // [1, 1, 1, 2]
  const masks = threeMasks(file, { side, colours: listed(file, colours, 3, side), cells, first });
  const is = (label: number): string =>
    file.node('Cast', [file.node('Equal', [labels, file.scalar(label)])], { to: { int: 1 } }); // [1, N]
  const corner = (label: number): string => {
    const own = file.node('Mul', [points, file.node('Unsqueeze', [is(label), file.ints([2])])]);
    return sum(file, own, 1, 1); // [1, 1, 2]
  };
  const [hasBox, hasEnd] = [sum(file, is(3), 1, 1), sum(file, is(-1), 1, 1)]; // [1, 1]
  const below = file.node('Sub', [cells, corner(2)]);
  const above = file.node('Sub', [corner(3), cells]);
  const inside = file.node('Min', [below, above, file.scalar(0)]); // [1, 1, 256, 2], negative outside of the box
  const outside = file.node('Mul', [sum(file, inside, 3, 0), hasBox]); // [1, 1, 256]
  const cutMasks = file.node('Add', [masks.all, file.node('Mul', [outside, file.scalar(9)])]); // [1, 1, 3, 256]
  const everything = file.node('Add', [
    file.node('Mul', [
      file.node('Slice', [masks.all, file.ints([0]), file.ints([1]), file.ints([2])]),
      file.scalar(0),
    ]),
    file.scalar(9),
  ]);
  const all = file.node('Concat', [everything, cutMasks], { axis: { int: 2 } }); // [1, 1, 4, 256]
  file.node('Reshape', [all, file.ints([1, 4, row, row])], {}, 'low_res_masks');
  const isWhole = file.node('Add', [hasBox, hasEnd]); // [1, 1]
  const scores = file.weight([1, 4], () => Float32Array.of(0.99, 0.7, 0.95, 0.97));
  file.node('Mul', [scores, isWhole], {}, 'iou_predictions');
  file.output('low_res_masks', 'float32', [1, 4, row, row]);
  file.output('iou_predictions', 'float32', [1, 4]);
  return file;
}

/** [1, channels, 16, 16] → [1, 1, 256, channels] */
function listed(file: OnnxFile, planes: string, channels: number, side: number): string {
  const flat = file.node('Reshape', [planes, file.ints([1, 1, channels, (side / CELL) ** 2])]);
  return file.node('Transpose', [flat], { perm: { ints: [0, 1, 3, 2] } });
}

function sum(file: OnnxFile, values: string, axis: number, keepdims: 0 | 1): string {
  return file.node('ReduceSum', [values, file.ints([axis])], { keepdims: { int: keepdims } });
}

interface Seen {
  side: number;
  /** [1, 1, 256, 3] */
  colours: string;
  /** [1, 1, 256, 2] */
  cells: string;
  /** [1, P, 1, 2] */
  first: string;
}

/** Logits [1, P, 3, 256], and how far from grey the colour under the point is, [1, P, 1]. */
function threeMasks(
  file: OnnxFile,
  { colours, cells, first, side }: Seen,
): { all: string; strength: string } {
  const squared = (a: string, b: string): string => {
    const difference = file.node('Sub', [a, b]);
    return sum(file, file.node('Mul', [difference, difference]), 3, 0); // [1, P, 256]
  };
  const near = file.node('Softmax', [file.node('Mul', [squared(first, cells), file.scalar(-1)])], {
    axis: { int: 2 },
  });
  const own = file.node('MatMul', [file.node('Unsqueeze', [near, file.ints([2])]), colours]); // [1, P, 1, 3]
  const distance = squared(own, colours); // [1, P, 256]
  const steep = file.node('Mul', [file.node('Sub', [file.scalar(TOLERANCE), distance]), file.scalar(1000)]);
  // Equally far from the threshold on both sides of an edge, so that masks end in the middle between two cells.
  const same = file.node('Clip', [steep, file.scalar(-99), file.scalar(99)]);
  const nowhere = file.node('Mul', [distance, file.scalar(0)]);
  const half = (left: number, right: number): string =>
    file.node('Add', [
      nowhere,
      file.weight([1, 1, (side / CELL) ** 2], () =>
        centresOf(0, side).map((x) => (x < side / 2 ? left : right)),
      ),
    ]);
  const masks = [half(9, -9), same, half(-0.8, 1.2)].map((mask) =>
    file.node('Unsqueeze', [mask, file.ints([2])]),
  );
  const all = file.node('Concat', masks, { axis: { int: 2 } });
  const strength = sum(file, file.node('Mul', [own, own]), 3, 0);
  return { all, strength };
}

/** The x or y of each cell's centre, row by row. */
function centresOf(axis: 0 | 1, side: number): Float32Array {
  const cells = side / CELL;
  return Float32Array.from(
    { length: (side / CELL) ** 2 },
    (_, cell) => ((axis === 0 ? cell % cells : Math.floor(cell / cells)) + 0.5) * CELL,
  );
}

export interface Thing {
  x: number;
  y: number;
  width: number;
  height: number;
  rgb: [number, number, number];
}

/** Coloured rectangles on middle grey, which is the colour of the filling too. */
export function paint(width: number, height: number, things: readonly Thing[]): Pixels {
  const data = new Uint8Array(width * height * 3).fill(128);
  for (const { rgb, ...box } of things)
    for (let y = box.y; y < box.y + box.height; y++)
      for (let x = box.x; x < box.x + box.width; x++) data.set(rgb, (y * width + x) * 3);
  return { data, width, height };
}

/** A rectangle as a mask of a picture. */
export function maskOf(width: number, height: number, { x, y, ...box }: Omit<Thing, 'rgb'>): Mask {
  const data = new Uint8Array(width * height);
  for (let row = y; row < y + box.height; row++) data.fill(1, row * width + x, row * width + x + box.width);
  return { data, width, height };
}
