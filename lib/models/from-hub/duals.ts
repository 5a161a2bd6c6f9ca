/** Repositories of transformers with a picture and a text side: CLIP, SigLIP, Chinese CLIP. */
import type { Preprocessing } from '../../types.js';
import type { ConstantInput, TextTower, TokenizerRule } from '../manifest.js';
import { firstOf, rolesOf, variantsOf } from './files.js';
import { type HubRepository, type ManifestBody, sizeOf } from './form.js';
import { fieldOf } from './json.js';
import { chineseClipRule, clipRule, mobileClipRule, siglipRule } from './tokenizers.js';

/** One kind of two-sided model: names of public exports, which the opener checks against the graph. */
interface Kind {
  /** Outputs of the split towers; combined graphs always say image_embeds and text_embeds. */
  split: { image: string; text: string };
  /** Whether split towers and combined graphs take a mask. */
  masks: { split: boolean; combined: boolean };
  tokenizer(text: unknown, faults: string[]): Extract<TokenizerRule, { kind: 'huggingface' }>;
  /** The field of the vectors' length: the first that there is, or else the habit. */
  dimension: { fields: string[][]; habit: number };
}

const EMBEDS = { image: 'image_embeds', text: 'text_embeds' };
const POOLED = { image: 'pooler_output', text: 'pooler_output' };
const MOST_NUMBERS = 65_536;

const PROJECTION = { fields: [['projection_dim'], ['text_config', 'projection_dim']], habit: 512 };
const SIGLIP_WIDTH = {
  fields: [
    ['text_config', 'projection_size'],
    ['vision_config', 'hidden_size'],
    ['text_config', 'hidden_size'],
  ],
  habit: 768,
};

const CLIP: Kind = {
  split: EMBEDS,
  masks: { split: false, combined: true },
  tokenizer: clipRule,
  dimension: PROJECTION,
};
const SIGLIP: Kind = {
  split: POOLED,
  masks: { split: false, combined: false },
  tokenizer: siglipRule,
  dimension: SIGLIP_WIDTH,
};
const CHINESE_CLIP: Kind = { ...CLIP, masks: { split: true, combined: true }, tokenizer: chineseClipRule };

/** By model_type of config.json. */
export const DUAL_KINDS: ReadonlyMap<string, Kind> = new Map([
  ['clip', CLIP],
  ['mobileclip', { ...CLIP, tokenizer: mobileClipRule }],
  ['siglip', SIGLIP],
  ['siglip2', SIGLIP],
  ['chinese_clip', CHINESE_CLIP],
]);

/** The towers as two graphs where the repository has them so, otherwise the one graph that holds both. */
export function readDual(
  { files, faults }: HubRepository,
  config: unknown,
  { kind, preprocessing }: { kind: Kind; preprocessing: Preprocessing },
): ManifestBody | undefined {
  if (fieldOf(config, 'vision_config', 'num_patches') !== undefined)
    faults.push('num_patches in config.json: the model takes pictures of any shape');
  const split = ['onnx/', ''].find((folder) =>
    ['vision_model', 'text_model'].every((tower) => files.has(`${folder}${tower}.onnx`)),
  );
  const combined = firstOf(files, ['onnx/model.onnx', 'model.onnx']);
  const graphs: Record<string, string> =
    split !== undefined
      ? { image: `${split}vision_model.onnx`, text: `${split}text_model.onnx` }
      : { image: combined ?? 'onnx/model.onnx' };
  if (split === undefined && combined === undefined)
    faults.push('neither onnx/vision_model.onnx with onnx/text_model.onnx nor onnx/model.onnx');
  const tokenizer = kind.tokenizer(fieldOf(config, 'text_config'), faults);
  const [given] = kind.dimension.fields
    .map((path) => fieldOf(config, ...path))
    .filter((size) => size !== undefined);
  const dimension = sizeOf(
    given ?? kind.dimension.habit,
    MOST_NUMBERS,
    'the vectors’ length in config.json',
    faults,
  );
  const roles = rolesOf(files, { ...graphs, tokenizer: 'tokenizer.json' }, faults);
  const variants = variantsOf(files, graphs, faults);
  const { image } = roles;
  if (image === undefined) return undefined;
  const sides =
    split === undefined ? combinedSides(kind, tokenizer, preprocessing.size) : splitSides(kind, tokenizer);
  return {
    family: 'dual-encoder',
    files: { ...roles, image },
    ...variants,
    preprocessing,
    input: 'pixel_values',
    dimension,
    ...sides,
  };
}

type Sides = { output: string; constants?: Record<string, ConstantInput>; text: TextTower };
type Rule = Extract<TokenizerRule, { kind: 'huggingface' }>;

function splitSides({ split, masks }: Kind, tokenizer: Rule): Sides {
  const mask = masks.split ? { mask: 'attention_mask' } : {};
  const inputs = { ids: 'input_ids', ...mask };
  return {
    output: split.image,
    text: { file: 'text', inputs, idType: 'int64', output: split.text, tokenizer },
  };
}

/** One graph wants both sides at every run: a picture's run gets the shortest text, a text's run a black picture. */
function combinedSides({ masks }: Kind, tokenizer: Rule, size: number): Sides {
  const { padTo, contextLength, padId, endId } = tokenizer;
  const ids: ConstantInput = { type: 'int64', dims: ['batch', 1], value: endId ?? padId };
  const whole: ConstantInput = { type: 'int64', dims: [1, contextLength], value: padId };
  const mask: ConstantInput = { type: 'int64', dims: ['batch', 1], value: 1 };
  const constants: Record<string, ConstantInput> = masks.combined
    ? { input_ids: ids, attention_mask: mask }
    : { input_ids: padTo === 'context' ? whole : ids };
  return {
    output: EMBEDS.image,
    constants,
    text: {
      file: 'image',
      inputs: { ids: 'input_ids', ...(masks.combined ? { mask: 'attention_mask' } : {}) },
      idType: 'int64',
      output: EMBEDS.text,
      constants: { pixel_values: { type: 'float32', dims: [1, 3, size, size], value: 0 } },
      tokenizer,
    },
  };
}
