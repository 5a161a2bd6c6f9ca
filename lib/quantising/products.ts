/** The matrix products of a graph whose weights are constant: what may be computed in 8 bits. */
import { fromFloat16 } from '../arithmetic/float16.js';
import type { GraphNode, ReadGraph, StoredTensor } from './read-graph.js';

/** activation [.., inner] · weights [inner, outer] (+ bias). */
export interface Product {
  /** The node's output: no two nodes of a graph share one. */
  name: string;
  /** Its place among the graph's nodes. */
  at: number;
  activation: string;
  /** Name of what it multiplies with. */
  weights: string;
  tensor: StoredTensor;
  inner: number;
  outer: number;
  /** Whether the weights lie as [outer, inner]. */
  isTurned: boolean;
  /** Of Gemm, added in the end. */
  bias: string | undefined;
  /** Nodes that only bring the weights into their form, by place. */
  weightNodes: number[];
}

/** ONNX's element types that weights are read of. */
const FLOAT = 1;
const HALF = 10;

/** In the graph's order, which runs from its inputs to its outputs. */
export function productsOf(graph: ReadGraph): Product[] {
  const makers = new Map(
    graph.nodes.flatMap(({ outputs }, at) => outputs.map((name) => [name, at] as const)),
  );
  return graph.nodes.flatMap((node, at) => productOf(node, { at, graph, makers }) ?? []);
}

interface Place {
  at: number;
  graph: ReadGraph;
  /** Name → the node that gives it. */
  makers: ReadonlyMap<string, number>;
}

function productOf(node: GraphNode, { at, graph, makers }: Place): Product | undefined {
  const [activation, weights, bias] = node.inputs;
  const [name] = node.outputs;
  if (!isPlainProduct(node) || !activation || !weights || !name) return undefined;
  const constant = constantOf(weights, graph, makers);
  if (!constant) return undefined;
  const { tensor, weightNodes } = constant;
  const isTurned = node.ints.get('transB') === 1;
  const [rows = 0, columns = 0, ...more] = tensor.dims;
  const [inner, outer] = isTurned ? [columns, rows] : [rows, columns];
  const isWhole = Number.isSafeInteger(rows) && rows > 0 && Number.isSafeInteger(columns) && columns > 0;
  const isMatrix = isWhole && more.length === 0;
  if (!isMatrix || bytesOf(tensor) !== rows * columns * sizeOf(tensor)) return undefined;
  const place = { name, at, activation, weights };
  return { ...place, tensor, inner, outer, isTurned, bias: bias || undefined, weightNodes };
}

/** MatMul, or Gemm where it is nothing but a product and a sum. */
function isPlainProduct({ op, domain, inputs, ints, floats }: GraphNode): boolean {
  if (domain !== '' || (op !== 'MatMul' && op !== 'Gemm')) return false;
  if (op === 'MatMul') return inputs.length === 2;
  const one = (name: string): boolean => (floats.get(name) ?? 1) === 1;
  return (ints.get('transA') ?? 0) === 0 && one('alpha') && one('beta');
}

/** An initializer, or one that a Cast makes float32 when the graph is loaded. */
function constantOf(
  name: string,
  graph: ReadGraph,
  makers: Place['makers'],
): { tensor: StoredTensor; weightNodes: number[] } | undefined {
  const at = makers.get(name);
  if (at === undefined) {
    const found = graph.inputs.has(name) ? undefined : graph.initializers.get(name);
    return found?.tensor.type === FLOAT ? { tensor: found.tensor, weightNodes: [] } : undefined;
  }
  const { op, domain, inputs, ints } = graph.nodes[at]!;
  if (domain !== '' || op !== 'Cast' || ints.get('to') !== FLOAT) return undefined;
  const source = inputs[0] ?? '';
  const found = graph.inputs.has(source) ? undefined : graph.initializers.get(source);
  return found && sizeOf(found.tensor) > 0 ? { tensor: found.tensor, weightNodes: [at] } : undefined;
}

/** Bytes of one value; 0 of types that are not read. */
function sizeOf({ type }: StoredTensor): number {
  return type === FLOAT ? 4 : type === HALF ? 2 : 0;
}

function bytesOf({ type, raw, floats }: StoredTensor): number {
  if (raw) return raw.length;
  return type === FLOAT ? floats.reduce((sum, { length }) => sum + length, 0) : 0;
}

/** The values of a product's weights, float32[inner · outer] as they lie. */
export function weightValues({ tensor }: Product): Float32Array {
  const bytes = tensor.raw ?? Buffer.concat(tensor.floats);
  // A copy, for the bytes may begin anywhere and typed arrays may not.
  const own = Uint8Array.from(bytes);
  return tensor.type === FLOAT ? new Float32Array(own.buffer) : fromFloat16(new Uint16Array(own.buffer));
}
