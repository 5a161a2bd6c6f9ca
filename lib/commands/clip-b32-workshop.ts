/** The random CLIP ViT-B/32 as an encoder of this project, and what the indexer needs beside it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { open } from '../encoders/dual-encoder.js';
import type { Workshop } from '../indexing/stages.js';
import type { DualEncoderManifest, TokenizerRule } from '../models/manifest.js';
import type { DeviceOptions } from '../onnx.js';
import { projectPath } from '../paths.js';
import type { Encoder, Segmentation, VectorStore } from '../types.js';
import { type ClipB32, CONTEXT, DIMENSION, END_ID, PREPROCESSING } from './clip-b32.js';
import { writePictures } from './many-pictures.js';

const UNKNOWN = { bytes: null, sha256: null };

export const TOKENIZER: TokenizerRule = {
  kind: 'huggingface',
  file: 'tokenizer',
  contextLength: CONTEXT,
  padTo: 'longest',
  padId: END_ID,
  endId: END_ID,
};

const MANIFEST: DualEncoderManifest = {
  name: 'clip-b32-random',
  title: 'CLIP ViT-B/32 with random weights, for measurements',
  family: 'dual-encoder',
  licence: 'Apache-2.0',
  source: 'lib/commands/clip-b32.ts',
  files: {
    image: { path: 'onnx/vision_model.onnx', ...UNKNOWN },
    text: { path: 'onnx/text_model.onnx', ...UNKNOWN },
    tokenizer: { path: 'tokenizer.json', ...UNKNOWN },
  },
  preprocessing: PREPROCESSING,
  input: 'pixel_values',
  output: 'image_embeds',
  dimension: DIMENSION,
  text: {
    file: 'text',
    inputs: { ids: 'input_ids' },
    idType: 'int64',
    output: 'text_embeds',
    tokenizer: TOKENIZER,
  },
};

export function openClipB32(clip: ClipB32, place: DeviceOptions = {}): Promise<Encoder> {
  const { vision: image, text, tokenizer } = clip;
  return open(MANIFEST, { image, text, tokenizer }, place);
}

/** What the indexer works with: the encoder, empty collections of that name, and a segmenter where one is given. */
export async function workshopOf(
  encoder: Encoder,
  at: { store: VectorStore; name: string; masks: string; segmenter?: Segmentation },
): Promise<Workshop> {
  const { dimension, fingerprint } = encoder;
  const { store, name, masks, segmenter = null } = at;
  const ofSegments = `${fingerprint} ${segmenter?.fingerprint}`;
  return {
    encoder,
    segmenter,
    segmentsFingerprint: segmenter && ofSegments,
    pictures: await store.open({ name, dimension, fingerprint }),
    segments:
      segmenter && (await store.open({ name: `${name}.segments`, dimension, fingerprint: ofSegments })),
    masks,
    segmentsOf: () => Promise.resolve(null),
  };
}

/** Real photographs where they lie beside the checkout, else the demo pictures again and again; no two files are equal. */
export async function writePhotographs(
  folder: string,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  const photographs = projectPath('../shared/data/iconic200');
  const names = await readdir(photographs).catch(() => []); // not there: the demo pictures serve
  const files = names.filter((name) => /\.jpe?g$/i.test(name)).sort();
  if (files.length === 0) {
    say(`no photographs in ${photographs}: measured on the demo pictures`);
    await writePictures(folder, 0, count);
    return;
  }
  for (let n = 0; n < count; n++) {
    const file = files[n % files.length]!;
    const bytes = await readFile(join(photographs, file));
    await writeFile(
      join(folder, `${String(n).padStart(6, '0')}${extname(file)}`),
      n < files.length ? bytes : Buffer.concat([bytes, Buffer.from(`#${n}`)]),
    );
  }
}
