import { readFile } from 'node:fs/promises';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import type { CropForm, Fusion, Pooling, Preprocessing, RelevanceCurve } from '../types.js';
import { contradictions } from './contradictions.js';

/**
 * One file of a model: its path below the model's folder and below the hub repository, and how to know it; bytes and
 * sha256 are null until somebody has measured them. A repository of its own where it comes from another than the rest.
 */
export interface ManifestFile {
  path: string;
  bytes: number | null;
  sha256: string | null;
  repository?: string;
  revision?: string;
  /** Its path below the repository, where that is not `path`. */
  hubPath?: string;
}

/** An input that is always the same; 'batch' stands for the number of rows of a run. */
export interface ConstantInput {
  type: 'float32' | 'int64' | 'int32';
  dims: (number | 'batch')[];
  value: number;
}

/** Forms of one model's weights; `fp32` is what `files` names. */
export type Dtype = 'fp32' | 'fp16' | 'q8';

/**
 * What may be asked for: a form of the files, an encoder's products in 8 bits as this project makes them of the fp32
 * files, or those where a trial on the person's own pictures says that they are as good and faster.
 */
export type DtypeChoice = Dtype | 'int8' | 'auto';

interface ManifestFacts {
  /** The file's name without .json. */
  name: string;
  /** One line for lists. */
  title: string;
  licence: string;
  /** Why the licence does not allow every use; who pulls the weights is asked to accept it once. */
  terms?: string;
  /** Page or repository of the weights. */
  source: string;
  /** Where the files are fetched from; without it they must be put there by hand or exported. */
  hub?: { repository: string; revision: string };
  /** How to make the files where no hub has them: see models/export. */
  export?: { kind: string; source: string; revision?: string };
  /** Folder that holds the files, when it is not the manifest's name. */
  folder?: string;
  /** By role; none where nothing is computed of weights. */
  files: Record<string, ManifestFile>;
  /** Files that stand in for those of the same role when another dtype is asked for. */
  variants?: Partial<Record<Exclude<Dtype, 'fp32'>, Record<string, ManifestFile>>>;
  /** What the model is made for, and what to change for other pictures. */
  advice?: string;
  /** Published facts for lists: each with its source. */
  card?: ModelCard;
}

/** Of models that are a graph which looks at pictures. */
interface ManifestBase extends ManifestFacts {
  /** By role; `image` is the picture graph: ONNX, or a model.json of TensorFlow.js with its shards beside it. */
  files: { image: ManifestFile } & Record<string, ManifestFile>;
  preprocessing: Preprocessing;
  /** The picture graph's input, float32[B, 3, height, width], or what `pixels` says. */
  input: string;
  /** `hwc`: the graph wants one picture a run, float32[height, width, 3] of 0..255, and normalises and pads itself. */
  pixels?: 'hwc';
  /** The picture graph's output that counts, chosen by name. */
  output: string;
  /** Of outputs that hold tokens or cells. */
  pooling?: Pooling;
  /** Further inputs of the picture graph, by name. */
  constants?: Record<string, ConstantInput>;
  /** Pictures per run where the graph takes exactly so many. */
  batch?: number;
  /**
   * Of encoders, measured on edits whose truth is known: the least cosine of a picture and an edit of it, and the most
   * bits of 64 that their perceptual hashes differ in where the cosine tells too little for the usual number.
   */
  duplicates?: { cosine: number; bits?: number };
  /** Of encoders: what scores mean, as `evaluate relevance` measured it. */
  relevance?: { words?: RelevanceCurve; pictures?: RelevanceCurve };
  /** Of encoders: how words are best answered, as `evaluate` measured it. */
  fusion?: Fusion;
  /** Of encoders: how crops of segments are cut for it, as `evaluate crop-forms` measured it. */
  crops?: CropForm;
}

export interface ModelCard {
  /** Top-1 of zero-shot classification of ImageNet-1k, percent. */
  imagenetZeroShot?: number;
  /** Millions of parameters, all towers. */
  parametersMillions?: number;
  languages?: string;
  /** Where the figures stand. */
  source: string;
}

