import { readFile } from 'node:fs/promises';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import type { Pooling, Preprocessing } from '../types.js';

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

interface ManifestBase {
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
  /** By role; `image` is the picture graph. */
  files: { image: ManifestFile } & Record<string, ManifestFile>;
  /** Files that stand in for those of the same role when another dtype is asked for. */
  variants?: Partial<Record<Exclude<Dtype, 'fp32'>, Record<string, ManifestFile>>>;
  preprocessing: Preprocessing;
  /** The picture graph's input, float32[B, 3, height, width]. */
  input: string;
  /** The picture graph's output that counts, chosen by name. */
  output: string;
  /** Of outputs that hold tokens or cells. */
  pooling?: Pooling;
  /** Further inputs of the picture graph, by name. */
  constants?: Record<string, ConstantInput>;
  /** Pictures per run where the graph takes exactly so many. */
  batch?: number;
  /** What the model is made for, and what to change for other pictures. */
  advice?: string;
  /** Published facts for lists: each with its source. */
  card?: ModelCard;
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
  /** Other outputs that may serve as the vector, by the name that LAYER takes. */
  layers?: Record<string, { output: string; dimension: number; pooling?: Pooling }>;
}

/** A classifier and a sentence encoder make a text-searchable encoder: probabilities mix the labels' sentence vectors. */
export interface LabelWordsManifest extends ManifestBase {
  family: 'label-words';
  /** Of the sentence encoder. */
  dimension: number;
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
}

export type Manifest =
  | DualEncoderManifest
  | ImageEncoderManifest
  | LabelWordsManifest
  | SemanticManifest
  | LayoutManifest;

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

/** What no schema can say: roles that are no files, rules that need another field. */
function contradictions(manifest: Manifest): string[] {
  const { files, preprocessing, variants } = manifest;
  const faults: string[] = [];
  const role = (field: string, name: string | undefined): void => {
    if (name !== undefined && !Object.hasOwn(files, name))
      faults.push(`${field} names ${name}, which is no entry of files (${Object.keys(files).join(' | ')})`);
  };
  if ('text' in manifest) {
    role('text.file', manifest.text.file);
    role('text.tokenizer.file', manifest.text.tokenizer.file);
  }
  if ('settle' in manifest) role('settle.file', manifest.settle?.file);
  if (manifest.family === 'label-words') role('labels.file', manifest.labels.file);
  for (const [dtype, variant] of Object.entries(variants ?? {}))
    for (const name of Object.keys(variant)) role(`variants.${dtype}`, name);
  const { resize, size, scaleTo, longest } = preprocessing;
  if (scaleTo !== undefined && (resize !== 'shortest' || scaleTo < size))
    faults.push('preprocessing.scaleTo must be at least size, and belongs to shortest');
  if ((longest !== undefined) !== (resize === 'within') || (longest ?? size) < size)
    faults.push('preprocessing.longest must be at least size, and belongs to within');
  return faults;
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
    if (keyword === 'oneOf' || keyword === 'const') return false;
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
