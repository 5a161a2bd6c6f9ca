/** Reads what the rewrite needs of an ONNX file, whose bytes may come from anywhere. */
import { type Field, fieldsOf, varintsOf } from '../onnx-wire.js';

/** A tensor that lies in the file; its values are bytes until somebody asks for them. */
export interface StoredTensor {
  /** ONNX's number of the element type. */
  type: number;
  dims: number[];
  /** Little-endian values; undefined where they are written one by one, or in another file. */
  raw: Buffer | undefined;
  /** Of float32 that is not raw: the fields that hold the values, packed or one by one. */
  floats: Buffer[];
}

export interface GraphNode {
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  /** Whole numbers among the attributes. */
  ints: Map<string, number>;
  floats: Map<string, number>;
  whole: Buffer;
}

/** An ONNX model taken apart; the buffers are parts of the file's own. */
export interface ReadGraph {
  /** Fields of the model but the graph and the opsets. */
  model: Buffer[];
  irVersion: number;
  /** Domain → version; '' is ONNX itself. */
  opsets: Map<string, number>;
  nodes: GraphNode[];
  initializers: Map<string, { tensor: StoredTensor; whole: Buffer }>;
  /** Fields of the graph but nodes and initializers. */
  rest: Buffer[];
  /** What the graph is fed with; an initializer among them is a default and no constant. */
  inputs: Set<string>;
  outputs: Set<string>;
  /** Names that bodies of loops and branches read from around them. */
  inner: Set<string>;
  /** Whether weights lie in files beside the graph. */
  isSplit: boolean;
}

/** Bodies of loops within bodies of loops: more is no model, and would fill the stack. */
const MOST_DEPTH = 16;

/** ir_version, opset_import and graph of ModelProto. */
const MODEL = { irVersion: 1, opset: 8, graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, op: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { float: 2, int: 3, graph: 6, graphs: 11 } as const;
const TENSOR = { dims: 1, type: 2, floats: 4, name: 8, raw: 9, external: 13, location: 14 } as const;

/** @throws Error that says in a few words why the bytes are no ONNX model. */
export function readGraph(bytes: Buffer): ReadGraph {
  const read: ReadGraph = {
    model: [],
    irVersion: 0,
    opsets: new Map(),
    nodes: [],
    initializers: new Map(),
    rest: [],
    inputs: new Set(),
    outputs: new Set(),
    inner: new Set(),
    isSplit: false,
  };
  let graphs = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.id === MODEL.graph) {
      graphs++;
      takeGraph(field.body, read);
    } else if (field.id === MODEL.opset) takeOpset(field.body, read.opsets);
    else read.model.push(field.whole);
    if (field.id === MODEL.irVersion) read.irVersion = field.value;
  }
  if (graphs !== 1) throw new Error(`${graphs} graphs`);
  return read;
}

function takeGraph(graph: Buffer, read: ReadGraph): void {
  for (const field of fieldsOf(graph)) {
    if (field.id === GRAPH.node) read.nodes.push(nodeOf(field, read.inner));
    else if (field.id === GRAPH.initializer) {
      const { name, tensor, isSplit } = tensorOf(field.body);
      read.initializers.set(name, { tensor, whole: field.whole });
      read.isSplit ||= isSplit;
    } else {
      if (field.id === GRAPH.input) read.inputs.add(nameOf(field.body));
      if (field.id === GRAPH.output) read.outputs.add(nameOf(field.body));
      read.rest.push(field.whole);
    }
  }
}

function takeOpset(opset: Buffer, opsets: Map<string, number>): void {
  let [domain, version] = ['', 0];
  for (const { id, body, value } of fieldsOf(opset)) {
    if (id === 1) domain = body.toString();
    if (id === 2) version = value;
  }
  opsets.set(domain === 'ai.onnx' ? '' : domain, version);
}

/** @param inner gets the names that graphs within the node's attributes mention. */
function nodeOf({ body, whole }: Field, inner: Set<string>): GraphNode {
  const node: GraphNode = {
    op: '',
    domain: '',
    inputs: [],
    outputs: [],
    ints: new Map(),
    floats: new Map(),
    whole,
  };
  for (const field of fieldsOf(body)) {
    if (field.id === NODE.input) node.inputs.push(field.body.toString());
    else if (field.id === NODE.output) node.outputs.push(field.body.toString());
    else if (field.id === NODE.op) node.op = field.body.toString();
    else if (field.id === NODE.domain) node.domain = field.body.toString().replace(/^ai\.onnx$/, '');
    else if (field.id === NODE.attribute) takeAttribute(field.body, node, inner);
  }
  return node;
}

function takeAttribute(attribute: Buffer, node: GraphNode, inner: Set<string>): void {
  const name = nameOf(attribute);
  for (const { id, body, value } of fieldsOf(attribute)) {
    if (id === ATTRIBUTE.int) node.ints.set(name, value);
    else if (id === ATTRIBUTE.float && body.length === 4) node.floats.set(name, body.readFloatLE());
    else if (id === ATTRIBUTE.graph || id === ATTRIBUTE.graphs) takeInnerNames(body, inner, 1);
  }
}

/** All names that nodes of an inner graph read, its own among them: more than needed does no harm. */
function takeInnerNames(graph: Buffer, inner: Set<string>, depth: number): void {
  if (depth > MOST_DEPTH) throw new Error(`graphs within graphs, more than ${MOST_DEPTH} deep`);
  for (const { id, body } of fieldsOf(graph)) {
    if (id === GRAPH.output) inner.add(nameOf(body));
    if (id !== GRAPH.node) continue;
    for (const part of fieldsOf(body)) {
      if (part.id === NODE.input) inner.add(part.body.toString());
      if (part.id !== NODE.attribute) continue;
      for (const { id, body } of fieldsOf(part.body))
        if (id === ATTRIBUTE.graph || id === ATTRIBUTE.graphs) takeInnerNames(body, inner, depth + 1);
    }
  }
}

function nameOf(message: Buffer): string {
  for (const { id, body } of fieldsOf(message)) if (id === 1) return body.toString();
  return '';
}

function tensorOf(message: Buffer): { name: string; tensor: StoredTensor; isSplit: boolean } {
  const tensor: StoredTensor = { type: 0, dims: [], raw: undefined, floats: [] };
  let [name, isSplit] = ['', false];
  for (const field of fieldsOf(message)) {
    if (field.id === TENSOR.dims) tensor.dims.push(...varintsOf(field));
    else if (field.id === TENSOR.type) tensor.type = field.value;
    else if (field.id === TENSOR.floats) tensor.floats.push(field.body);
    else if (field.id === TENSOR.name) name = field.body.toString();
    else if (field.id === TENSOR.raw) tensor.raw = field.body;
    else if (field.id === TENSOR.external || (field.id === TENSOR.location && field.value === 1))
      isSplit = true;
  }
  return { name, tensor, isSplit };
}
