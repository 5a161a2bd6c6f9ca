/**
 * A CLIP ViT-B/32 of full size with random weights, for measurements of speed alone: written once as two ONNX graphs
 * below the derived files (about 600 MB), with nothing downloaded and no Python.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OnnxFile } from '../onnx-file.js';
import { derivedPath, projectPath } from '../paths.js';
import type { Preprocessing } from '../types.js';

export interface ClipB32 {
  folder: string;
  vision: string;
  text: string;
  /** CLIP's own where it lies beside the checkout, else a stand-in that knows whole words only. */
  tokenizer: string;
}

/** Raised when the graphs change: old files are written anew. */
const VERSION = 1;

/** OpenAI's preprocessor_config.json of clip-vit-base-patch32. */
export const PREPROCESSING: Preprocessing = {
  resize: 'shortest',
  size: 224,
  interpolation: 'bicubic',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** Sizes of a tower, as in the model's config.json. */
interface Tower {
  width: number;
  heads: number;
  layers: number;
}

const VISION: Tower = { width: 768, heads: 12, layers: 12 };
const TEXT: Tower = { width: 512, heads: 8, layers: 12 };
export const DIMENSION = 512;
const VOCABULARY = 49_408;
const START_ID = 49_406;
export const CONTEXT = 77;
export const END_ID = 49_407;

/** The files, written if they are not there yet. */
export async function makeClipB32(say: (line: string) => void): Promise<ClipB32> {
  const folder = derivedPath('bench', 'clip-b32', `v${VERSION}`);
  const towers = join(folder, 'onnx');
  await mkdir(towers, { recursive: true });
  const files = { vision: join(towers, 'vision_model.onnx'), text: join(towers, 'text_model.onnx') };
  const graphs = { vision: visionGraph, text: textGraph };
  for (const side of ['vision', 'text'] as const) {
    if (existsSync(files[side])) continue;
    await graphs[side]().write(`${files[side]}.part`);
    await rename(`${files[side]}.part`, files[side]);
    say(`wrote random weights: ${files[side]} (${((await stat(files[side])).size / 1e6).toFixed(0)} MB)`);
  }
  await writeSettings(folder);
  const own = projectPath('../shared/golden/tokenizer/tokenizer.json');
  if (existsSync(own)) return { folder, ...files, tokenizer: own };
  const standIn = join(folder, 'tokenizer.json');
  await writeFile(standIn, JSON.stringify(STAND_IN));
  say('the tokenizer is a stand-in of whole words, for CLIP’s own does not lie beside the checkout');
  return { folder, ...files, tokenizer: standIn };
}

/** pixel_values float32[B, 3, 224, 224] → image_embeds float32[B, 512]. */
function visionGraph(): OnnxFile {
  const file = new OnnxFile();
  const draw = randomWeights(1);
  const { width } = VISION;
  const pixels = file.input('pixel_values', 'float32', ['batch', 3, 224, 224]);
  const patches = file.node('Conv', [pixels, file.weight([width, 3, 32, 32], draw)], {
    kernel_shape: { ints: [32, 32] },
    strides: { ints: [32, 32] },
  });
  // [B, 768, 7, 7] → [B, 49, 768]
  const cells = file.node('Reshape', [patches, file.ints([0, width, 49])]);
  const tokens = file.node('Transpose', [cells], { perm: { ints: [0, 2, 1] } });
  const batch = file.node('Slice', [file.node('Shape', [pixels]), file.ints([0]), file.ints([1])]);
  const shape = file.node('Concat', [batch, file.ints([1, width])], { axis: { int: 0 } });
  const first = file.node('Expand', [file.weight([1, 1, width], draw), shape]);
  const all = file.node('Concat', [first, tokens], { axis: { int: 1 } });
  const placed = file.node('Add', [all, file.weight([1, 50, width], draw)]);
  let hidden = layerNorm(file, placed, width);
  for (let layer = 0; layer < VISION.layers; layer++) hidden = block(file, hidden, { tower: VISION, draw });
  const pooled = file.node('Gather', [hidden, file.node('Squeeze', [file.ints([0])])], { axis: { int: 1 } });
  const projection = file.weight([width, DIMENSION], draw);
  file.node('MatMul', [layerNorm(file, pooled, width), projection], {}, 'image_embeds');
  file.output('image_embeds', 'float32', ['batch', DIMENSION]);
  return file;
}

/** input_ids int64[B, L] → text_embeds float32[B, 512], read at the highest id, which is the end of the text. */
function textGraph(): OnnxFile {
  const file = new OnnxFile();
  const draw = randomWeights(2);
  const { width } = TEXT;
  const ids = file.input('input_ids', 'int64', ['batch', 'length']);
  const words = file.node('Gather', [file.weight([VOCABULARY, width], draw), ids]);
  const length = file.node('Slice', [file.node('Shape', [ids]), file.ints([1]), file.ints([2])]);
  const places = file.weight([CONTEXT, width], draw);
  const placed = file.node('Add', [
    words,
    file.node('Slice', [places, file.ints([0]), length, file.ints([0])]),
  ]);
  const lengths = file.node('Concat', [length, length], { axis: { int: 0 } });
  const future = file.weight([CONTEXT, CONTEXT], () => futureMask());
  const mask = file.node('Slice', [future, file.ints([0, 0]), lengths, file.ints([0, 1])]);
  let hidden = placed;
  for (let layer = 0; layer < TEXT.layers; layer++) hidden = block(file, hidden, { tower: TEXT, draw, mask });
  const last = file.node('ArgMax', [ids], { axis: { int: 1 }, keepdims: { int: 1 } });
  const pooled = file.node('GatherND', [layerNorm(file, hidden, width), last], { batch_dims: { int: 1 } });
  file.node('MatMul', [pooled, file.weight([width, DIMENSION], draw)], {}, 'text_embeds');
  file.output('text_embeds', 'float32', ['batch', DIMENSION]);
  return file;
}

interface BlockOptions {
  tower: Tower;
  draw: (count: number) => Float32Array;
  /** [L, L], added to the attention's logits. */
  mask?: string;
}

/** One residual block: attention, then an MLP with the quick GELU x · sigmoid(1.702 x). float32[B, L, width]. */
function block(file: OnnxFile, input: string, { tower, draw, mask }: BlockOptions): string {
  const { width, heads } = tower;
  const linear = (x: string, from: number, to: number): string =>
    file.node('Add', [file.node('MatMul', [x, file.weight([from, to], draw)]), file.weight([to], draw)]);
  const split = (x: string, perm: number[]): string =>
    file.node('Transpose', [file.node('Reshape', [x, file.ints([0, -1, heads, width / heads])])], {
      perm: { ints: perm },
    });
  const x = layerNorm(file, input, width);
  const scaled = file.node('Mul', [linear(x, width, width), file.scalar((width / heads) ** -0.5)]);
  const query = split(scaled, [0, 2, 1, 3]);
  const key = split(linear(x, width, width), [0, 2, 3, 1]);
  const value = split(linear(x, width, width), [0, 2, 1, 3]);
  const logits = file.node('MatMul', [query, key]);
  const seen = mask === undefined ? logits : file.node('Add', [logits, mask]);
  const attended = file.node('MatMul', [file.node('Softmax', [seen], { axis: { int: -1 } }), value]);
  const joined = file.node('Transpose', [attended], { perm: { ints: [0, 2, 1, 3] } });
  const flat = file.node('Reshape', [joined, file.ints([0, -1, width])]);
  const middle = file.node('Add', [input, linear(flat, width, width)]);
  const wide = linear(layerNorm(file, middle, width), width, 4 * width);
  const gate = file.node('Sigmoid', [file.node('Mul', [wide, file.scalar(1.702)])]);
  return file.node('Add', [middle, linear(file.node('Mul', [wide, gate]), 4 * width, width)]);
}

function layerNorm(file: OnnxFile, input: string, width: number): string {
  const ones = file.weight([width], (count) => new Float32Array(count).fill(1));
  const zeros = file.weight([width], (count) => new Float32Array(count));
  return file.node('LayerNormalization', [input, ones, zeros], {
    axis: { int: -1 },
    epsilon: { float: 1e-5 },
  });
}

/** 0 where a token may look, a large negative number where it would see the future; float32[77, 77]. */
function futureMask(): Float32Array {
  return Float32Array.from({ length: CONTEXT * CONTEXT }, (_, at) =>
    at % CONTEXT > Math.floor(at / CONTEXT) ? -1e9 : 0,
  );
}

/** Evenly spread weights of deviation 0.02, the same on every machine: Marsaglia's xorshift of 32 bits. */
function randomWeights(seed: number): (count: number) => Float32Array {
  const scale = (0.02 * Math.sqrt(3)) / 2 ** 31;
  let state = seed * 0x9e3779b1;
  return (count) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      values[i] = state * scale;
    }
    return values;
  };
}

