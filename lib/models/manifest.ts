import { readFile } from 'node:fs/promises';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import type { Preprocessing } from '../types.js';

/** One file of a model: its name below the model's folder, and how to know it; null until somebody has measured it. */
export interface ManifestFile {
  path: string;
  bytes: number | null;
  sha256: string | null;
}

interface ManifestBase {
  /** The file's name without .json. */
  name: string;
  /** One line for lists. */
  title: string;
  licence: string;
  /** Page or repository of the weights. */
  source: string;
  /** Folder that holds the files, when it is not the manifest's name. */
  folder?: string;
  /** By role; `image` is the picture graph. */
  files: { image: ManifestFile } & Record<string, ManifestFile>;
  preprocessing: Preprocessing;
  /** The picture graph's input, float32[B, 3, size, size]. */
  input: string;
  /** The picture graph's output that counts, chosen by name. */
  output: string;
  /** What the model is made for, and what to change for other pictures. */
  advice?: string;
}

/** `file` names an entry of the manifest's files. */
export type TokenizerRule =
  | { kind: 'word-ngrams'; file: string; maxWords: number; maxNgrams: number; ngramRows: number }
  | {
      kind: 'huggingface';
      file: string;
      contextLength: number;
      lowerCase?: boolean;
      /** null: each text at its own length (causal towers); else padded to the context length with this id. */
      padId: number | null;
      /** Stays the last id when a text is cut. */
      endId: number;
    };

export interface DualEncoderManifest extends ManifestBase {
  family: 'dual-encoder';
  dimension: number;
  text: {
    file: string;
    inputs: { ids: string; ngrams?: string };
    idType: 'int64' | 'int32';
    output: string;
    tokenizer: TokenizerRule;
  };
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

export type Manifest = DualEncoderManifest | ImageEncoderManifest | SemanticManifest | LayoutManifest;

/**
 * Reads models/<name>.json and checks it against models/manifest.schema.json.
 * @throws LookbookError that lists every fault of the file at once.
 */
export async function readManifest(path: string, name: string): Promise<Manifest> {
  const manifest = await readJson(path);
  const faults = await faultsOf(manifest);
  if (faults.length) {
    throw new LookbookError('models', {
      what: `the manifest ${path} has ${faults.length} fault${faults.length > 1 ? 's' : ''}`,
      got: faults.join('; '),
      expected: 'what models/manifest.schema.json says',
      mend: 'Mend them in the file; models/pictoclip.json is an example.',
    });
  }
  // The schema has just proved the shape; TypeScript cannot know that.
  return { ...(manifest as Manifest), name };
}

let validator: Promise<ReturnType<Ajv2020['compile']>> | undefined;

async function faultsOf(value: unknown): Promise<string[]> {
  validator ??= readJson(projectPath('models/manifest.schema.json')).then((schema) =>
    new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(
      schema as object,
    ),
  );
  const validate = await validator;
  return validate(value) ? [] : [...new Set((validate.errors ?? []).filter(isCause).map(describeFault))];
}

/** Leaves out what only says that one of several forms did not fit: each form's own faults are listed. */
function isCause(fault: ErrorObject): boolean {
  return fault.keyword !== 'oneOf' && fault.keyword !== 'const';
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
