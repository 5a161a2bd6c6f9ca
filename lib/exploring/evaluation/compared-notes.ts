/** What a comparison says beside its figures. */
import { lengthOf } from '../../arithmetic/vectors.js';
import { count } from '../../words.js';
import type { SeenLayer } from './compared-maps.js';

/** How far from 1 a length may be that only rounding has moved. */
const ROUNDING = 1e-3;

/** Whether metrics that differ by length alone order these vectors alike. */
export function isOfLengthOne({ vectors, dimension }: SeenLayer): boolean {
  for (let start = 0; start < vectors.length; start += dimension) {
    const length = lengthOf(vectors.subarray(start, start + dimension));
    // What nothing was seen in has the length 0.
    if (length > 0 && Math.abs(length - 1) > ROUNDING) return false;
  }
  return true;
}

/** "model layer" */
export function layerName({ encoder, layer }: SeenLayer): string {
  return layer === null ? encoder : `${encoder} ${layer}`;
}

/** @param names of the layers whose vectors are of length 1. */
export function alikeOf(names: readonly string[]): string {
  return `Vectors of ${names.join(', ')} have the length 1, for which euclidean, sqeuclidean and dot order as cosine does.`;
}

/** A sentence where the figures of k cannot be full. */
export function fewerThan(k: number, pictures: number): string[] {
  if (pictures > k) return [];
  return [
    `There are ${count(pictures)} pictures, fewer than the ${count(k + 1)} that precision and agreement at ${k} need: neither can be full.`,
  ];
}
