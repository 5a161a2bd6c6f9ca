/** Writes ONNX graphs: the few messages of onnx.proto that a plain transformer needs, weights inside the file. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** A number with a fraction is written as a float, others as an int, lists as ints. */
type Attribute = { int: number } | { float: number } | { ints: readonly number[] };

interface NodeParts {
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Record<string, Attribute>;
}

interface Initializer {
  head: Buffer;
  bytes: number;
  make: () => Uint8Array;
}

const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7 } as const;
type ElementType = keyof typeof ELEMENT_TYPES;

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
    this.#put(op, { inputs, outputs: [output], attributes });
    return output;
  }

  /** One node with two outputs, as TopK has: values, then indices. */
  pair(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
  ): [first: string, second: string] {
    const outputs: [string, string] = [`${op}_${this.#count++}`, `${op}_${this.#count++}`];
    this.#put(op, { inputs, outputs, attributes });
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
    const graph = [...this.#nodes, field(2, Buffer.from('graph')), ...this.#ends];
    const weights = this.#weights.map((one) => ({ ...one, prefix: prefixOf(one) }));
    const graphBytes = [
      ...graph.map(({ length }) => length),
      ...weights.map(({ prefix, bytes }) => prefix.length + bytes),
    ].reduce((sum, length) => sum + length, 0);
    const opset = field(8, Buffer.concat([field(1, Buffer.alloc(0)), number(2, 17)]));
    const file = createWriteStream(path);
    const put = async (bytes: Uint8Array): Promise<void> => {
      if (!file.write(bytes)) await once(file, 'drain');
    };
    await put(Buffer.concat([number(1, 8), opset, key(7, 2), varint(graphBytes), ...graph]));
    for (const { prefix, make } of weights) {
      await put(prefix);
      await put(make());
    }
    file.end();
    await finished(file);
  }

  /** A node is named like its first output. */
  #put(op: string, { inputs, outputs, attributes }: NodeParts): void {
    const parts = [
      ...inputs.map((input) => field(1, Buffer.from(input))),
      ...outputs.map((output) => field(2, Buffer.from(output))),
      field(3, Buffer.from(outputs[0]!)),
      field(4, Buffer.from(op)),
      ...Object.entries(attributes).map(([key, value]) => field(5, attribute(key, value))),
    ];
    this.#nodes.push(field(1, Buffer.concat(parts)));
  }

  #initializer(type: ElementType, dims: readonly number[], bytes: number, make: () => Uint8Array): string {
    const name = `weight_${this.#count++}`;
    const facts = [...dims.map((dim) => number(1, dim)), number(2, ELEMENT_TYPES[type])];
    this.#weights.push({ head: Buffer.concat([...facts, field(8, Buffer.from(name))]), bytes, make });
    return name;
  }

  #once(value: string, make: () => string): string {
    const name = this.#known.get(value) ?? make();
    this.#known.set(value, name);
    return name;
  }
}

/** Everything of an initializer (field 5 of the graph) up to its raw bytes (field 9 of the tensor). */
function prefixOf({ head, bytes }: Initializer): Buffer {
  const raw = Buffer.concat([key(9, 2), varint(bytes)]);
  return Buffer.concat([key(5, 2), varint(head.length + raw.length + bytes), head, raw]);
}

function valueInfo(name: string, type: ElementType, dims: Dims): Buffer {
  const shape = dims.map((dim) =>
    field(1, typeof dim === 'number' ? number(1, dim) : field(2, Buffer.from(dim))),
  );
  const tensor = Buffer.concat([number(1, ELEMENT_TYPES[type]), field(2, Buffer.concat(shape))]);
  return Buffer.concat([field(1, Buffer.from(name)), field(2, field(1, tensor))]);
}

function attribute(name: string, value: Attribute): Buffer {
  const named = field(1, Buffer.from(name));
  if ('int' in value) return Buffer.concat([named, number(3, value.int), number(20, 2)]);
  if ('ints' in value)
    return Buffer.concat([named, ...value.ints.map((each) => number(8, each)), number(20, 7)]);
  return Buffer.concat([named, key(2, 5), bytesOf(Float32Array.of(value.float)), number(20, 1)]);
}

function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function field(id: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([key(id, 2), varint(bytes.length), bytes]);
}

function number(id: number, value: number): Buffer {
  return Buffer.concat([key(id, 0), varint(value)]);
}

function key(id: number, wire: 0 | 2 | 5): Buffer {
  return varint(8 * id + wire);
}

/** Base 128, low groups first; a negative number is written as its 64-bit two's complement. */
function varint(value: number): Buffer {
  const groups: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    groups.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  groups.push(Number(rest));
  return Buffer.from(groups);
}
