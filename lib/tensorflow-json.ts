/** The form of a model.json of TensorFlow.js. */
import { readFile, stat } from 'node:fs/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { LookbookError } from './errors.js';
import { bytes as inBytes } from './words.js';

/** One array of weights in the shards of its group. */
export interface WeightFacts {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool';
  /** What is stored in its place. */
  quantization?: { dtype: 'uint8' | 'uint16' | 'float16'; scale?: number; min?: number };
}

/** model.json as its schema has it; the topology is for the runtime to understand. */
export interface ModelJson {
  modelTopology: {
    node?: { name: string; op: string; input?: string[] }[];
    config?: LayersConfig;
    model_config?: { config: LayersConfig };
  };
  weightsManifest?: { paths: string[]; weights: WeightFacts[] }[];
  signature?: { outputs?: Record<string, { name: string }> } | null;
  userDefinedMetadata?: { signature?: { outputs?: Record<string, { name: string }> } | null } | null;
}

export type LayersConfig = LayerJson[] | { layers: LayerJson[]; output_layers?: unknown[] };

interface LayerJson {
  class_name: string;
  name?: string;
  config?: { name?: string };
}

/** Larger ones hold something else than the steps of a picture model. */
const LARGEST_JSON = 64 * 2 ** 20;

const named = { type: 'string', minLength: 1, maxLength: 1024 } as const;
const list = (items: object): object => ({ type: 'array', maxItems: 200_000, items });
const layers = list({
  type: 'object',
  required: ['class_name'],
  properties: {
    class_name: named,
    name: named,
    config: { type: 'object', properties: { name: named } },
  },
});
const config = {
  anyOf: [layers, { type: 'object', required: ['layers'], properties: { layers, output_layers: list({}) } }],
};
const signature = {
  type: ['object', 'null'],
  properties: {
    outputs: {
      type: 'object',
      additionalProperties: { type: 'object', required: ['name'], properties: { name: named } },
    },
  },
};
/** A shard's name is no path: it stays in the folder of its model.json. */
const shard = { type: 'string', maxLength: 255, pattern: '^[^./\\\\:\\u0000][^/\\\\:\\u0000]*$' };
const schema = {
  type: 'object',
  required: ['modelTopology'],
  properties: {
    modelTopology: {
      type: 'object',
      anyOf: [{ required: ['node'] }, { required: ['config'] }, { required: ['model_config'] }],
      properties: {
        node: list({
          type: 'object',
          required: ['name', 'op'],
          properties: { name: named, op: named, input: list(named) },
        }),
        config,
        model_config: { type: 'object', required: ['config'], properties: { config } },
      },
    },
    weightsManifest: list({
      type: 'object',
      required: ['paths', 'weights'],
      properties: {
        paths: list(shard),
        weights: list({
          type: 'object',
          required: ['name', 'shape', 'dtype'],
          properties: {
            name: named,
            shape: { type: 'array', maxItems: 8, items: { type: 'integer', minimum: 0, maximum: 2 ** 31 } },
            dtype: { enum: ['float32', 'int32', 'bool'] },
            quantization: {
              type: 'object',
              required: ['dtype'],
              properties: {
                dtype: { enum: ['uint8', 'uint16', 'float16'] },
                scale: { type: 'number' },
                min: { type: 'number' },
              },
            },
          },
        }),
      },
    }),
    signature,
    userDefinedMetadata: { type: ['object', 'null'], properties: { signature } },
  },
};

let validator: ValidateFunction<ModelJson> | undefined;

/** @throws LookbookError when the file is missing, too large, no JSON or of another form. */
export async function readModelJson(path: string): Promise<ModelJson> {
  const facts = await stat(path).catch(() => null); // not there is said below
  if (!facts?.isFile()) throw refusal('a model.json is missing', { got: 'nothing', expected: path });
  if (facts.size > LARGEST_JSON) throw unsound(path, [`it has ${inBytes(facts.size)}`]);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw unsound(path, ['it is no JSON'], cause);
  }
  validator ??= new Ajv2020({ allErrors: false, strict: false }).compile<ModelJson>(schema);
  if (validator(json)) return json;
  const faults = (validator.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.') || 'it'} ${message}`,
  );
  throw unsound(path, faults);
}

/** What is wrong with a model.json, in words. */
export function unsound(path: string, faults: readonly string[], cause?: unknown): LookbookError {
  return refusal('a file is no model.json of TensorFlow.js', {
    got: `${path}: ${faults.join('; ')}`,
    expected: 'a GraphModel or LayersModel whose shards lie beside it',
    cause,
  });
}

/** What is wrong with a folder of TensorFlow.js. */
export function refusal(
  what: string,
  facts: { got: string; expected: string; mend?: string; cause?: unknown },
): LookbookError {
  const mend = 'Fetch the folder again, model.json and all shards.';
  return new LookbookError('tensorflow', { what, mend, ...facts });
}
