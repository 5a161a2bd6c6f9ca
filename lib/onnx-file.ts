/** Writes ONNX graphs: the few messages of onnx.proto that a plain transformer needs, weights inside the file. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { field, fieldHead, float, number, text } from './onnx-wire.js';

/** A number with a fraction is written as a float, others as an int, lists as ints. */
export type Attribute = { int: number } | { float: number } | { ints: readonly number[] };

/** A node of a graph. */
export interface NodeParts {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, Attribute>;
  /** Whose operator it is, where it is none of ONNX itself. */
  domain?: string;
}

interface Initializer {
  prefix: Buffer;
  bytes: number;
  make: () => Uint8Array;
}

/** Of TensorProto. */
const ELEMENT_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** A name where the dimension is free. */
export type Dims = readonly (number | string)[];

/**
 * What makes tensors that are inside a graph outputs of it when it is put behind the file's own bytes: protobuf reads a
 * message that comes twice as one whose lists go on, and onnxruntime finds out their types and shapes.
 */
export function furtherOutputs(names: readonly string[]): Uint8Array {
  return field(7, Buffer.concat(names.map((name) => field(12, field(1, Buffer.from(name))))));
}

/** Collects nodes and weights in order; each value is known by the name that the call returns. */
export class OnnxFile {
  readonly #nodes: Buffer[] = [];
  readonly #weights: Initializer[] = [];
  readonly #ends: Buffer[] = [];
  readonly #known = new Map<string, string>();
  #count = 0;

  input(name: string, type: ElementType, dims: Dims): string {
    this.#ends.push(field(11, valueInfo(name, type, dims)));
    return name;
  }

  output(name: string, type: ElementType, dims: Dims): void {
    this.#ends.push(field(12, valueInfo(name, type, dims)));
  }

  /** One node with one output. @param name of the output, where the graph's users must know it. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    name?: string,
  ): string {
    const output = name ?? `${op}_${this.#count++}`;
    this.#nodes.push(nodeField({ op, inputs, outputs: [output], attributes }));
    return output;
  }

  /** One node with two outputs, as TopK has: values, then indices. */
  pair(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
  ): [first: string, second: string] {
    const outputs: [string, string] = [`${op}_${this.#count++}`, `${op}_${this.#count++}`];
    this.#nodes.push(nodeField({ op, inputs, outputs, attributes }));
    return outputs;
  }

  /** Row-major floats, made when the file is written. */
  weight(dims: readonly number[], make: (count: number) => Float32Array): string {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return this.#initializer('float32', dims, 4 * count, () => bytesOf(make(count)));
  }

  scalar(value: number): string {
    return this.#once(`scalar ${value}`, () => this.weight([], () => Float32Array.of(value)));
  }

  ints(values: readonly number[]): string {
    const make = (): Uint8Array => bytesOf(BigInt64Array.from(values, BigInt));
    return this.#once(`ints ${values}`, () =>
      this.#initializer('int64', [values.length], 8 * values.length, make),
    );
  }

  /** Writes the model; weights are made one at a time, so that memory holds the largest only. */
  async write(path: string): Promise<void> {
    const graph = [...this.#nodes, text(2, 'graph'), ...this.#ends];
    const graphBytes = [
      ...graph.map(({ length }) => length),
      ...this.#weights.map(({ prefix, bytes }) => prefix.length + bytes),
    ].reduce((sum, length) => sum + length, 0);
    const opset = field(8, Buffer.concat([field(1, Buffer.alloc(0)), number(2, 17)]));
    const file = createWriteStream(path);
    const put = async (bytes: Uint8Array): Promise<void> => {
      if (!file.write(bytes)) await once(file, 'drain');
    };
    await put(Buffer.concat([number(1, 8), opset, fieldHead(7, graphBytes), ...graph]));
    for (const { prefix, make } of this.#weights) {
      await put(prefix);
      await put(make());
    }
    file.end();
    await finished(file);
  }

  #initializer(type: ElementType, dims: readonly number[], bytes: number, make: () => Uint8Array): string {
    const name = `weight_${this.#count++}`;
    this.#weights.push({ prefix: initializerPrefix({ name, type, dims, bytes }), bytes, make });
    return name;
  }

  #once(value: string, make: () => string): string {
    const name = this.#known.get(value) ?? make();
    this.#known.set(value, name);
    return name;
  }
}

/** A node as a field of its graph; it is named like its first output. */
export function nodeField({ op, inputs, outputs, attributes = {}, domain }: NodeParts): Buffer {
  const parts = [
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(3, outputs[0]!),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
    ...(domain === undefined ? [] : [text(7, domain)]),
  ];
  return field(1, Buffer.concat(parts));
}

/** Everything of an initializer (field 5 of the graph) up to its raw bytes (field 9 of the tensor), little-endian. */
export function initializerPrefix(tensor: {
  name: string;
  type: ElementType;
  dims: readonly number[];
  bytes: number;
}): Buffer {
  const { name, type, dims, bytes } = tensor;
  const facts = [...dims.map((dim) => number(1, dim)), number(2, ELEMENT_TYPES[type]), text(8, name)];
  const head = Buffer.concat([...facts, fieldHead(9, bytes)]);
  return Buffer.concat([fieldHead(5, head.length + bytes), head]);
}

function valueInfo(name: string, type: ElementType, dims: Dims): Buffer {
  const shape = dims.map((dim) => field(1, typeof dim === 'number' ? number(1, dim) : text(2, dim)));
  const tensor = Buffer.concat([number(1, ELEMENT_TYPES[type]), field(2, Buffer.concat(shape))]);
  return Buffer.concat([text(1, name), field(2, field(1, tensor))]);
}

function attribute(name: string, value: Attribute): Buffer {
  const named = text(1, name);
  if ('int' in value) return Buffer.concat([named, number(3, value.int), number(20, 2)]);
  if ('ints' in value)
    return Buffer.concat([named, ...value.ints.map((each) => number(8, each)), number(20, 7)]);
  return Buffer.concat([named, float(2, value.float), number(20, 1)]);
}

function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
