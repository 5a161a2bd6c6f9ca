/** What happens to a batch of pictures between the disk and the store. */
import { boundingBox, maskArea, scaleBox } from '../arithmetic/masks.js';
import { perceptualHash } from '../arithmetic/perceptual-hash.js';
import { looksLikePhotograph } from '../arithmetic/photograph.js';
import { encodeRle } from '../arithmetic/rle.js';
import { workingPx } from '../cropping/crops.js';
import { cropVectors, needsCrops, withCrops } from '../cropping/segment-vectors.js';
import { type Decoded, decode, type Wanted } from '../decoders/image.js';
import { type MaskedSegment, writeMasks } from '../mask-files.js';
import { PERCEPTUAL_HASH, pictureRow, segmentRow, segmentsDone } from '../rows.js';
import type {
  Encoder,
  FoundSegment,
  Metadata,
  NewRecord,
  PictureFacts,
  Pixels,
  Place,
  Segmentation,
  VectorCollection,
} from '../types.js';
import { countRows, partOf } from './lap.js';
import type { Meter } from './meter.js';

/** Everything that a run works with. */
export interface Workshop {
  encoder: Encoder;
  segmenter: Segmentation | null;
  /** Names the segments' vectors: segmenter, encoder and the way of cropping or pooling. */
  segmentsFingerprint: string | null;
  pictures: VectorCollection;
  segments: VectorCollection | null;
  masks: string;
  /** The segments that another segmenter found, by the fingerprint of their vectors; null when they were dropped. */
  segmentsOf(fingerprint: string): Promise<VectorCollection | null>;
}

/** One picture, decoded for what is still to be done with it. */
export interface Prepared {
  imageId: string;
  place: Place;
  facts: PictureFacts;
  /** Of the encoder's own pixels. */
  hash: string;
  forEncoder: Pixels;
  /** One form for each segmenter; none where segments are not wanted now. */
  forSegmenters: Pixels[];
  working: Pixels | null;
}

/** Segments found in one picture, with their vectors. */
export interface Segmented {
  found: FoundSegment[];
  vectors: Float32Array[];
}

/** Whether one pass serves the picture's vector and its segments', so that both are written together. */
export function isOnePass({ encoder, segmenter }: Workshop): boolean {
  return segmenter !== null && encoder.poolsSegments;
}

/** @throws LookbookError with the reason when the bytes are no picture. */
export async function prepare(
  bytes: Uint8Array,
  identity: { imageId: string; place: Place },
  workshop: Workshop,
  withSegments: boolean,
): Promise<Prepared> {
  const { encoder, segmenter } = workshop;
  const segmenting = withSegments ? segmenter : null;
  const wanted: Wanted = {
    preprocessings: [encoder.preprocessing, ...(segmenting?.preprocessings ?? [])],
    ...(segmenting && needsCrops(encoder) ? { workingPx: workingPx(encoder.preprocessing) } : {}),
  };
  const decoded: Decoded = await decode(bytes, wanted);
  const forEncoder = decoded.inputs[0]!;
  return {
    ...identity,
    facts: { ...decoded.facts, photograph: looksLikePhotograph(forEncoder) },
    hash: perceptualHash(forEncoder),
    forEncoder,
    forSegmenters: decoded.inputs.slice(1),
    working: decoded.working ?? null,
  };
}

/** What the models say of one picture. */
export interface Looked {
  picture: Float32Array;
  segmented: Segmented | null;
}

