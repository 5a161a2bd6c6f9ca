/** Rewrites a graph so that its matrix products are computed in 8 bits. */
import { field, fieldHead, number, text } from '../onnx-wire.js';
import { EightBitNodes, type NewTensor, RUNTIME } from './eight-bit-nodes.js';
import { type Product, productsOf } from './products.js';
import { type ReadGraph, readGraph } from './read-graph.js';

export interface Recipe {
  /** Names of products that stay fp32, beside the first and the last. */
  keep: readonly string[];
}

/** Raised when the same recipe gives another graph. */
export const REWRITE_VERSION = 1;

const NOTHING = 'it has no matrix products with constant weights beside the first and the last';

/** QuantizeLinear along an axis came with it. */
const LEAST_OPSET = 13;
/** From here on initializers need not be inputs too. */
const LEAST_IR = 4;
/** Products of fewer weights are computed as fast in fp32. */
const LEAST_WEIGHTS = 2 ** 12;

/** A file's bytes in parts, made while it is written: weights are large. */
export interface Rewritten {
  parts(): Generator<Uint8Array>;
  /** Names of the products that are in 8 bits, in the graph's order. */
  rounded: string[];
}

/**
 * The names of the products that a recipe may keep, in the graph's order: all but the first and the last.
 * @throws Error as `rewritten`.
 */
export function roundable(bytes: Buffer): string[] {
  const names = candidatesOf(readable(bytes)).map(({ name }) => name);
  if (names.length === 0) throw new Error(NOTHING);
  return names;
}

/**
 * MatMul and Gemm with constant weights become an integer product of rounded activations and int8 weights with a scale
 * per output column (Jacob and others 2018, arXiv:1712.05877); all else stays as it is. The same file and recipe give the
 * same bytes on every machine.
 * @throws Error that says in a few words why a graph is left alone.
 */
export function rewritten(bytes: Buffer, recipe: Recipe): Rewritten {
  const graph = readable(bytes);
  const opset = graph.opsets.get('') ?? 0;
  if (opset < LEAST_OPSET) throw new Error(`it is of opset ${opset}, and 8 bits need ${LEAST_OPSET}`);
  const products = candidatesOf(graph).filter(({ name }) => !recipe.keep.includes(name));
  if (products.length === 0) throw new Error(NOTHING);
  const writer = new EightBitNodes(graph);
  const byPlace = new Map(products.map((product) => [product.at, product]));
  const nodes = graph.nodes.map(({ whole }, at) => {
    const product = byPlace.get(at);
    return product ? writer.product(product) : whole;
  });
  const dead = deadWeights(graph, products);
  const kept = nodes.filter((_, at) => !dead.nodes.has(at));
  const tensors = [...graph.initializers].filter(([name]) => !dead.tensors.has(name));
  return {
    rounded: products.map(({ name }) => name),
    parts: () =>
      partsOf(graph, { nodes: kept, old: tensors.map(([, { whole }]) => whole), fresh: writer.tensors }),
  };
}

function readable(bytes: Buffer): ReadGraph {
  const graph = readGraph(bytes);
  if (graph.isSplit) throw new Error('its weights lie in other files beside it');
  if (graph.irVersion < LEAST_IR) throw new Error(`it is of the old form ${graph.irVersion} (IR version)`);
  return graph;
}

/** The first product works on what is hardly more than pixels, and the last one's error is the vector's own. */
function candidatesOf(graph: ReadGraph): Product[] {
  return productsOf(graph)
    .slice(1, -1)
    .filter(({ inner, outer }) => inner * outer >= LEAST_WEIGHTS);
}

/** Weights, and the nodes that bring them into form, that nobody reads any more. */
function deadWeights(
  graph: ReadGraph,
  products: readonly Product[],
): { nodes: ReadonlySet<number>; tensors: ReadonlySet<string> } {
  const gone = new Set(products.map(({ at }) => at));
  const readers = new Map<string, number>();
  for (const name of [...graph.outputs, ...graph.inner]) readers.set(name, 1);
  const count = (at: number, by: number): void => {
    for (const name of graph.nodes[at]!.inputs) readers.set(name, (readers.get(name) ?? 0) + by);
  };
  for (const at of graph.nodes.keys()) if (!gone.has(at)) count(at, 1);
  // The biases of rewritten products are read on.
  for (const { bias } of products) if (bias) readers.set(bias, (readers.get(bias) ?? 0) + 1);
  const nodes = new Set<number>();
  for (const at of products.flatMap(({ weightNodes }) => weightNodes)) {
    const isRead = graph.nodes[at]!.outputs.some((name) => (readers.get(name) ?? 0) > 0);
    if (isRead || nodes.has(at)) continue;
    nodes.add(at);
    count(at, -1);
  }
  const sources = products.flatMap(({ weights, weightNodes }) => [
    weights,
    ...weightNodes.flatMap((at) => graph.nodes[at]!.inputs),
  ]);
  return { nodes, tensors: new Set(sources.filter((name) => (readers.get(name) ?? 0) === 0)) };
}

function* partsOf(
  { model, opsets, rest }: ReadGraph,
  { nodes, old, fresh }: { nodes: Buffer[]; old: Buffer[]; fresh: readonly NewTensor[] },
): Generator<Uint8Array> {
  const length =
    [...nodes, ...old, ...rest].reduce((sum, part) => sum + part.length, 0) +
    fresh.reduce((sum, { prefix, bytes }) => sum + prefix.length + bytes, 0);
  const versions = new Map([...opsets, [RUNTIME, opsets.get(RUNTIME) ?? 1]]);
  const imports = [...versions].map(([domain, version]) =>
    field(8, Buffer.concat([text(1, domain), number(2, version)])),
  );
  yield Buffer.concat([...model, ...imports, fieldHead(7, length), ...nodes, ...rest]);
  yield* old;
  for (const { prefix, make } of fresh) {
    yield prefix;
    yield make();
  }
}
