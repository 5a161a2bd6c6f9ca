/** Reads what the nodes of an ONNX file make, and leaves its weights where they are: a few kilobytes of any file. */
import { type FileHandle, open } from 'node:fs/promises';
import { LookbookError } from './errors.js';

/** A tensor that a node makes of what the graph is given. */
export interface MadeTensor {
  name: string;
  /** The kind of node that makes it: Conv, Relu, Add … */
  op: string;
}

export interface GraphNames {
  /** The graph's own outputs. */
  outputs: string[];
  /** In the order in which they are made; what is made of weights alone is not among them. */
  tensors: MadeTensor[];
}

/** Bytes that are read at once: enough for many nodes, and little to read in vain between weights. */
const WINDOW_BYTES = 8192;
const LONGEST_NAME_BYTES = 4096;
const MOST_NODES = 1_000_000;
/** A file that was made to keep its reader busy has more. */
const MOST_FIELDS = 20_000_000;
/** 64 bits in groups of seven. */
const LONGEST_VARINT = 10;

/**
 * The names of a graph's tensors (ModelProto of onnx.proto), by reads of small pieces: 1 GB of weights costs no more
 * than 1 MB of them.
 * @throws LookbookError when the file is no ONNX graph, be it cut off, made up or something else.
 */
export async function readGraphNames(path: string): Promise<GraphNames> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return await namesOf(new Fields(file, size), size);
  } catch (cause) {
    throw new LookbookError('onnx', {
      what: 'the names of a graph cannot be read',
      got: `${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      expected: 'an ONNX graph',
      mend: 'Fetch it again (`npm run models -- verify NAME` compares it with its manifest).',
      cause,
    });
  } finally {
    await file.close();
  }
}

interface Node {
  op: string;
  inputs: string[];
  outputs: string[];
}

async function namesOf(file: Fields, size: number): Promise<GraphNames> {
  const inputs: string[] = [];
  const weights = new Set<string>();
  const outputs: string[] = [];
  const nodes: Node[] = [];
  // A message that comes twice is one whose lists go on: protobuf's own rule.
  for await (const graph of file.within(0, size)) {
    if (graph.id !== 7) continue;
    for await (const { id, start, end } of file.within(graph.start, graph.end)) {
      if (id === 1) nodes.push(await nodeOf(file, start, end));
      else if (id === 5) weights.add(await nameOf(file, { start, end, id: 8 }));
      else if (id === 11) inputs.push(await nameOf(file, { start, end, id: 1 }));
      else if (id === 12) outputs.push(await nameOf(file, { start, end, id: 1 }));
      if (nodes.length > MOST_NODES) throw new Error(`more than ${MOST_NODES} nodes`);
    }
  }
  if (!nodes.length || !outputs.length) throw new Error('it has no nodes and outputs');
  // Older files list their weights among the inputs. Nodes stand in the order in which they run.
  const fed = new Set(inputs.filter((name) => !weights.has(name)));
  const tensors = nodes.flatMap(({ op, inputs: from, outputs: made }) => {
    if (!from.some((name) => fed.has(name))) return [];
    const named = made.filter(Boolean);
    for (const name of named) fed.add(name);
    return named.map((name) => ({ name, op }));
  });
  return { outputs, tensors };
}

async function nodeOf(file: Fields, from: number, to: number): Promise<Node> {
  const node: Node = { op: '', inputs: [], outputs: [] };
  for await (const { id, start, end } of file.within(from, to)) {
    if (id === 1) node.inputs.push(await file.text(start, end));
    else if (id === 2) node.outputs.push(await file.text(start, end));
    else if (id === 4) node.op = await file.text(start, end);
  }
  return node;
}

/** The text of one field of a message. */
async function nameOf(file: Fields, message: { start: number; end: number; id: number }): Promise<string> {
  for await (const { id, start, end } of file.within(message.start, message.end))
    if (id === message.id) return file.text(start, end);
  return '';
}

/** One field of a message that has bytes of its own: a text, a message, weights. */
interface Field {
  id: number;
  start: number;
  end: number;
}

/** Walks through the fields of protobuf messages in a file; what is not asked for is not read. */
class Fields {
  readonly #file: FileHandle;
  readonly #size: number;
  #window = Buffer.alloc(0);
  #from = 0;
  #count = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async *within(from: number, to: number): AsyncGenerator<Field> {
    let at = from;
    while (at < to) {
      if (this.#count++ > MOST_FIELDS) throw new Error(`more than ${MOST_FIELDS} fields`);
      const key = await this.#varint(at);
      const [id, wire] = [Math.floor(key.value / 8), key.value % 8];
      at = key.end;
      if (wire === 0) at = (await this.#varint(at)).end;
      else if (wire === 1) at += 8;
      else if (wire === 5) at += 4;
      else if (wire === 2) {
        const length = await this.#varint(at);
        at = length.end + length.value;
        if (at <= to) yield { id, start: length.end, end: at };
      } else throw new Error(`a field of the unknown kind ${wire}`);
      if (at > to) throw new Error('a field that is longer than what holds it');
    }
  }

  async text(start: number, end: number): Promise<string> {
    if (end - start > LONGEST_NAME_BYTES) throw new Error(`a name of ${end - start} bytes`);
    const bytes = await this.#bytes(start, end - start);
    if (bytes.length < end - start) throw new Error('it ends in the middle of a name');
    return bytes.toString('utf8');
  }

  async #varint(at: number): Promise<{ value: number; end: number }> {
    const bytes = await this.#bytes(at, LONGEST_VARINT);
    let value = 0;
    for (const [index, byte] of bytes.entries()) {
      value += (byte & 127) * 2 ** (7 * index);
      if (byte < 128) return { value, end: at + index + 1 };
    }
    throw new Error('it ends in the middle of a number');
  }

  /** Fewer than asked for at the file's end. */
  async #bytes(at: number, length: number): Promise<Buffer> {
    const isHeld = at >= this.#from && at + length <= this.#from + this.#window.length;
    if (!isHeld) {
      const wanted = Math.min(this.#size - at, Math.max(length, WINDOW_BYTES));
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(Math.max(0, wanted)), 0, wanted, at);
      this.#window = buffer.subarray(0, bytesRead);
      this.#from = at;
    }
    return this.#window.subarray(at - this.#from, at - this.#from + length);
  }
}
