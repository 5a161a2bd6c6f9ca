/** A function of a positive float32, at its bits: 64 values from each power of 2 to the next, from 2⁻³⁰ to 2²⁰. */
export type ForceTable = Float32Array;

const LEAST = -30;
const MOST = 20;
/** Bits of a float32's fraction that choose the value, and those that are left to go on to the next. */
const CHOOSING = 6;
const LEFT = 23 - CHOOSING;
/** The exponent of a float32 stands with 127 added. */
const FIRST = (LEAST + 127) << 23;
const LAST = ((MOST - LEAST) << CHOOSING) - 1;

/**
 * The table of a function that is smooth over each power of 2, as powers and their fractions are: powers of an
 * arbitrary exponent take most of a layout's time otherwise. Between two values a straight line is right to 2e-4.
 */
export function forceTable(of: (square: number) => number): ForceTable {
  const table = new Float32Array(LAST + 2);
  for (let at = 0; at < table.length; at++) {
    const [power, part] = [at >> CHOOSING, at & ((1 << CHOOSING) - 1)];
    table[at] = of(2 ** (LEAST + power) * (1 + part / (1 << CHOOSING)));
  }
  return table;
}

/** The function's value at the float32 with these bits; beyond the table's ends that of its end. */
export function factorAt(table: ForceTable, bits: number): number {
  const above = bits - FIRST;
  if (above <= 0) return table[0]!;
  const at = above >> LEFT;
  if (at > LAST) return table[LAST + 1]!;
  const low = table[at]!;
  return low + (table[at + 1]! - low) * ((above & ((1 << LEFT) - 1)) / (1 << LEFT));
}
