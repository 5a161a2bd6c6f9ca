import { crc32 } from 'node:zlib';
import type { Original } from './pictures-originals.js';

/** A file that was a picture. */
export interface Mutant {
  /** Number, kind, original and what was done to it. */
  name: string;
  bytes: Buffer;
}

type Random = () => number;
type Mutation = (bytes: Buffer, random: Random, others: readonly Original[]) => Buffer;

const upTo = (random: Random, end: number): number => Math.floor(random() * end);
const oneOf = <Item>(random: Random, items: readonly Item[]): Item => items[upTo(random, items.length)]!;

/** Numbers at which sizes, counts and offsets go wrong. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
/** Share of the PNGs whose sums are put right afterwards. */
const MENDED = 0.7;
/** Where embedded profiles, EXIF, chunks and boxes begin. */
const MARKS = [
  'Exif',
  'ICC_PROFILE',
  'iCCP',
  'eXIf',
  'EXIF',
  'ICCP',
  'acsp',
  'IHDR',
  'PLTE',
  'ANMF',
  'VP8',
  'ispe',
  'av1C',
  'iloc',
];

const MUTATIONS: Record<string, Mutation> = {
  flips(bytes, random) {
    const flips = 1 + upTo(random, 12);
    for (let n = 0; n < flips; n++) bytes[upTo(random, bytes.length)]! ^= 1 << upTo(random, 8);
    return bytes;
  },
  /** The head holds sizes, tables and offsets. */
  headFlips(bytes, random) {
    const head = Math.min(bytes.length, 200);
    for (let n = 1 + upTo(random, 6); n > 0; n--) bytes[upTo(random, head)] = upTo(random, 256);
    return bytes;
  },
  truncated: (bytes, random) => bytes.subarray(0, upTo(random, bytes.length)),
  beheaded: (bytes, random) => bytes.subarray(upTo(random, Math.min(64, bytes.length))),
  /** The head of one picture, the body of another. */
  spliced(bytes, random, others) {
    const head = oneOf(random, others).bytes;
    const cut = 4 + upTo(random, Math.min(400, head.length));
    return Buffer.concat([head.subarray(0, cut), bytes.subarray(Math.min(cut, bytes.length))]);
  },
  /** A picture in a picture. */
  nested(bytes, random, others) {
    const at = upTo(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), oneOf(random, others).bytes, bytes.subarray(at)]);
  },
  repeated(bytes, random) {
    const from = upTo(random, bytes.length);
    const part = bytes.subarray(from, from + 1 + upTo(random, 300));
    const times = 1 + upTo(random, 200);
    return Buffer.concat([bytes.subarray(0, from), ...Array<Buffer>(times).fill(part), bytes.subarray(from)]);
  },
  removed(bytes, random) {
    const from = upTo(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + upTo(random, 64))]);
  },
  filled(bytes, random) {
    const from = upTo(random, bytes.length);
    return bytes.fill(
      oneOf(random, [0, 0xff, 0x41]),
      from,
      Math.min(bytes.length, from + 1 + upTo(random, 200)),
    );
  },
  edges(bytes, random) {
    for (let n = 1 + upTo(random, 3); n > 0; n--) {
      const wide = random() < 0.5;
      const at = upTo(random, Math.min(600, bytes.length) - 4);
      const value = oneOf(random, EDGES);
      if (wide && random() < 0.5) bytes.writeUInt32LE(value, at);
      else if (wide) bytes.writeUInt32BE(value, at);
      else bytes.writeUInt16BE(value & 0xffff, at);
    }
    return bytes;
  },
  /** ICC, EXIF and what stands behind other marks becomes noise. */
  scribbled(bytes, random) {
    const found = MARKS.map((mark) => bytes.indexOf(mark)).filter((at) => at >= 0);
    const from = (found.length ? oneOf(random, found) : upTo(random, bytes.length)) + 4;
    for (let n = 0; n < 40; n++) {
      const at = from + upTo(random, 300);
      if (at < bytes.length) bytes[at] = upTo(random, 256);
    }
    return bytes;
  },
};

/** Puts the sums of a PNG's chunks right: else its first damaged chunk is refused and nothing behind it is tried. */
function mended(bytes: Buffer): Buffer {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

/** Mutants without end, the same for the same seed: each original in turn, each mutation in turn. */
export function* mutants(originals: readonly Original[], random: Random): Generator<Mutant> {
  const kinds = Object.entries(MUTATIONS);
  for (let n = 0; ; n++) {
    const original = originals[n % originals.length]!;
    const [kind, mutate] = kinds[Math.floor(n / originals.length) % kinds.length]!;
    const damaged = mutate(Buffer.from(original.bytes), random, originals);
    const bytes = original.ending === 'png' && random() < MENDED ? mended(damaged) : damaged;
    yield { name: `${String(n).padStart(6, '0')}-${kind}-${original.name}.${original.ending}`, bytes };
  }
}
