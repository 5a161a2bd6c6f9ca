/** The wire format of protobuf (protobuf.dev/programming-guides/encoding), as far as ONNX graphs need it. */

/** One field of a message. */
export interface Field {
  id: number;
  /** 0 a varint, 1 eight bytes, 2 bytes with a length, 5 four bytes. */
  wire: number;
  /** Of varints; as a signed number of 64 bits. */
  value: number;
  /** What the field holds; of varints, their bytes. */
  body: Buffer;
  /** Key, length and body, as they stand. */
  whole: Buffer;
}

const WIRES = { varint: 0, eight: 1, bytes: 2, four: 5 } as const;

/** A varint of 64 bits has no more groups of seven. */
const MOST_GROUPS = 10;

/**
 * The fields of a message in their order; nothing is copied.
 * @throws Error where the bytes are none: cut, or of a form that protobuf 3 has not.
 */
export function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const start = at;
    const head = readVarint(message, at);
    const [id, wire] = [Math.floor(head.value / 8), head.value & 7];
    at = head.end;
    let value = 0;
    let end = at;
    if (wire === WIRES.varint) ({ value, end } = readVarint(message, at));
    else if (wire === WIRES.eight) end = at + 8;
    else if (wire === WIRES.four) end = at + 4;
    else if (wire === WIRES.bytes) {
      const length = readVarint(message, at);
      at = length.end;
      end = at + length.value;
    } else throw new Error(`a field of wire type ${wire}`);
    if (id < 1 || end < at || end > message.length) throw new Error('a field that ends beyond its message');
    yield { id, wire, value, body: message.subarray(at, end), whole: message.subarray(start, end) };
    at = end;
  }
}

/** Repeated varints, one a field or packed into one. */
export function varintsOf({ wire, value, body }: Field): number[] {
  if (wire === WIRES.varint) return [value];
  const values: number[] = [];
  for (let at = 0; at < body.length; ) {
    const next = readVarint(body, at);
    values.push(next.value);
    at = next.end;
  }
  return values;
}

function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; at < bytes.length && at < start + MOST_GROUPS; at++) {
    const byte = bytes[at]!;
    value += (byte & 127) * 2 ** (7 * (at - start));
    if (byte < 128) {
      const isLong = at - start + 1 === MOST_GROUPS;
      // Only negative numbers take all ten groups; a double would lose their low bits.
      return { value: isLong ? signed(bytes.subarray(start, at + 1)) : value, end: at + 1 };
    }
  }
  throw new Error('a number that does not end');
}

function signed(groups: Buffer): number {
  let value = 0n;
  for (const [index, byte] of groups.entries()) value |= BigInt(byte & 127) << BigInt(7 * index);
  return Number(BigInt.asIntN(64, value));
}

/** A message or text as a field. */
export function field(id: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([fieldHead(id, bytes.length), bytes]);
}

/** What stands before so many bytes of a field. */
export function fieldHead(id: number, length: number): Buffer {
  return Buffer.concat([key(id, WIRES.bytes), varint(length)]);
}

export function text(id: number, value: string): Buffer {
  return field(id, Buffer.from(value));
}

export function number(id: number, value: number): Buffer {
  return Buffer.concat([key(id, WIRES.varint), varint(value)]);
}

export function float(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(id, WIRES.four), bytes]);
}

function key(id: number, wire: number): Buffer {
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
