/** Made vectors that lie as pictures' do: groups of unequal size, each of a few directions of its own, with noise. */
import { seeded } from '../arithmetic/seeded.js';

export interface MixtureOptions {
  dimension: number;
  groups: number;
  seed: number;
}

export interface MixedOptions extends MixtureOptions {
  rows: number;
}

/** The next rows of an endless list, float32[rows, dimension], or with `random` others of the same groups. */
export type Mixture = (rows: number, random?: () => number) => Float32Array;

/** Directions along which a group extends. */
const DIRECTIONS = 8;

/** L2-normalised float32[rows, dimension]; equal seeds give equal vectors. */
export function mixedVectors({ rows, ...options }: MixedOptions): Float32Array {
  return mixture(options)(rows);
}

/** Vectors page by page, so that a million of them need the memory of a page. */
export function mixture({ dimension, groups, seed }: MixtureOptions): Mixture {
  const own = seeded(seed);
  const anyVector = (): Float32Array => Float32Array.from({ length: dimension }, () => normal(own));
  const made = Array.from({ length: groups }, () => ({
    centre: anyVector(),
    directions: Array.from({ length: DIRECTIONS }, anyVector),
  }));
  return (rows, random = own) => {
    const vectors = new Float32Array(rows * dimension);
    for (let row = 0; row < rows; row++) {
      // Squared, the first groups are the largest.
      const { centre, directions } = made[Math.floor(random() ** 2 * groups)]!;
      const vector = vectors.subarray(row * dimension, (row + 1) * dimension);
      vector.set(centre);
      for (const direction of directions) {
        const along = 0.35 * normal(random);
        for (let i = 0; i < dimension; i++) vector[i]! += along * direction[i]!;
      }
      let sum = 0;
      for (let i = 0; i < dimension; i++) {
        vector[i]! += 0.4 * (random() - 0.5);
        sum += vector[i]! ** 2;
      }
      for (let i = 0; i < dimension; i++) vector[i]! /= Math.sqrt(sum);
    }
    return vectors;
  };
}

/** Box and Muller's. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
