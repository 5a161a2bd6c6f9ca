/** How sure a mean of few values is, and fair draws of few among many: pure, the same for the same seed. */
import type { Estimate } from '../types.js';
import { seeded } from './seeded.js';

export interface BootstrapOptions {
  /** Default 1. */
  seed?: number;
  /** Samples that are drawn (default 1,000). */
  resamples?: number;
  /** Share of the samples' means that the interval holds (default 0.95). */
  share?: number;
}

/**
 * The mean with the percentile interval of the bootstrap (Efron 1979): samples of the same size are drawn with
 * replacement, and of their means so many of the smallest and of the largest are cut off. values · resamples draws.
 * @returns NaN for no values.
 */
export function bootstrapMean(
  values: ArrayLike<number>,
  { seed = 1, resamples = 1000, share = 0.95 }: BootstrapOptions = {},
): Estimate {
  const { length } = values;
  let total = 0;
  for (let i = 0; i < length; i++) total += values[i]!;
  const mean = total / length;
  if (length === 0) return { mean, low: mean, high: mean };
  const random = seeded(seed);
  const means = new Float64Array(resamples);
  for (let sample = 0; sample < resamples; sample++) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += values[Math.floor(random() * length)]!;
    means[sample] = sum / length;
  }
  means.sort();
  const cut = (1 - share) / 2;
  return { mean, low: quantile(means, cut), high: quantile(means, 1 - cut) };
}

/** Between the two values of a sorted list that lie about the place, in proportion. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const next = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return sorted[below]! + (at - below) * (next - sorted[below]!);
}

/** So many of `items` at most, each as likely as any other, in their own order. */
export function drawn<Item>(items: readonly Item[], most: number, random: () => number): Item[] {
  if (items.length <= most) return [...items];
  const rest = items.map((_, index) => index);
  for (let at = 0; at < most; at++) {
    const other = at + Math.floor(random() * (rest.length - at));
    [rest[at], rest[other]] = [rest[other]!, rest[at]!];
  }
  return rest
    .slice(0, most)
    .sort((a, b) => a - b)
    .map((index) => items[index]!);
}
