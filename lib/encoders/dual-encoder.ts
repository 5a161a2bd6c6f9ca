import { poolUnderMask } from '../arithmetic/pooling.js';
import { lengthOf, normalise, rowOf, stack } from '../arithmetic/vectors.js';
import { openTogether } from '../closers.js';
import type { OpenFamily } from '../models/families.js';
import { checkedVectors, fingerprintOf, measuredOf, placeOf, probe } from '../models/identity.js';
import type { DualEncoderManifest } from '../models/manifest.js';
import { openOnnxModel, type TensorData } from '../onnx.js';
import { openPictureGraph, vectorAt } from '../picture-graph.js';
import { openTextTower } from '../text-tower.js';
import type { Embedding, Encoder, EncoderInput } from '../types.js';

/** Raised when pooling or settling changes. */
const VERSION = 1;

/**
 * An encoder with a picture and a text tower in one space (CLIP and its kin, the embedded model), be they two graphs
 * or one. Where the manifest names dense features, the vectors of segments come from the same pass as the picture's.
 */
export const open: OpenFamily<DualEncoderManifest, Encoder> = async (manifest, files, options) => {
  const { name, dimension, dense, settle, text, logit } = manifest;
  const { output, preprocessing } = manifest;
  const place = placeOf(options);
  const outputs = [output, ...(dense ? [dense.output] : [])];
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const { graph, texts, settling } = await openTogether(async (keep) => ({
    graph: await keep(
      openPictureGraph(manifest, files.image!, {
        ...place,
        outputs,
        added: options.added,
        dimension: { output, size: dimension },
      }),
    ),
    texts: await keep(openTextTower(text, files, { name, dimension, ...place })),
    settling: settle ? await keep(openOnnxModel(files[settle.file]!, place)) : undefined,
  }));

  /** Raw vectors → the space of the texts, normalised. */
  async function finish(vectors: Float32Array[]): Promise<Float32Array[]> {
    if (vectors.length === 0) return [];
    if (!settling || !settle) return vectors.map(normalise);
    const feeds: Record<string, TensorData> = {
      [settle.input]: { type: 'float32', data: stack(vectors, dimension), dims: [vectors.length, dimension] },
    };
    return rowsOf((await settling.run(feeds, [settle.output]))[settle.output], dimension);
  }

  return probe({
    name,
    fingerprint,
    dimension,
    preprocessing,
    poolsSegments: dense !== undefined,
    ...(dense?.cropShare ? { cropShare: dense.cropShare } : {}),
    ...measuredOf(manifest),
    ...(logit ? { logit } : {}),
    async embed(pictures) {
      const pixels = pictures.map((picture) => picture.pixels);
      const isPlain = pictures.every(({ masks }) => masks === undefined);
      const looks = await graph.look(pixels, isPlain ? [output] : undefined);
      const own = looks.map((look) => vectorAt(look[output]!, manifest));
      // What settles gives vectors of length 1.
      const lengths = settling ? null : own.map(lengthOf);
      const raw = pictures.flatMap((picture, index) => [
        own[index]!,
        ...(dense && picture.masks ? pooled(picture, looks[index]![dense.output]!) : []),
      ]);
      const done = checkedVectors(await finish(raw), manifest);
      return regroup(done, pictures, dense !== undefined).map((embedding, index) =>
        lengths ? { ...embedding, length: lengths[index]! } : embedding,
      );
    },
    embedTexts: (queries) => texts.embed(queries),
    cutOf: (query) => texts.cutOf(query),
    async close() {
      await Promise.all([graph.close(), texts.close(), settling?.close()]);
    },
  });
};

function pooled(picture: EncoderInput, features: { data: Float32Array; dims: number[] }): Float32Array[] {
  return (picture.masks ?? []).map((mask) => poolUnderMask(features.data, features.dims, mask));
}

/** The flat list of vectors back into pictures: each one's own, then its segments'. */
function regroup(
  vectors: Float32Array[],
  pictures: readonly EncoderInput[],
  withSegments: boolean,
): Embedding[] {
  let at = 0;
  return pictures.map(({ masks }) => {
    const picture = vectors[at++]!;
    if (!withSegments) return { picture };
    const count = masks?.length ?? 0;
    const segments = vectors.slice(at, at + count);
    at += count;
    return { picture, segments };
  });
}

function rowsOf(tensor: TensorData | undefined, dimension: number): Float32Array[] {
  if (tensor?.type !== 'float32') return [];
  const rows = tensor.data.length / dimension;
  const { data } = tensor;
  return Array.from({ length: rows }, (_, row) => rowOf(data, row, dimension));
}
