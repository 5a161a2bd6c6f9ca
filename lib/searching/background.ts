import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stack } from '../arithmetic/vectors.js';
import type { Encoder, VectorCollection } from '../types.js';
import { keepForLater } from '../whole-file.js';
import { backgroundPrompts } from './background-prompts.js';

/** Below this cosine a prompt says nothing of a picture: CLIP's own best pairs lie at 0.3, the embedded model's at 0.8. */
const LEAST_FIT = 0.2;

/** Pictures that serve as background where the encoder has no words. */
const BACKGROUND_PICTURES = 500;

/** The vectors of the background prompts; none where the encoder has no words. */
export function backgroundTexts(encoder: Encoder, folder: string): Promise<Float32Array[]> {
  return knownTexts(encoder, backgroundPrompts, folder);
}

/**
 * The vectors of texts that are asked again and again, encoded once per encoder and kept in a file (a thousand are about
 * 1 MB): a small model needs a second for them, a large one half a minute.
 */
export async function knownTexts(
  encoder: Encoder,
  texts: readonly string[],
  folder: string,
): Promise<Float32Array[]> {
  if (!encoder.embedTexts || texts.length === 0) return [];
  const key = createHash('sha256').update(texts.join(';')).digest('hex').slice(0, 16);
  const path = join(folder, `${encoder.fingerprint}-${key}.f32`);
  const bytes = texts.length * encoder.dimension * 4;
  const stored = await readFile(path).catch(() => null);
  if (stored?.length === bytes) return rows(stored, encoder.dimension);
  const vectors = await encoder.embedTexts(texts);
  await keepForLater(path, new Uint8Array(stack(vectors, encoder.dimension).buffer));
  return vectors;
}

/** What a vector shows, in the words of the background prompt that fits it best; undefined where none fits well. */
export function nameOf(best: { index: number; score: number }): string | undefined {
  return best.score >= LEAST_FIT ? backgroundPrompts[best.index] : undefined;
}

/** Some stored pictures, from the whole length of the collection: what a picture query is compared with. */
export async function backgroundPictures(pictures: VectorCollection): Promise<Float32Array[]> {
  const step = Math.max(1, Math.ceil((await pictures.count()) / BACKGROUND_PICTURES));
  const vectors: Float32Array[] = [];
  let row = 0;
  for await (const page of pictures.pages({ vectors: true })) {
    for (const { vector } of page) if (row++ % step === 0 && vector) vectors.push(vector);
  }
  return vectors;
}

function rows(bytes: Buffer, dimension: number): Float32Array[] {
  const values = new Float32Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = bytes.readFloatLE(4 * i);
  return Array.from({ length: values.length / dimension }, (_, n) =>
    values.slice(n * dimension, (n + 1) * dimension),
  );
}