/** `file` names an entry of the manifest's files. */
export type TokenizerRule =
  | { kind: 'word-ngrams'; file: string; maxWords: number; maxNgrams: number; ngramRows: number }
  | {
      kind: 'huggingface';
      file: string;
      contextLength: number;
      lowerCase?: boolean;
      /**
       * Repairs a text before it is split, as open_clip does: `open-clip` encoding faults, HTML entities, runs of
       * spaces; `canonical` (its SigLIPs) also takes away punctuation and capitals.
       */
      cleaning?: 'open-clip' | 'canonical';
      /** `context`: always padded to the context length; `longest`: to the longest text of a run. */
      padTo: 'context' | 'longest';
      padId: number;
      /** Stays the last id when a text is cut; null where the model has none. */
      endId: number | null;
      /** Number of entries of the vocabulary that the weights were made with. */
      vocabulary?: number;
    };

/** The side of a model that reads texts. */
export interface TextTower {
  /** Entry of files; `image` where one graph holds both sides. */
  file: string;
  /** Names of the graph's inputs, integers [B, length]: ids, the mask of what is no padding, token types. */
  inputs: { ids: string; ngrams?: string; mask?: string; types?: string };
  idType: 'int64' | 'int32';
  output: string;
  pooling?: 'cls' | 'mean';
  /** Whether the vector is brought to mean 0 and deviation 1 before it is normalised (nomic-embed-text). */
  layerNorm?: boolean;
  constants?: Record<string, ConstantInput>;
  /** Texts per run where the graph takes exactly so many. */
  batch?: number;
  /** Goes before each query text, where the model was trained with it. */
  prefix?: string;
  tokenizer: TokenizerRule;
}

export interface DualEncoderManifest extends ManifestBase {
  family: 'dual-encoder';
  dimension: number;
  /** They have no words: a text has a place beside the model's own vectors only. */
  layers?: Layers;
  text: TextTower;
  /** Cosine → logit: scale · cosine + bias. */
  logit?: { scale: number; bias: number };
  /**
   * Features [B, D, h, w] to be pooled under masks: one pass gives the segments' vectors too. With a cropShare, crops
   * of the segments are encoded as well and take that share (see Encoder.cropShare).
   */
  dense?: { output: string; cropShare?: number };
  /** A graph [N, D] → [N, D] that every picture and segment vector passes at the end. */
  settle?: { file: string; input: string; output: string };
}

export interface ImageEncoderManifest extends ManifestBase {
  family: 'image-encoder';
  dimension: number;
  layers?: Layers;
  dense?: DenseTokens;
}

/** Other outputs, or tensors inside the picture graph, that may serve as the vector, by the name that LAYER takes. */
export type Layers = Record<string, Layer>;

export interface Layer {
  /** The name of an output, or of any tensor that a node of the graph makes. */
  output: string;
  dimension: number;
  pooling?: Pooling;
  dense?: DenseTokens;
}

/**
 * An output of tokens [T, D], the first of the whole and the rest patches of a square grid, to be pooled under masks: one
 * pass gives the segments' vectors too. Segments that the preprocessing mostly cuts off are still encoded as crops.
 */
export interface DenseTokens {
  output: string;
}

/** A classifier and a sentence encoder make a text-searchable encoder: probabilities mix the labels' sentence vectors. */
export interface LabelWordsManifest extends ManifestBase {
  family: 'label-words';
  /** Of the sentence encoder. */
  dimension: number;
  /** They have no words. */
  layers?: Layers;
  text: TextTower;
  labels: {
    /** Entry of files: one label a line, in the order of the classifier's outputs. */
    file: string;
    /** Lines that are no thing, such as a background class. */
    without?: number[];
  };
  /** The output is taken as logits, and divided by this before the softmax. */
  temperature: number;
}

