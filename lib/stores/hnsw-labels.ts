/**
 * Chroma's index_metadata.pickle, read without Python: which label of the index is which row's. Of pickle's protocol 3
 * (Python's pickletools.py) only what Chroma writes: nested dictionaries of text, whole numbers and nothing.
 */

type Value = string | number | null | Map<Value, Value>;

const MARK = Symbol('mark');

/** label → id. @returns undefined where the bytes are cut, or hold anything else. */
export function labelsOf(bytes: Uint8Array): Map<number, string> | undefined {
  try {
    const facts = unpickle(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const labels = facts instanceof Map ? facts.get('id_to_label') : undefined;
    if (!(labels instanceof Map)) return undefined;
    const ids = new Map<number, string>();
    for (const [id, label] of labels)
      if (typeof id === 'string' && typeof label === 'number') ids.set(label, id);
    return ids.size === labels.size ? ids : undefined;
  } catch {
    return undefined; // cut, or not written by Chroma: nothing in it can be trusted
  }
}

/** @throws where the bytes end too early or hold another operation. */
function unpickle(bytes: Buffer): Value {
  const stack: (Value | typeof MARK)[] = [];
  for (let at = 0; ; ) {
    const operation = String.fromCharCode(bytes.readUInt8(at++));
    if (operation === '.') return known(stack.pop());
    if (operation === '\x80') at++;
    else if (operation === '}') stack.push(new Map());
    else if (operation === '(') stack.push(MARK);
    else if (operation === 'N') stack.push(null);
    else if (operation === 'K') stack.push(bytes.readUInt8(at++));
    else if (operation === 'M') {
      stack.push(bytes.readUInt16LE(at));
      at += 2;
    } else if (operation === 'J') {
      stack.push(bytes.readInt32LE(at));
      at += 4;
    } else if (operation === '\x8a') {
      const length = bytes.readUInt8(at);
      stack.push(length ? bytes.readIntLE(at + 1, Math.min(6, length)) : 0);
      at += 1 + length;
    } else if (operation === 'X') {
      const length = bytes.readUInt32LE(at);
      at += 4;
      if (at + length > bytes.length) throw new RangeError('a text is cut');
      stack.push(bytes.toString('utf8', at, at + length));
      at += length;
    } else if (operation === 'u') fill(stack);
    else throw new TypeError(`no pickle of Chroma: ${operation}`);
  }
}

/** What stands since the last mark becomes pairs of the dictionary before it. */
function fill(stack: (Value | typeof MARK)[]): void {
  const mark = stack.lastIndexOf(MARK);
  const pairs = stack.splice(mark).slice(1).map(known);
  const dictionary = stack.at(-1);
  if (!(dictionary instanceof Map) || pairs.length % 2) throw new TypeError('pairs without a dictionary');
  for (let i = 0; i < pairs.length; i += 2) dictionary.set(pairs[i]!, pairs[i + 1]!);
}

function known(value: Value | typeof MARK | undefined): Value {
  if (value === undefined || value === MARK) throw new TypeError('a value is missing');
  return value;
}
