// Reads the few messages of onnx.proto that a graph with its weights inside has.
import fs from 'node:fs';

const FLOAT = 1;
/** Element types of onnx.proto: bytes of one, and how it is read. */
const ELEMENTS = {
  [FLOAT]: [4, (view, at) => view.getFloat32(at, true)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [1, (view, at) => view.getInt8(at)],
  6: [4, (view, at) => view.getInt32(at, true)],
  7: [8, (view, at) => Number(view.getBigInt64(at, true))],
};

/** Base 128, low groups first. */
function varint(bytes, start) {
  let value = 0n;
  for (let at = start; ; at++) {
    value |= BigInt(bytes[at] & 127) << BigInt(7 * (at - start));
    if (bytes[at] < 128) return [Number(BigInt.asIntN(64, value)), at + 1];
  }
}

/** The fields of a message in their order: {id, value}, a number or the bytes of text, message or packed list. */
function* fields(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const [key, start] = varint(bytes, at);
    const id = key >> 3;
    if ((key & 7) === 0) {
      const [value, end] = varint(bytes, start);
      yield { id, value };
      at = end;
    } else if ((key & 7) === 5) {
      yield { id, value: view.getFloat32(start, true) };
      at = start + 4;
    } else if ((key & 7) === 2) {
      const [length, from] = varint(bytes, start);
      yield { id, value: bytes.subarray(from, from + length) };
      at = from + length;
    } else throw new Error(`a field of kind ${key & 7} at byte ${at}`);
  }
}

function all(bytes, id) {
  return [...fields(bytes)].filter(field => field.id === id).map(({ value }) => value);
}

const text = bytes => (bytes ? Buffer.from(bytes).toString('utf8') : '');
/** Whole numbers that stand one by one or packed. */
const ints = (bytes, id) => all(bytes, id).flatMap(value => {
  if (typeof value === 'number') return value;
  const found = [];
  for (let at = 0; at < value.length;) {
    const [one, end] = varint(value, at);
    found.push(one);
    at = end;
  }
  return found;
});

/** TensorProto -> {shape, isFloat, data}, row-major */
function tensorOf(bytes) {
  const [shape, [type], [raw]] = [ints(bytes, 1), all(bytes, 2), all(bytes, 9)];
  if (!raw || !ELEMENTS[type]) throw new Error(`the tensor ${text(all(bytes, 8)[0])} of type ${type} has no raw numbers`);
  const [size, read] = ELEMENTS[type];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = Float64Array.from({ length: raw.length / size }, (_, n) => read(view, n * size));
  return { shape, isFloat: type === FLOAT, data };
}

function attributeOf(bytes) {
  const [[f], [i], [s], [t], list] = [all(bytes, 2), all(bytes, 3), all(bytes, 4), all(bytes, 5), ints(bytes, 8)];
  const value = t ? tensorOf(t) : s ? text(s) : list.length ? list : i ?? f;
  return [text(all(bytes, 1)[0]), value];
}

function nodeOf(bytes) {
  return {
    op: text(all(bytes, 4)[0]),
    inputs: all(bytes, 1).map(text),
    output: text(all(bytes, 2)[0]),
    attributes: Object.fromEntries(all(bytes, 5).map(attributeOf)),
  };
}

/** -> {nodes in their order, weights by name, names of inputs and outputs} */
export function readOnnx(path) {
  const [graph] = all(fs.readFileSync(path), 7);
  const nameOf = bytes => text(all(bytes, 1)[0]);
  return {
    nodes: all(graph, 1).map(nodeOf),
    weights: Object.fromEntries(all(graph, 5).map(bytes => [text(all(bytes, 8)[0]), tensorOf(bytes)])),
    inputs: all(graph, 11).map(nameOf),
    outputs: all(graph, 12).map(nameOf),
  };
}