export interface SemanticManifest extends ManifestBase {
  family: 'semantic';
  /** One per class of the output, float32[B, classes, h, w]. */
  labels: string[];
  /** Class that makes no segment, or null where every class is a thing. */
  background: number | null;
  /** How the output's cells lie over the picture: TensorFlow's align_corners; torch's half pixels by default. */
  alignCorners?: boolean;
}

export interface LayoutManifest extends ManifestBase {
  family: 'layout';
  /**
   * Each segment's box, with this margin on each side as a share of its longer one, is looked at once more. `meaning`: pieces
   * whose mean features of this output, [D, h, w], have a cosine below `apart` are two things; without it pieces are one.
   */
  again?: { margin: number; meaning?: { output: string; apart: number } };
}

/** Queries, each a class and a mask: DETR's and MaskFormer's. `output` holds the masks' logits, float32[B, Q, h, w]. */
export interface InstanceManifest extends ManifestBase {
  family: 'instance';
  /** One per class of the output `queries.classes` but its last, which is "no object"; null where an id has no name. */
  labels: (string | null)[];
  queries: {
    /** The output with the classes' logits, float32[B, Q, labels + 1]. */
    classes: string;
    /** Least probability of a query's class. */
    threshold: number;
    /** A pixel counts for a query's own area from this probability on. */
    maskThreshold: number;
    /** The share of its own area that a query must keep beside the others. */
    overlap: number;
  };
}

/** Boxes over the whole picture that need no weights. */
export interface WindowsManifest extends ManifestFacts {
  family: 'windows';
  files: Record<string, never>;
  /** Sides in pixels of the working copy. */
  sizes: number[];
  /** Pixels of the working copy from one window to the next; more where there would be too many. */
  stride: number;
  /** The least side of a window that was made smaller for a small picture. */
  smallest: number;
  /** Pixels of the working copy's longer side at most: it is the picture, never enlarged. */
  longest: number;
  /** Windows of one picture at most. */
  most: number;
}

/** A graph that draws masks for points, from what the picture graph saw. */
export interface PromptRule {
  /** Entry of files. */
  file: string;
  /** Outputs of the picture graph that are inputs of this one under the same names. */
  embeddings: string[];
  /** Points in pixels of the resized picture; labels 1 inside, 2 and 3 corners of a box, -1 no point. */
  inputs: { points: string; labels: string };
  labelType: 'int64' | 'float32';
  /** `many`: points [1, P, N, 2], P prompts a run; `one`: points [1, N, 2]. */
  form: 'many' | 'one';
  /** Prompts a run of the form `many` (default 32): fewer take less memory. */
  batch?: number;
  /** Predicted IoU [.., M] and logits [.., M, h, w] of M masks a prompt. */
  outputs: { scores: string; masks: string };
  constants?: Record<string, ConstantInput>;
  /** Masks of a prompt that are left out for single points, from the first on: the one that SAM makes for clear prompts. */
  skip?: number;
  /** Whether the graph wants a point labelled -1 after prompts without a box, as SAM's own export does. */
  endPoint?: boolean;
  /** Whether it knows the labels 2 and 3. */
  boxes?: boolean;
}

export interface EverythingManifest extends ManifestBase {
  family: 'everything';
  prompts: PromptRule;
  /** Of the grid of points that is asked without any other prompt. */
  pointsPerSide: number;
  /** Masks must be predicted better than this (default 0.88, segment-anything's own). */
  leastIou?: number;
  /** Masks must be more stable than this (default 0.95, segment-anything's own). */
  leastStability?: number;
  /** Layers of crops that are looked at as well: 4 of the first, 16 more of the second (default 0). */
  cropLayers?: number;
}

/** A picture and words → a probability for each pixel; `text.file` is `image`, and `text.output` the logits. */
export interface PromptedManifest extends ManifestBase {
  family: 'prompted';
  text: TextTower;
  /** Pixels above this probability are what the words mean. */
  threshold: number;
}

export type EncoderManifest = DualEncoderManifest | ImageEncoderManifest | LabelWordsManifest;

