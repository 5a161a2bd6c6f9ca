/** The embedded model as the index uses it: vectors of pictures, and of their segments in three ways. */
import { preprocess } from '../../arithmetic/resampling.js';
import { workingPx } from '../../cropping/crops.js';
import { blend, cropVectors } from '../../cropping/segment-vectors.js';
import { openEncoder, openSegmenter } from '../../models/families.js';
import type { Encoder, FoundSegment, Pixels, Segmenter } from '../../types.js';
import { type Icons, openIcons } from '../scenes/icons.js';

export const ENCODER = 'pictoclip';
export const SEGMENTER = 'pictoclip-segments';

const BATCH = 32;

/** What every part looks with. */
export interface Eyes {
  icons: Icons;
  encoder: Encoder;
  segmenter: Segmenter;
}

/** How a segment's vector is made: pooled under its mask, from a crop, or as the index stores it. */
export type Way = 'dense' | 'crop' | 'stored';

/** What a picture's segments are, and their vectors in the same order. */
export interface Look {
  found: FoundSegment[];
  vectors: Record<Way, Float32Array[]>;
}

/** @throws LookbookError without the icon sets or the weights. */
export async function openEyes(say: (line: string) => void): Promise<Eyes> {
  const icons = await openIcons(say);
  return {
    icons,
    encoder: await openEncoder(ENCODER, {}),
    segmenter: await openSegmenter(SEGMENTER, {}),
  };
}

/** The vectors of whole pictures, in their order. */
export async function pictureVectors(encoder: Encoder, pictures: Iterable<Pixels>): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const batch of inBatches(pictures)) {
    const inputs = batch.map((pixels) => ({ pixels: preprocess(pixels, encoder.preprocessing) }));
    vectors.push(...(await encoder.embed(inputs)).map(({ picture }) => picture));
  }
  return vectors;
}

/** The vectors of texts, in their order. */
export function textVectors(encoder: Encoder, texts: readonly string[]): Promise<Float32Array[]> {
  if (!encoder.embedTexts) throw new Error(`${encoder.name} has no text side`);
  return encoder.embedTexts(texts);
}

/**
 * The segments of pictures, as an index finds them.
 * @param once without the closer look.
 */
export async function segmentsOf(
  segmenter: Segmenter,
  pictures: readonly Pixels[],
  once = false,
): Promise<FoundSegment[][]> {
  const { preprocessing, closer } = segmenter;
  const found: FoundSegment[][] = [];
  for (const batch of inBatches(pictures)) {
    const inputs = batch.map((pixels) => ({
      pixels: preprocess(pixels, preprocessing),
      width: pixels.width,
      height: pixels.height,
      ...(closer && !once ? { closer: preprocess(pixels, closer) } : {}),
    }));
    found.push(...(await segmenter.segment(inputs)));
  }
  return found;
}

/** The segments of pictures with their vectors. */
export async function lookAt({ encoder, segmenter }: Eyes, pictures: readonly Pixels[]): Promise<Look[]> {
  const looks: Look[] = [];
  for (const batch of inBatches(pictures)) {
    const found = await segmentsOf(segmenter, batch);
    const dense = await denseVectors(encoder, batch, found);
    const crop = await cropVectors({
      batch: batch.map((pixels) => workingCopy(encoder, pixels)),
      found,
      encoder,
    });
    for (const [n, segments] of found.entries()) {
      const ways = { dense: dense[n]!, crop: crop[n]! };
      looks.push({ found: segments, vectors: { ...ways, stored: storedVectors(encoder, ways) } });
    }
  }
  return looks;
}

/** Vectors of segments from the pictures' own passes; none where the encoder pools nothing. */
export async function denseVectors(
  encoder: Encoder,
  pictures: readonly Pixels[],
  found: readonly FoundSegment[][],
): Promise<Float32Array[][]> {
  const inputs = pictures.map((pixels, n) => ({
    pixels: preprocess(pixels, encoder.preprocessing),
    masks: found[n]!.map(({ mask }) => mask),
  }));
  const looks = await encoder.embed(inputs);
  return looks.map(({ segments }) => (segments ?? []).flatMap((vector) => vector ?? []));
}

/** As large as the index's, never enlarged. */
export function workingCopy({ preprocessing }: Encoder, pixels: Pixels): { working: Pixels } {
  const size = Math.min(Math.max(pixels.width, pixels.height), workingPx(preprocessing));
  const { mean, std } = preprocessing;
  return { working: preprocess(pixels, { resize: 'longest', size, interpolation: 'bicubic', mean, std }) };
}

function storedVectors(
  { poolsSegments, cropShare }: Encoder,
  { dense, crop }: Record<'dense' | 'crop', Float32Array[]>,
): Float32Array[] {
  if (!poolsSegments) return crop;
  return cropShare === undefined ? dense : dense.map((vector, n) => blend(vector, crop[n]!, cropShare));
}

function* inBatches<Item>(items: Iterable<Item>): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length) yield batch;
}
