/** Weights as whole numbers of 8 bits, each column of a product with a scale of its own. */

export interface EightBitWeights {
  /** int8[inner, outer], row-major. */
  values: Int8Array;
  /** float32[outer]: weight = value · scale. */
  scales: Float32Array;
}

/** −128 is left out, so that a weight and its negative are rounded alike. */
const LARGEST = 127;

/**
 * Symmetric rounding per output column.
 * @param weights float32[inner, outer], or [outer, inner] where they are turned.
 * @throws Error where a weight is not finite.
 */
export function eightBitWeights(
  weights: Float32Array,
  { inner, outer, isTurned }: { inner: number; outer: number; isTurned: boolean },
): EightBitWeights {
  const [row, column] = isTurned ? [1, inner] : [outer, 1];
  const scales = new Float32Array(outer);
  for (let i = 0; i < inner; i++)
    for (let o = 0; o < outer; o++) {
      const size = Math.abs(weights[i * row + o * column]!);
      // Also true of what is no number.
      if (!(size <= scales[o]!)) scales[o] = size;
    }
  if (!scales.every(Number.isFinite)) throw new Error('weights that are not finite');
  for (let o = 0; o < outer; o++) scales[o]! /= LARGEST;
  const values = new Int8Array(inner * outer);
  for (let i = 0; i < inner; i++)
    for (let o = 0; o < outer; o++) {
      const scale = scales[o]!;
      const value = weights[i * row + o * column]!;
      // A scale among the smallest numbers is coarse: the quotient may pass the limit.
      const rounded = scale > 0 ? Math.round(value / scale) : 0;
      values[i * outer + o] = Math.max(-LARGEST, Math.min(LARGEST, rounded));
    }
  return { values, scales };
}
