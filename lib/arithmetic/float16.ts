/** IEEE 754 half precision, as models of dtype fp16 may want their inputs and give their outputs. */

/** Bits of halves → numbers. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = VALUES[bits[i]!]!;
  return values;
}

/** Numbers → bits of the nearest half, ties to even; too large becomes infinite. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint16Array(values.length);
  const word = new Uint32Array(1);
  const single = new Float32Array(word.buffer);
  for (let i = 0; i < values.length; i++) {
    single[0] = values[i]!;
    bits[i] = halfOf(word[0]!);
  }
  return bits;
}

/** All 65,536 halves: a look-up is faster than taking each apart. */
const VALUES = Float32Array.from({ length: 65_536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
});

/** @param bits of a single */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to infinity
  if (magnitude >= 0x38800000) return sign | roundedShift(magnitude - 0x38000000, 13);
  if (magnitude < 0x33000000) return sign; // below half of the smallest
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  return sign | roundedShift(fraction, 126 - (magnitude >>> 23));
}

/** value / 2^count, ties to even. */
function roundedShift(value: number, count: number): number {
  const floor = value >>> count;
  const rest = value - floor * 2 ** count;
  const half = 2 ** (count - 1);
  return rest > half || (rest === half && floor % 2 === 1) ? floor + 1 : floor;
}
