import { poolUnderMask } from '../arithmetic/pooling.js';
import { normalise, rowOf, stack } from '../arithmetic/vectors.js';
import { openTogether } from '../closers.js';
import type { OpenFamily } from '../models/families.js';
import { checkedVectors, fingerprintOf } from '../models/identity.js';
import type { DualEncoderManifest } from '../models/manifest.js';
import { type OnnxModel, openOnnxModel, type TensorData } from '../onnx.js';
import { openPictureGraph } from '../picture-graph.js';
import { loadTokenizer, type Tokens } from '../tokenizer.js';
import type { Embedding, Encoder, EncoderInput } from '../types.js';

/** Raised when pooling or settling changes. */
const VERSION = 1;

/** Texts encoded in one run; longer lists are split. */
const TEXT_BATCH = 64;

/**
 * An encoder with a picture and a text tower in one space (CLIP and its kin, the embedded model).
 * Where the manifest names dense features, the vectors of segments come from the same pass as the picture's.
 */
export const open: OpenFamily<DualEncoderManifest, Encoder> = async (manifest, files, options) => {
  const { dimension, dense, settle, text } = manifest;
  const outputs = [manifest.output, ...(dense ? [dense.output] : [])];
  const { input, preprocessing } = manifest;
  const spec = { path: files.image!, input, outputs, preprocessing, ...options };
  const { graph, texts, settling, tokenize } = await openTogether(async (keep) => ({
    graph: await keep(openPictureGraph(spec)),
    texts: await keep(openOnnxModel(files[text.file]!, options.device)),
    settling: settle ? await keep(openOnnxModel(files[settle.file]!, options.device)) : undefined,
    tokenize: await loadTokenizer(text.tokenizer, files[text.tokenizer.file]!),
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

  return {
    name: manifest.name,
    fingerprint: await fingerprintOf(manifest, files, VERSION),
    dimension,
    preprocessing: manifest.preprocessing,
    poolsSegments: dense !== undefined,
    ...(dense?.cropShare ? { cropShare: dense.cropShare } : {}),
    ...(manifest.advice === undefined ? {} : { advice: manifest.advice }),
    async embed(pictures) {
      const pixels = pictures.map((picture) => picture.pixels);
      const isPlain = pictures.every(({ masks }) => masks === undefined);
      const looks = await graph.look(pixels, isPlain ? [manifest.output] : undefined);
      const raw = pictures.flatMap((picture, index) => [
        looks[index]![manifest.output]!.data,
        ...(dense && picture.masks ? pooled(picture, looks[index]![dense.output]!) : []),
      ]);
      const done = checkedVectors(await finish(raw), manifest);
      return regroup(done, pictures, dense !== undefined);
    },
    async embedTexts(queries) {
      const vectors: Float32Array[] = [];
      for (let start = 0; start < queries.length; start += TEXT_BATCH) {
        const tokens = tokenize(queries.slice(start, start + TEXT_BATCH));
        const results = await texts.run(textFeeds(tokens, text), [text.output]);
        vectors.push(...rowsOf(results[text.output], dimension));
      }
      return checkedVectors(vectors.map(normalise), manifest);
    },
    async close() {
      const models: (OnnxModel | undefined)[] = [texts, settling];
      await Promise.all([graph.close(), ...models.map((model) => model?.close())]);
    },
  };
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

function textFeeds(tokens: Tokens, text: DualEncoderManifest['text']): Record<string, TensorData> {
  const rows = tokens.ids.length / tokens.length;
  const feeds: Record<string, TensorData> = {
    [text.inputs.ids]: integers(tokens.ids, [rows, tokens.length], text.idType),
  };
  if (text.inputs.ngrams && tokens.ngrams) {
    const { ids, width } = tokens.ngrams;
    feeds[text.inputs.ngrams] = integers(ids, [rows, tokens.length, width], text.idType);
  }
  return feeds;
}

function integers(values: readonly number[], dims: number[], type: 'int64' | 'int32'): TensorData {
  return type === 'int64'
    ? { type, data: BigInt64Array.from(values, BigInt), dims }
    : { type, data: Int32Array.from(values), dims };
}

function rowsOf(tensor: TensorData | undefined, dimension: number): Float32Array[] {
  if (tensor?.type !== 'float32') return [];
  const rows = tensor.data.length / dimension;
  const { data } = tensor;
  return Array.from({ length: rows }, (_, row) => rowOf(data, row, dimension));
}
