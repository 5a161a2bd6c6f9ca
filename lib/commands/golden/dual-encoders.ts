import type { ConstantInput, DualEncoderManifest, TextTower, TokenizerRule } from '../../models/manifest.js';
import type { Preprocessing } from '../../types.js';
import { ruleNamed } from './families.js';
import { floats, type GoldenFolder, readGolden, type StoredTensor } from './folder.js';

/** A tiny model of the goldens as a manifest, its files, and what PyTorch answers. */
export interface GoldenModel<Of> {
  manifest: Of;
  files: Record<string, string>;
  /** The family of preprocessing whose stored pictures are its inputs. */
  family: string;
  images: string[];
  pictures: Float32Array[];
  texts: string[];
  words: Float32Array[];
  /** Picture × text, scale · cosine; of models that give it. */
  logits?: Float32Array[];
}

type Rows = StoredTensor | number[][];
export interface Expected {
  preprocessing?: Preprocessing;
  images: string[];
  texts: string[];
  [output: string]: unknown;
}

export const FACTS = { title: 'A golden', licence: 'Apache-2.0', source: 'test/fixtures/golden' } as const;
const SMALL_CLIP = { contextLength: 24, padId: 633, endId: 633, vocabulary: 634 } as const;
const LARGE_CLIP = { contextLength: 77, padId: 49407, endId: 49407, vocabulary: 49408 } as const;

interface Form {
  name: string;
  family: string;
  image: {
    file: string;
    input: string;
    output: string;
    constants?: Record<string, ConstantInput>;
    batch?: number;
  };
  text: Omit<TextTower, 'file' | 'tokenizer' | 'idType'> & { file: string; idType?: 'int32' };
  tokenizer: { below: string } & Omit<Extract<TokenizerRule, { kind: 'huggingface' }>, 'kind' | 'file'>;
}

const SPLIT = {
  image: { file: 'onnx/vision_model.onnx', input: 'pixel_values', output: 'image_embeds' },
  text: { file: 'onnx/text_model.onnx', inputs: { ids: 'input_ids' }, output: 'text_embeds' },
} as const;
const OPEN_CLIP = {
  image: { file: 'visual.onnx', input: 'input', output: 'output' },
  text: { file: 'textual.onnx', inputs: { ids: 'input' }, output: 'output' },
} as const;
const FIXED = {
  image: { file: 'visual/model.onnx', input: 'image', output: 'embedding', batch: 1 },
  text: {
    file: 'textual/model.onnx',
    inputs: { ids: 'text' },
    output: 'embedding',
    idType: 'int32',
    batch: 1,
  },
} as const;
const POOLER = {
  image: { ...SPLIT.image, output: 'pooler_output' },
  text: { ...SPLIT.text, output: 'pooler_output' },
} as const;

/** One graph with both sides: each wants something on the other side's inputs. */
function combined(px: number): Pick<Form, 'image' | 'text'> {
  const blank: ConstantInput = { type: 'float32', dims: [1, 3, px, px], value: 0 };
  const word: ConstantInput = { type: 'int64', dims: [1, 2], value: 1 };
  const file = 'onnx/model.onnx';
  return {
    image: { ...SPLIT.image, file, constants: { input_ids: word, attention_mask: word } },
    text: {
      file,
      inputs: { ids: 'input_ids', mask: 'attention_mask' },
      output: 'text_embeds',
      constants: { pixel_values: blank },
    },
  };
}

const CLIP_BPE = { below: 'tokenizer/clip-bpe', ...SMALL_CLIP, padTo: 'longest' } as const;
const OPEN_BPE = { ...CLIP_BPE, padTo: 'context', padId: 0, cleaning: 'open-clip' } as const;
const UNIGRAM = {
  below: 'tokenizer/siglip-unigram',
  contextLength: 24,
  padTo: 'context',
  padId: 1,
  endId: 1,
  vocabulary: 182,
} as const;
const LARGE_BPE = { below: 'tokenizer', ...LARGE_CLIP, padTo: 'longest' } as const;
const LARGE_OPEN = { ...LARGE_BPE, padTo: 'context', padId: 0, cleaning: 'open-clip' } as const;

