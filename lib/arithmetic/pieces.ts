/** Pieces of what a model sees: a mask, how certain it is, and what its features mean. Pure. */
import type { FoundSegment } from '../types.js';
import { emptyMask } from './masks.js';
import { dot } from './vectors.js';

/** A mask, and what the model's features say of it, where they are asked. */
export interface Piece extends FoundSegment {
  meaning?: Float32Array;
}

/** With the number of its mask's pixels. */
export interface Measured extends Piece {
  pixels: number;
}

/** One piece of several: masks of one size laid together, scores and meanings by their pixels; undefined of none. */
export function joined(pieces: readonly Measured[]): Measured | undefined {
  const [first] = pieces;
  if (!first || pieces.length === 1) return first;
  const mask = emptyMask(first.mask.width, first.mask.height);
  const meaning = first.meaning && new Float32Array(first.meaning.length);
  const pixels = pieces.reduce((sum, piece) => sum + piece.pixels, 0);
  let score = 0;
  for (const piece of pieces) {
    const share = piece.pixels / pixels;
    for (let i = 0; i < mask.data.length; i++) mask.data[i]! |= piece.mask.data[i]!;
    score += piece.score * share;
    if (meaning) for (let n = 0; n < meaning.length; n++) meaning[n]! += piece.meaning![n]! * share;
  }
  return { mask, score, pixels, ...(meaning && { meaning }) };
}

/** The cosine of two pieces' meanings; 1 where nothing is known of one of them. */
export function alikeness({ meaning: a }: Piece, { meaning: b }: Piece): number {
  if (!a || !b) return 1;
  return dot(a, b) / Math.max(Number.EPSILON, Math.sqrt(dot(a, a) * dot(b, b)));
}
