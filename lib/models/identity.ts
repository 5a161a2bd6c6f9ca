import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isFiniteVector } from '../arithmetic/vectors.js';
import type { Closable } from '../closers.js';
import { PREPROCESSING_VERSION } from '../decoders/image.js';
import { LookbookError } from '../errors.js';
import { hashFile } from '../hub/facts.js';
import type { DeviceOptions } from '../onnx.js';
import type { Recipe } from '../quantising/rewrite.js';
import { isTensorflow, readTensorflowFolder } from '../tensorflow-folder.js';
import type { Encoder, Pixels, Preprocessing, Segmenter } from '../types.js';
import type { Dtype, EncoderManifest, Manifest } from './manifest.js';
import { LIMITS_VERSION } from './segment-limits.js';

/** Role of a graph → how it comes to 8 bits. */
export type EightBits = Readonly<Record<string, Recipe>>;

export interface OpenOptions extends DeviceOptions {
  /** Which form of the weights (default fp32, what `files` names). */
  dtype?: Dtype;
  /** Of encoders: graphs that run in 8 bits, by their role among the files (image, text). */
  eightBits?: EightBits;
  /** The layer that gives the vector: one that the manifest lists, or a tensor of the picture graph by name. */
  layer?: string;
  /** Layers of the same model that are opened beside this one: those that are told the same share one pass a picture. */
  beside?: readonly string[];
  /** Tensors inside the picture graph that become outputs of it: models/layers.ts says which. */
  added?: readonly string[];
  /** Gets a line now and then while weights are fetched. */
  onDownload?: (line: string) => void;
  signal?: AbortSignal;
}

/** What of it concerns the runtime. */
export function placeOf({ device, deviceId, threads, lanes }: DeviceOptions): DeviceOptions {
  return { device, deviceId, threads, lanes };
}

/** What a manifest says of its encoder beyond the vectors: what it is for, and what was measured on it. */
export function measuredOf({
  advice,
  crops,
  duplicates,
  relevance,
  fusion,
}: EncoderManifest): Pick<Encoder, 'advice' | 'crops' | 'duplicates' | 'relevance' | 'fusion'> {
  return {
    ...(advice === undefined ? {} : { advice }),
    ...(crops ? { crops } : {}),
    ...(duplicates ? { duplicates } : {}),
    ...(relevance ? { relevance } : {}),
    ...(fusion ? { fusion } : {}),
  };
}

/** Facts of a manifest that change no vector. */
const WITHOUT_EFFECT = new Set([
  'name',
  'title',
  'licence',
  'terms',
  'source',
  'hub',
  'export',
  'advice',
  'duplicates',
  'card',
  'crops', // of segments' vectors, which name it themselves
  'folder',
  'files',
  'variants',
  'batch',
  'logit',
  'layers',
  'relevance',
  'fusion',
  '$schema',
]);

/** Families whose segments keep to segment-limits.ts. */
const LIMITED: ReadonlySet<Manifest['family']> = new Set(['semantic', 'layout', 'instance', 'everything']);

/**
 * Names everything that a model's answers depend on: its weights' bytes, the manifest's rules, the version of the
 * preprocessing and that of what the family does with the outputs. 32 hex digits; equal on every machine.
 */
export async function fingerprintOf(
  manifest: Manifest,
  files: Record<string, string>,
  version: number,
): Promise<string> {
  const hash = createHash('sha256');
  const rules = Object.entries(withoutRuns(manifest)).filter(([key]) => !WITHOUT_EFFECT.has(key));
  const sorted = rules.sort(([a], [b]) => (a < b ? -1 : 1));
  const limits = LIMITED.has(manifest.family) ? [LIMITS_VERSION] : [];
  hash.update(JSON.stringify([PREPROCESSING_VERSION, version, sorted, ...limits]));
  for (const role of Object.keys(files).sort()) hash.update(`${role} ${await knownSha256(files[role]!)}\n`);
  for (const shard of await shardsOf(files)) hash.update(`${basename(shard)} ${await knownSha256(shard)}\n`);
  return hash.digest('hex').slice(0, 32);
}

/** Weights that a model.json of TensorFlow.js names, whether the manifest lists them as well or not. */
async function shardsOf({ image = '' }: Record<string, string>): Promise<string[]> {
  return isTensorflow(image) ? (await readTensorflowFolder(image)).shards : [];
}

/** The manifest without the number of prompts a run: they give the same masks, few or many. */
function withoutRuns(manifest: Manifest): Manifest {
  if (manifest.family !== 'everything') return manifest;
  const { batch: _, ...prompts } = manifest.prompts;
  return { ...manifest, prompts };
}

/** @throws LookbookError when the model gives vectors that cannot be compared. */
export function checkedVectors(
  vectors: Float32Array[],
  manifest: Manifest & { dimension: number },
): Float32Array[] {
  for (const vector of vectors) {
    if (vector.length === manifest.dimension && isFiniteVector(vector)) continue;
    throw new LookbookError('encoder', {
      what: `${manifest.name} gave a vector that is not usable`,
      got: vector.length === manifest.dimension ? 'numbers that are not finite' : `${vector.length} numbers`,
      expected: `${manifest.dimension} finite numbers`,
      mend: 'Check output and dimension in the manifest, or fetch the weights again.',
    });
  }
  return vectors;
}

const hashes = new Map<string, Promise<string>>();

/** sha256 of a file. Hashing 350 MB takes a second, so a file is hashed once as long as size and time stand. */
export async function knownSha256(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = `${path} ${size} ${mtimeMs}`;
  const known = hashes.get(key) ?? hashFile(path);
  hashes.set(key, known);
  known.catch(() => hashes.delete(key));
  return known;
}

/** A plain grey picture as a model wants it; another object at each call. */
export function greyPicture({ size }: Preprocessing): Pixels {
  return { data: new Uint8Array(size * size * 3).fill(128), width: size, height: size };
}

/**
 * Shows a plain grey picture to an encoder that has just been opened, so that a graph that cannot answer is found
 * before any picture is touched. @throws what the encoder throws; it is closed then.
 */
export function probe(encoder: Encoder): Promise<Encoder> {
  return tried(encoder, () => encoder.embed([{ pixels: greyPicture(encoder.preprocessing) }]));
}

/** The same of a segmenter whose input is a square. */
export function probeSegmenter(segmenter: Segmenter): Promise<Segmenter> {
  const pixels = greyPicture(segmenter.preprocessing);
  const { width, height } = pixels;
  return tried(segmenter, () => segmenter.segment([{ pixels, width, height }]));
}

async function tried<Model extends Closable>(model: Model, run: () => Promise<unknown>): Promise<Model> {
  try {
    await run();
  } catch (error) {
    await model.close();
    throw error;
  }
  return model;
}
