import { dot, normalise } from '../../arithmetic/vectors.js';
import { open as openDual } from '../../encoders/dual-encoder.js';
import { open as openImage } from '../../encoders/image-encoder.js';
import type { DualEncoderManifest, ImageEncoderManifest } from '../../models/manifest.js';
import type { Encoder } from '../../types.js';
import { dualEncoders, type GoldenModel } from './dual-encoders.js';
import { exactInput } from './exact-inputs.js';
import type { GoldenFolder } from './folder.js';
import { imageEncoders } from './image-encoders.js';

/** The largest difference of one number between one of our answers and PyTorch's. */
export interface ModelDifference {
  model: string;
  pictures: number;
  words: number;
  /** Of scale · cosine, the scale taken out. */
  logits: number;
}

/** Every tiny encoder through the family that the product opens it with; vectors are compared at length 1. */
export async function modelDifferences(folder: GoldenFolder): Promise<ModelDifference[]> {
  const differences: ModelDifference[] = [];
  for (const model of await dualEncoders(folder))
    differences.push(await difference(folder, model, await openDual(model.manifest, model.files, {})));
  if (folder.size === 'large') return differences;
  for (const model of await imageEncoders())
    differences.push(await difference(folder, model, await openImage(model.manifest, model.files, {})));
  return differences;
}

async function difference(
  folder: GoldenFolder,
  model: GoldenModel<DualEncoderManifest | ImageEncoderManifest>,
  encoder: Encoder,
): Promise<ModelDifference> {
  const { manifest, family } = model;
  const inputs = await Promise.all(
    model.images.map((image) => exactInput(folder, { family, image, rule: manifest.preprocessing })),
  );
  const pictures = (await encoder.embed(inputs.map((pixels) => ({ pixels })))).map(({ picture }) => picture);
  const words = model.texts.length ? await encoder.embedTexts!(model.texts) : [];
  await encoder.close();
  const cosines = pictures.map((picture) => Float32Array.from(words, (word) => dot(picture, word)));
  return {
    model: manifest.name,
    pictures: most(pictures, model.pictures.map(normalise)),
    words: most(words, model.words.map(normalise)),
    logits: model.logits ? most(cosines, unscaled(model.logits, cosines)) : 0,
  };
}

/** Logits over the scale that explains them best. */
function unscaled(logits: readonly Float32Array[], cosines: readonly Float32Array[]): Float32Array[] {
  const [flat, own] = [logits.flatMap((row) => [...row]), cosines.flatMap((row) => [...row])];
  const scale = sum(flat.map((value, at) => value * own[at]!)) / sum(own.map((value) => value * value));
  return logits.map((row) => row.map((value) => value / scale));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The largest difference; Infinity where rows or numbers are missing or not finite. */
export function most(got: readonly Float32Array[], expected: readonly Float32Array[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [index, row] of expected.entries()) {
    if (got[index]!.length !== row.length) return Number.POSITIVE_INFINITY;
    for (const [at, value] of row.entries()) {
      const off = Math.abs(got[index]![at]! - value);
      if (!(off <= largest)) largest = Number.isFinite(off) ? off : Number.POSITIVE_INFINITY;
    }
  }
  return largest;
}