export type Manifest =
  | DualEncoderManifest
  | ImageEncoderManifest
  | LabelWordsManifest
  | SemanticManifest
  | LayoutManifest
  | InstanceManifest
  | WindowsManifest
  | EverythingManifest
  | PromptedManifest;

/** Those that have a picture graph. */
export type GraphManifest = Exclude<Manifest, WindowsManifest>;

/**
 * Reads models/<name>.json and checks it against models/manifest.schema.json.
 * @throws LookbookError that lists every fault of the file at once.
 */
export async function readManifest(path: string, name: string): Promise<Manifest> {
  return checkManifest(await readJson(path), name, path);
}

/**
 * @param where the file or repository that the value comes from, for messages.
 * @throws LookbookError that lists every fault at once: of its form, and of names that lead nowhere.
 */
export async function checkManifest(value: unknown, name: string, where: string): Promise<Manifest> {
  const faults = await faultsOf(value);
  // The schema has just proved the shape; TypeScript cannot know that.
  const manifest = { ...(value as Manifest), name };
  if (faults.length === 0) faults.push(...contradictions(manifest));
  if (faults.length === 0) return manifest;
  throw new LookbookError('models', {
    what: `the manifest ${where} has ${faults.length} fault${faults.length > 1 ? 's' : ''}`,
    got: faults.join('; '),
    expected: 'what models/manifest.schema.json says',
    mend: 'Mend them in the file; models/pictoclip.json is an example.',
  });
}

/** What of the schema decides which form a manifest, or a tokenizer in it, has. */
interface Form {
  properties?: Record<string, { const?: string }>;
}
interface Schema {
  oneOf: Form[];
  $defs: { text: { properties: { tokenizer: { oneOf: Form[] } } } };
}

let validator: Promise<{ schema: Schema; validate: ReturnType<Ajv2020['compile']> }> | undefined;

async function faultsOf(value: unknown): Promise<string[]> {
  validator ??= readJson(projectPath('models/manifest.schema.json')).then((json) => {
    const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
    return { schema: json as Schema, validate: ajv.compile(json as object) };
  });
  const { schema, validate } = await validator;
  if (validate(value)) return [];
  return [...new Set(causesOf(validate.errors ?? [], value, schema).map(describeFault))];
}

/** Leaves out what only says that forms did not fit which the manifest does not claim to have. */
function causesOf(faults: readonly ErrorObject[], value: unknown, schema: Schema): ErrorObject[] {
  const tokenizerForms = schema.$defs.text.properties.tokenizer.oneOf;
  const family = formOf(schema.oneOf, 'family', value);
  const kind = formOf(tokenizerForms, 'kind', fieldOf(fieldOf(value, 'text'), 'tokenizer'));
  const known = Object.keys(schema.oneOf[family]?.properties ?? {});
  return faults.filter(({ keyword, schemaPath, params }) => {
    if (keyword === 'oneOf' || keyword === 'const' || keyword === 'if') return false;
    if (known.includes(String(params.unevaluatedProperty))) return false;
    const [, at, index] = /(^#|\/tokenizer)\/oneOf\/(\d+)\//.exec(schemaPath) ?? [];
    return index === undefined || Number(index) === (at === '#' ? family : kind);
  });
}

/** Index of the form whose constant the value has; −1 where it has none. */
function formOf(forms: readonly Form[], field: string, value: unknown): number {
  return forms.findIndex(({ properties }) => properties?.[field]?.const === fieldOf(value, field));
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}

function describeFault(fault: ErrorObject): string {
  const where = fault.instancePath.slice(1).replaceAll('/', '.') || 'the file';
  const detail = 'allowedValues' in fault.params ? ` (${fault.params.allowedValues.join(' | ')})` : '';
  const extra = fault.params.unevaluatedProperty ?? fault.params.additionalProperty;
  return `${where} ${fault.message}${detail}${extra === undefined ? '' : ` (${String(extra)})`}`;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new LookbookError('models', {
      what: 'a manifest cannot be read as JSON',
      got: path,
      mend: 'Repair the file; models/pictoclip.json is an example.',
      cause,
    });
  }
}
