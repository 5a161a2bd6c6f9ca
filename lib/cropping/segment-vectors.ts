/** How segments become vectors: as crops, pooled from the picture's own pass, or both. */
import { normalise } from '../arithmetic/vectors.js';
import { mapInTurns } from '../turns.js';
import type { Embedding, Encoder, FoundSegment, Mask, Pixels } from '../types.js';
import { cropFormOf, segmentCrop } from './crops.js';

/** A batch of pictures with their segments, in the same order. */
export interface CropJob {
  batch: readonly { working: Pixels | null }[];
  found: readonly FoundSegment[][];
  encoder: Encoder;
  /** Times the passes, where somebody counts them. */
  meter?: { time<Result>(stage: 'encode', work: () => Promise<Result>): Promise<Result> };
}

const CROPS_PER_RUN = 16;

/** Whether the encoder may want crops: also one that pools, but sees the middle of a picture only. */
export function needsCrops({ poolsSegments, cropShare, preprocessing }: Encoder): boolean {
  return !poolsSegments || cropShare !== undefined || preprocessing.resize === 'shortest';
}

/** Pooled vectors and crops put together: of every segment where crops have a share, else of those not pooled. */
export async function withCrops(
  pooled: readonly (Float32Array | null)[][],
  job: CropJob,
): Promise<Float32Array[][]> {
  const share = job.encoder.cropShare;
  const isCropped = (vector: Float32Array | null): boolean => share !== undefined || vector === null;
  const found = job.found.map((segments, picture) =>
    segments.filter((_, n) => isCropped(pooled[picture]![n]!)),
  );
  const crops = await cropVectors({ ...job, found });
  return pooled.map((vectors, picture) => {
    const rest = crops[picture]!.values();
    return vectors.map((vector) => {
      if (vector && share === undefined) return vector;
      const crop = rest.next().value!;
      return vector && share !== undefined ? blend(vector, crop, share) : crop;
    });
  });
}

/** Vectors of crops of all segments, in runs that fill the encoder's batches across pictures. */
export async function cropVectors({ batch, found, encoder, meter }: CropJob): Promise<Float32Array[][]> {
  const form = cropFormOf(encoder);
  const wanted = batch.flatMap(({ working }, index) =>
    found[index]!.map(({ mask }) => ({ working: working!, mask })),
  );
  // Runs of equal size: seventeen crops are nine and eight, never sixteen and one.
  const perRun = Math.ceil(wanted.length / Math.ceil(wanted.length / CROPS_PER_RUN));
  const runs: Promise<Embedding[]>[] = [];
  for (let start = 0; start < wanted.length; start += perRun) {
    const crops = await mapInTurns(wanted.slice(start, start + perRun), ({ working, mask }) => ({
      pixels: segmentCrop(working, mask, encoder.preprocessing, form),
    }));
    // The next crops are cut while these are encoded.
    const embed = (): Promise<Embedding[]> => encoder.embed(crops);
    const run = meter ? meter.time('encode', embed) : embed();
    run.catch(() => undefined); // told by the first that fails, below
    runs.push(run);
  }
  const vectors = (await Promise.all(runs)).flat().map(({ picture }) => picture);
  let at = 0;
  return found.map((segments) => {
    const start = at;
    at += segments.length;
    return vectors.slice(start, at);
  });
}

/** The vector of one region of one picture, made as an index makes those of segments. */
export async function regionVector(
  picture: { pixels: Pixels; working: Pixels; size: { width: number; height: number } },
  mask: Mask,
  encoder: Encoder,
): Promise<Float32Array> {
  const { pixels, working, size } = picture;
  const job: CropJob = { batch: [{ working }], found: [[{ mask, score: 1 }]], encoder };
  if (!encoder.poolsSegments) return (await cropVectors(job))[0]![0]!;
  const [embedding] = await encoder.embed([{ pixels, masks: [mask], size }]);
  return (await withCrops([embedding!.segments ?? [null]], job))[0]![0]!;
}

/** share · crop + (1 − share) · pooled, of length 1. */
export function blend(pooled: Float32Array, crop: Float32Array, share: number): Float32Array {
  return normalise(pooled.map((value, i) => (1 - share) * value + share * crop[i]!));
}
