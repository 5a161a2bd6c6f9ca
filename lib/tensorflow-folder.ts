/** A model of TensorFlow.js as it lies on disk: model.json, checked before anything in it is believed, and its shards. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GraphNames } from './onnx-names.js';
import {
  type LayersConfig,
  type ModelJson,
  readModelJson,
  refusal,
  unsound,
  type WeightFacts,
} from './tensorflow-json.js';
import { bytes as inBytes } from './words.js';

/** A step of a graph model, or a layer of a layers model, whose class is its op. */
export interface GraphNode {
  name: string;
  op: string;
  /** The nodes that it reads, without the numbers of their outputs. */
  inputs: string[];
}

export interface TensorflowFolder {
  path: string;
  form: 'graph model' | 'layers model';
  json: ModelJson;
  nodes: GraphNode[];
  /** Names of nodes. */
  outputs: string[];
  /** Where the shards lie, in the order of their bytes. */
  shards: string[];
  weights: WeightFacts[];
}

/** The memory of WebAssembly ends at 4 GiB, and what a picture makes of the weights must fit beside them. */
const LARGEST_WEIGHTS = 2 * 2 ** 30;

const STORED_BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;

/** Whether a file of a manifest is a model.json rather than an ONNX graph. */
export function isTensorflow(path: string): boolean {
  return path.endsWith('.json');
}

/**
 * Reads a model.json and finds its shards; the weights stay on disk.
 * @throws LookbookError: no such file, not the form of a model.json, a shard missing, cut or outside of the folder.
 */
export async function readTensorflowFolder(path: string): Promise<TensorflowFolder> {
  const json = await readModelJson(path);
  const { model_config: old, config = old?.config, node } = json.modelTopology;
  const nodes = node ? graphNodes(node) : layerNodes(config ?? []);
  const stray = strayInput(nodes);
  if (stray) throw unsound(path, [stray]);
  return {
    path,
    form: node ? 'graph model' : 'layers model',
    json,
    nodes,
    outputs: node ? graphOutputs(json, nodes) : layerOutputs(config ?? [], nodes),
    shards: await findShards(path, json.weightsManifest ?? []),
    weights: (json.weightsManifest ?? []).flatMap(({ weights }) => weights),
  };
}

/**
 * The names of what a graph gives, and of all that it makes of its input: what comes from weights alone is left out.
 * @throws LookbookError as readTensorflowFolder.
 */
export async function tensorflowNames(path: string): Promise<GraphNames> {
  const { form, nodes, outputs } = await readTensorflowFolder(path);
  const isMade = form === 'graph model' ? madeOfInput(nodes) : ({ op }: GraphNode) => op !== 'InputLayer';
  return { outputs, tensors: nodes.filter(isMade).map(({ name, op }) => ({ name, op })) };
}

function madeOfInput(nodes: readonly GraphNode[]): (node: GraphNode) => boolean {
  const readers = new Map<string, string[]>();
  for (const { name } of nodes) readers.set(name, []);
  for (const { name, inputs } of nodes) for (const input of inputs) readers.get(input)?.push(name);
  const made = new Set<string>();
  const open = nodes.filter(({ op }) => op.startsWith('Placeholder')).map(({ name }) => name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const reader of readers.get(name) ?? []) {
      if (made.has(reader)) continue;
      made.add(reader);
      open.push(reader);
    }
  }
  return ({ name }) => made.has(name);
}

function graphNodes(nodes: NonNullable<ModelJson['modelTopology']['node']>): GraphNode[] {
  return nodes.map(({ name, op, input = [] }) => ({ name, op, inputs: input.map(nodeOf) }));
}

/** `name`, `name:1` and `^name` are all of one node. */
function nodeOf(input: string): string {
  return input.replace(/^\^/, '').replace(/:.*$/, '');
}

function layerNodes(config: LayersConfig): GraphNode[] {
  const found = Array.isArray(config) ? config : config.layers;
  return found.flatMap(({ class_name: op, name, config: own }) => {
    const called = name ?? own?.name;
    return called === undefined ? [] : [{ name: called, op, inputs: [] }];
  });
}

/** In words a node that reads one that there is not. */
function strayInput(nodes: readonly GraphNode[]): string | undefined {
  const known = new Set(nodes.map(({ name }) => name));
  for (const { name, inputs } of nodes)
    for (const input of inputs)
      if (!known.has(input)) return `the node ${name} reads ${input}, which is no node`;
  return undefined;
}

/** What the signature gives; without one the nodes that no other reads. */
function graphOutputs({ signature, userDefinedMetadata }: ModelJson, nodes: readonly GraphNode[]): string[] {
  const given = Object.values((userDefinedMetadata?.signature ?? signature)?.outputs ?? {});
  if (given.length) return given.map(({ name }) => name.replace(/:0$/, ''));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return nodes.map(({ name }) => name).filter((name) => !read.has(name));
}

function layerOutputs(config: LayersConfig, nodes: readonly GraphNode[]): string[] {
  const given = Array.isArray(config) ? [] : (config.output_layers ?? []);
  const names = given.flatMap((one) => (Array.isArray(one) && typeof one[0] === 'string' ? [one[0]] : []));
  return names.length ? names : nodes.slice(-1).map(({ name }) => name);
}

/** @throws LookbookError that lists every shard that is missing, or of the group whose bytes are not its weights'. */
async function findShards(
  path: string,
  groups: NonNullable<ModelJson['weightsManifest']>,
): Promise<string[]> {
  const folder = dirname(path);
  const missing: string[] = [];
  const faults: string[] = [];
  let total = 0;
  for (const { paths, weights } of groups) {
    const sizes = await Promise.all(paths.map((name) => sizeOf(join(folder, name))));
    missing.push(...paths.filter((_, index) => sizes[index] === null));
    const got = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    const wanted = weights.reduce((sum, weight) => sum + storedBytes(weight), 0);
    if (got !== wanted) faults.push(`${paths.join(', ') || 'no shard'} of ${got} bytes, not ${wanted}`);
    total += wanted;
  }
  if (missing.length) {
    throw refusal(`${missing.length > 1 ? 'shards are' : 'a shard is'} missing from a TensorFlow.js model`, {
      got: `no ${missing.join(', no ')}`,
      expected: `what ${path} names, in the same folder`,
    });
  }
  if (faults.length) {
    throw refusal('the shards of a TensorFlow.js model do not hold its weights', {
      got: faults.join('; '),
      expected: `the bytes that the weights in ${path} take`,
    });
  }
  if (!(total <= LARGEST_WEIGHTS)) {
    throw refusal('a TensorFlow.js model is too large', {
      got: inBytes(total),
      expected: `at most ${inBytes(LARGEST_WEIGHTS)} of weights`,
      mend: 'Take the ONNX form of the model.',
    });
  }
  return groups.flatMap(({ paths }) => paths.map((name) => join(folder, name)));
}

function storedBytes({ shape, dtype, quantization }: WeightFacts): number {
  return shape.reduce((product, dim) => product * dim, STORED_BYTES[quantization?.dtype ?? dtype]);
}

async function sizeOf(path: string): Promise<number | null> {
  const facts = await stat(path).catch(() => null); // not there is an answer here, not a fault
  return facts?.isFile() ? facts.size : null;
}
