/** Ranks, shares and means: the arithmetic that figures of search have in common. */
import { dot } from '../arithmetic/vectors.js';

/** How many others score higher for the text than its own picture: 0 = it comes first. */
export function rankOf(own: number, text: Float32Array, pictures: readonly Float32Array[]): number {
  const score = dot(text, pictures[own]!);
  return pictures.filter((picture, other) => other !== own && dot(text, picture) > score).length;
}

/** Share of the ranks that are among the first k, 0..1. */
export function recallAt(k: number, ranks: readonly number[]): number {
  return share(ranks, (rank) => rank < k);
}

/** Indexes of the k vectors that score highest for the text, best first. */
export function bestOf(k: number, text: Float32Array, vectors: readonly Float32Array[]): number[] {
  return vectors
    .map((vector, index) => ({ index, score: dot(text, vector) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, k)
    .map(({ index }) => index);
}

/** Share of the items that fit, 0..1; 0 of none. */
export function share<Item>(items: readonly Item[], fits: (item: Item) => boolean): number {
  return mean(items.map((item) => Number(fits(item))));
}

/** 0 of none. */
export function mean(values: readonly number[]): number {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}

/** A share as percent with one digit: "93.4". */
export function percents(value: number): string {
  return (100 * value).toFixed(1);
}

/** Each random pick is another one: `number` different items of a list. */
export function pickDifferent<Item>(items: readonly Item[], number: number, random: () => number): Item[] {
  const chosen = new Set<Item>();
  while (chosen.size < number) chosen.add(items[Math.floor(random() * items.length)]!);
  return [...chosen];
}
