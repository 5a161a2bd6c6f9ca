/**
 * The rows seen along their two directions of most spread: float64[rows, 2], centred.
 * Found by subspace iteration, rows · dimension work per round; `random` only picks the start.
 */
export function principalAxes(block: Float32Array, dimension: number, random: () => number): Float64Array {
  const rows = dimension ? block.length / dimension : 0;
  const mean = meanRow(block, dimension, rows);
  let first = unit(Float64Array.from({ length: dimension }, () => random() - 0.5));
  let second = orthogonal(
    Float64Array.from({ length: dimension }, () => random() - 0.5),
    first,
  );
  for (let round = 0; round < 24; round++) {
    const nextFirst = new Float64Array(dimension);
    const nextSecond = new Float64Array(dimension);
    for (let row = 0; row < rows; row++) {
      const [x, y] = seen(block, row, { mean, first, second });
      for (let i = 0; i < dimension; i++) {
        const value = block[row * dimension + i]! - mean[i]!;
        nextFirst[i]! += x * value;
        nextSecond[i]! += y * value;
      }
    }
    first = unit(nextFirst);
    second = orthogonal(nextSecond, first);
  }
  const points = new Float64Array(rows * 2);
  for (let row = 0; row < rows; row++) points.set(seen(block, row, { mean, first, second }), row * 2);
  return points;
}

interface View {
  mean: Float64Array;
  first: Float64Array;
  second: Float64Array;
}

function seen(block: Float32Array, row: number, { mean, first, second }: View): [number, number] {
  let x = 0;
  let y = 0;
  const start = row * mean.length;
  for (let i = 0; i < mean.length; i++) {
    const value = block[start + i]! - mean[i]!;
    x += value * first[i]!;
    y += value * second[i]!;
  }
  return [x, y];
}

function meanRow(block: Float32Array, dimension: number, rows: number): Float64Array {
  const mean = new Float64Array(dimension);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dimension; i++) mean[i]! += block[row * dimension + i]! / rows;
  }
  return mean;
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
