/** The plane of most spread of a set of rows. */
export interface PrincipalPlane {
  /** float64[dimension] */
  mean: Float64Array;
  /** Unit vectors at right angles, that of more spread first; zeros where there is no spread. */
  axes: [Float64Array, Float64Array];
}

/** Rows beyond these say nothing new about the plane. */
const SEEN = 2000;
const ROUNDS = 24;

/**
 * The two directions of most spread of float32[rows, dimension] (principal component analysis by subspace iteration:
 * Rutishauser 1969), from at most 2,000 rows spread evenly. `random` only picks the start; the side on which an axis
 * points is that on which its largest number is positive, so that equal rows always give an equal picture.
 * Pauses after each round with the share done.
 */
export function* principalPlane(
  block: Float32Array,
  dimension: number,
  random: () => number,
): Generator<number, PrincipalPlane> {
  const rows = dimension ? block.length / dimension : 0;
  const seen = Math.min(rows, SEEN);
  const starts = Array.from({ length: seen }, (_, n) => Math.floor((n * rows) / seen) * dimension);
  const mean = new Float64Array(dimension);
  for (const start of starts) for (let i = 0; i < dimension; i++) mean[i]! += block[start + i]! / seen;
  const anyVector = (): Float64Array => Float64Array.from({ length: dimension }, () => random() - 0.5);
  let first = unit(anyVector());
  let second = orthogonal(anyVector(), first);
  for (let round = 0; round < ROUNDS; round++) {
    const nextFirst = new Float64Array(dimension);
    const nextSecond = new Float64Array(dimension);
    for (const start of starts) {
      const [x, y] = placeOf(block, start, { mean, axes: [first, second] });
      for (let i = 0; i < dimension; i++) {
        const value = block[start + i]! - mean[i]!;
        nextFirst[i]! += x * value;
        nextSecond[i]! += y * value;
      }
    }
    first = unit(nextFirst);
    second = orthogonal(nextSecond, first);
    yield (round + 1) / ROUNDS;
  }
  return { mean, axes: [upright(first), upright(second)] };
}

/** Rows as they are seen on the plane: float64[rows, 2]. Pauses now and then with the share done. */
export function* seenOn(plane: PrincipalPlane, block: Float32Array): Generator<number, Float64Array> {
  const dimension = plane.mean.length;
  const rows = dimension ? block.length / dimension : 0;
  const points = new Float64Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    points.set(placeOf(block, row * dimension, plane), row * 2);
    if (row % 1024 === 1023) yield row / rows;
  }
  return points;
}

function placeOf(block: Float32Array, start: number, { mean, axes }: PrincipalPlane): [number, number] {
  const [first, second] = axes;
  let x = 0;
  let y = 0;
  for (let i = 0; i < mean.length; i++) {
    const value = block[start + i]! - mean[i]!;
    x += value * first[i]!;
    y += value * second[i]!;
  }
  return [x, y];
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return length > 1e-12 ? vector.map((value) => value / length) : vector.fill(0);
}

function orthogonal(vector: Float64Array, to: Float64Array): Float64Array {
  let along = 0;
  for (let i = 0; i < vector.length; i++) along += vector[i]! * to[i]!;
  return unit(vector.map((value, i) => value - along * to[i]!));
}

function upright(axis: Float64Array): Float64Array {
  let largest = 0;
  for (const value of axis) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? axis.map((value) => -value) : axis;
}