/** The settings that another library needs to open the same files. */
async function writeSettings(folder: string): Promise<void> {
  const { mean, std, size } = PREPROCESSING;
  const tower = ({ width, heads, layers }: Tower): object => ({
    hidden_size: width,
    intermediate_size: 4 * width,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    projection_dim: DIMENSION,
  });
  const config = {
    model_type: 'clip',
    architectures: ['CLIPModel'],
    projection_dim: DIMENSION,
    vision_config: { model_type: 'clip_vision_model', image_size: size, patch_size: 32, ...tower(VISION) },
    text_config: { model_type: 'clip_text_model', vocab_size: VOCABULARY, ...tower(TEXT) },
  };
  const preprocessor = {
    image_processor_type: 'CLIPImageProcessor',
    feature_extractor_type: 'CLIPFeatureExtractor',
    do_resize: true,
    size: { shortest_edge: size },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: size, width: size },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
    do_convert_rgb: true,
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'preprocessor_config.json'), JSON.stringify(preprocessor));
}

/** As much of CLIP's tokenizer as a measurement needs: lower case, words, start and end. */
const STAND_IN = {
  version: '1.0',
  truncation: null,
  padding: null,
  decoder: null,
  added_tokens: [START_ID, END_ID].map((id) => ({
    id,
    content: `<${id}>`,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: `<${START_ID}>`, type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: `<${END_ID}>`, type_id: 0 } },
    ],
    pair: [],
    special_tokens: Object.fromEntries(
      [START_ID, END_ID].map((id) => [`<${id}>`, { id: `<${id}>`, ids: [id], tokens: [`<${id}>`] }]),
    ),
  },
  model: {
    type: 'WordLevel',
    vocab: {
      unknown: 0,
      a: 1,
      photo: 2,
      of: 3,
      red: 4,
      car: 5,
      [`<${START_ID}>`]: START_ID,
      [`<${END_ID}>`]: END_ID,
    },
    unk_token: 'unknown',
  },
};