/** Whole-picture vectors and, where one pass gives both, the segments with theirs. */
export async function lookAt(
  batch: readonly Prepared[],
  workshop: Workshop,
  meter: Meter,
): Promise<Looked[]> {
  const { encoder, segmenter } = workshop;
  if (!segmenter || !isOnePass(workshop)) {
    const inputs = batch.map(({ forEncoder }) => ({ pixels: forEncoder }));
    const embeddings = await meter.time('encode', () => encoder.embed(inputs));
    return embeddings.map(({ picture }) => ({ picture, segmented: null }));
  }
  const found = await findSegments(batch, segmenter, meter);
  const inputs = batch.map(({ forEncoder }, index) => ({
    pixels: forEncoder,
    masks: found[index]!.map(({ mask }) => mask),
    size: batch[index]!.facts,
  }));
  const embeddings = await meter.time('encode', () => encoder.embed(inputs));
  const pooled = embeddings.map(({ segments }) => segments ?? []);
  const vectors = await withCrops(pooled, { batch, found, encoder, meter });
  return embeddings.map(({ picture }, index) => ({
    picture,
    segmented: { found: found[index]!, vectors: vectors[index]! },
  }));
}

/** The segments of a batch and their vectors, for encoders that see segments as crops only. */
export async function segment(
  batch: readonly Prepared[],
  workshop: Workshop & { segmenter: Segmentation },
  meter: Meter,
): Promise<Segmented[]> {
  const { encoder, segmenter } = workshop;
  const found = await findSegments(batch, segmenter, meter);
  const vectors = await cropVectors({ batch, found, encoder, meter });
  return found.map((segments, index) => ({ found: segments, vectors: vectors[index]! }));
}

function findSegments(
  batch: readonly Prepared[],
  segmenter: Segmentation,
  meter: Meter,
): Promise<FoundSegment[][]> {
  const inputs = batch.map(({ forSegmenters, facts: { width, height } }) => ({
    forms: forSegmenters,
    width,
    height,
  }));
  return meter.time('segment', () => segmenter.segment(inputs));
}

/** Writes masks, then the segments' rows: their marker comes afterwards, so a kill between is redone. */
export async function storeSegments(
  batch: readonly { imageId: string; facts: PictureFacts; segmented: Segmented }[],
  workshop: Workshop,
): Promise<void> {
  const { segments, segmentsFingerprint, segmenter, masks } = workshop;
  if (!segments || !segmentsFingerprint || !segmenter) return;
  const rows: NewRecord[] = [];
  const write = ({ imageId, facts, segmented }: (typeof batch)[number]): Promise<void> => {
    const stored = segmented.found.map((found, n) => describe(found, `${imageId}:${n}`, facts));
    for (const [n, segment] of stored.entries()) {
      rows.push({
        id: segment.segmentId,
        vector: segmented.vectors[n]!,
        metadata: segmentRow(segment, facts),
      });
    }
    const file = {
      imageId,
      segmenter: segmenter.name,
      width: facts.width,
      height: facts.height,
      segments: stored,
    };
    return writeMasks(masks, segmenter.fingerprint, file);
  };
  await partOf('masks', () => Promise.all(batch.map(write)));
  if (rows.length) await segments.upsert(rows);
  countRows(rows.length);
}

function describe(found: FoundSegment, segmentId: string, facts: PictureFacts): MaskedSegment {
  const box = boundingBox(found.mask) ?? { x: 0, y: 0, width: found.mask.width, height: found.mask.height };
  return {
    segmentId,
    bbox: scaleBox(box, found.mask, facts),
    area: maskArea(found.mask),
    score: found.score,
    ...(found.label === undefined ? {} : { label: found.label }),
    ...(found.origin === undefined ? {} : { origin: found.origin }),
    mask: encodeRle(found.mask),
  };
}

/** A picture's row: without segments its whole-picture stage is done, with them both are. */
export function pictureRecord(
  prepared: Prepared,
  looked: Looked,
  { segmentsFingerprint }: Workshop,
): NewRecord {
  const metadata: Metadata = {
    ...pictureRow(prepared.facts, [prepared.place]),
    [PERCEPTUAL_HASH]: prepared.hash,
  };
  if (looked.segmented && segmentsFingerprint)
    metadata[segmentsDone(segmentsFingerprint)] = looked.segmented.found.length;
  return { id: prepared.imageId, vector: looked.picture, metadata };
}
