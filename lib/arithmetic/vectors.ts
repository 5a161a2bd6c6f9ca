/** Pure arithmetic on embeddings: Float32Array, one row or row-major blocks float32[rows, dimension]. */

/** The vector scaled to length 1, in place; a zero vector stays zero. */
export function normalise(vector: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
  for (let i = 0; i < vector.length; i++) vector[i]! *= scale;
  return vector;
}

/** The Euclidean length. */
export function lengthOf(vector: Float32Array): number {
  return Math.sqrt(dot(vector, vector));
}

/** The vector brought to mean 0 and deviation 1, in place: a layer norm without weights. */
export function standardise(vector: Float32Array): Float32Array {
  const { length } = vector;
  let mean = 0;
  for (let i = 0; i < length; i++) mean += vector[i]! / length;
  let variance = 0;
  for (let i = 0; i < length; i++) variance += (vector[i]! - mean) ** 2 / length;
  const scale = 1 / Math.sqrt(variance + 1e-5);
  for (let i = 0; i < length; i++) vector[i] = (vector[i]! - mean) * scale;
  return vector;
}

/** The dot product; for normalised vectors this is the cosine, 1 is best. */
export function dot(a: Float32Array, b: Float32Array): number {
  return dotRow(a, 0, b);
}

/**
 * The dot product of a vector with the row of a block that begins at `start`. Four sums at once, because each
 * addition to one sum would wait for the one before it (measured: 6 ms → 2 ms for 20 × 1000 rows of 256).
 */
export function dotRow(block: Float32Array, start: number, vector: Float32Array): number {
  const { length } = vector;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += block[start + i]! * vector[i]!;
    b += block[start + i + 1]! * vector[i + 1]!;
    c += block[start + i + 2]! * vector[i + 2]!;
    d += block[start + i + 3]! * vector[i + 3]!;
  }
  for (; i < length; i++) a += block[start + i]! * vector[i]!;
  return a + b + (c + d);
}

/** Row `row` of float32[rows, dimension] as a copy that owns its memory. */
export function rowOf(block: Float32Array, row: number, dimension: number): Float32Array {
  return block.slice(row * dimension, (row + 1) * dimension);
}

/** Rows laid one after another: Float32Array[] → float32[rows, dimension]. */
export function stack(rows: readonly Float32Array[], dimension: number): Float32Array {
  const block = new Float32Array(rows.length * dimension);
  for (const [index, row] of rows.entries()) block.set(row, index * dimension);
  return block;
}

/** Whether every number is finite; a model that answers NaN must not reach the store. */
export function isFiniteVector(vector: Float32Array): boolean {
  for (let i = 0; i < vector.length; i++) if (!Number.isFinite(vector[i]!)) return false;
  return true;
}
