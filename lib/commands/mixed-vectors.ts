/** Made vectors that lie as pictures' do: groups of unequal size, each of a few directions of its own, with noise. */
import { seeded } from '../arithmetic/seeded.js';

export interface MixedOptions {
  rows: number;
  dimension: number;
  groups: number;
  seed: number;
}

/** Directions along which a group extends. */
const DIRECTIONS = 8;

/** L2-normalised float32[rows, dimension]; equal seeds give equal vectors. */
export function mixedVectors({ rows, dimension, groups, seed }: MixedOptions): Float32Array {
  const random = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const anyVector = (): Float32Array => Float32Array.from({ length: dimension }, normal);
  const made = Array.from({ length: groups }, () => ({
    centre: anyVector(),
    directions: Array.from({ length: DIRECTIONS }, anyVector),
  }));
  const vectors = new Float32Array(rows * dimension);
  for (let row = 0; row < rows; row++) {
    // Squared, the first groups are the largest.
    const { centre, directions } = made[Math.floor(random() ** 2 * groups)]!;
    const own = vectors.subarray(row * dimension, (row + 1) * dimension);
    own.set(centre);
    for (const direction of directions) {
      const along = 0.35 * normal();
      for (let i = 0; i < dimension; i++) own[i]! += along * direction[i]!;
    }
    let sum = 0;
    for (let i = 0; i < dimension; i++) {
      own[i]! += 0.4 * (random() - 0.5);
      sum += own[i]! ** 2;
    }
    for (let i = 0; i < dimension; i++) own[i]! /= Math.sqrt(sum);
  }
  return vectors;
}