const SMALL_FORMS: Form[] = [
  { name: 'clip-split', family: 'clip-32', ...SPLIT, tokenizer: CLIP_BPE },
  { name: 'clip-combined', family: 'clip-32', ...combined(32), tokenizer: CLIP_BPE },
  { name: 'siglip', family: 'siglip-32', ...POOLER, tokenizer: UNIGRAM },
  { name: 'open-clip', family: 'open-clip-32', ...OPEN_CLIP, tokenizer: OPEN_BPE },
  { name: 'fixed-batch', family: 'open-clip-32', ...FIXED, tokenizer: OPEN_BPE },
];

const LARGE_FORMS: Form[] = [
  { name: 'clip-tiny', family: 'clip-224', ...SPLIT, tokenizer: LARGE_BPE },
  { name: 'clip-tiny', family: 'clip-224', ...combined(224), tokenizer: LARGE_BPE },
  { name: 'openclip-form', family: 'open-clip-256', ...OPEN_CLIP, tokenizer: LARGE_OPEN },
  { name: 'immich-form', family: 'open-clip-224', ...FIXED, tokenizer: LARGE_OPEN },
];

/** What the expected values call their vectors, where it is not image_embeds and text_embeds. */
const OUTPUTS: Record<string, [string, string]> = {
  'openclip-form': ['output_images', 'output_texts'],
  'immich-form': ['embedding_images', 'embedding_texts'],
};

export async function dualEncoders(folder: GoldenFolder): Promise<GoldenModel<DualEncoderManifest>[]> {
  return Promise.all((folder.size === 'small' ? SMALL_FORMS : LARGE_FORMS).map((form) => dual(folder, form)));
}

async function dual(folder: GoldenFolder, form: Form): Promise<GoldenModel<DualEncoderManifest>> {
  const expected = await readGolden<Expected>(folder, `models/${form.name}/expected.json`);
  const [pictures, words] = (OUTPUTS[form.name] ?? ['image_embeds', 'text_embeds']).map((output) =>
    rowsOf(expected[output] as Rows),
  );
  const { file: imageFile, ...image } = form.image;
  const { file: textFile, idType = 'int64', ...text } = form.text;
  const { below, ...tokenizer } = form.tokenizer;
  const oneGraph = imageFile === textFile;
  const files: Record<string, string> = {
    image: `models/${form.name}/${imageFile}`,
    ...(oneGraph ? {} : { text: `models/${form.name}/${textFile}` }),
    tokenizer: `${below}/tokenizer.json`,
  };
  const stored = (path: string): DualEncoderManifest['files']['image'] => ({
    path,
    bytes: null,
    sha256: null,
  });
  const logits = (expected.logits_per_image ??
    (expected.combined as { logits_per_image?: Rows } | undefined)?.logits_per_image) as Rows | undefined;
  return {
    manifest: {
      ...FACTS,
      name: oneGraph ? `${form.name} in one graph` : form.name,
      family: 'dual-encoder',
      files: {
        image: stored(files.image!),
        ...Object.fromEntries(Object.entries(files).map(([r, p]) => [r, stored(p)])),
      },
      preprocessing: expected.preprocessing ?? largeRule(form.family),
      ...image,
      dimension: pictures![0]!.length,
      text: {
        ...text,
        file: oneGraph ? 'image' : 'text',
        idType,
        tokenizer: { kind: 'huggingface', file: 'tokenizer', ...tokenizer },
      },
    },
    files: Object.fromEntries(Object.entries(files).map(([role, path]) => [role, `${folder.path}/${path}`])),
    family: form.family,
    images: expected.images.map((image) => image.split('/').at(-1)!),
    pictures: pictures!,
    texts: expected.texts,
    words: words!,
    ...(oneGraph && logits ? { logits: rowsOf(logits) } : {}),
  };
}

/** open_clip's crop is that of the family without `open-`, rounded half to even. */
function largeRule(family: string): Preprocessing {
  return family.startsWith('open-')
    ? { ...ruleNamed(family.slice('open-'.length)), cropRounding: 'even' }
    : ruleNamed(family);
}

/** [rows, dimension] → one vector a row. */
export function rowsOf(stored: Rows): Float32Array[] {
  if (Array.isArray(stored)) return stored.map((row) => Float32Array.from(row));
  const [rows, dimension] = stored.shape as [number, number];
  const data = floats(stored);
  return Array.from({ length: rows }, (_, row) => data.slice(row * dimension, (row + 1) * dimension));
}
