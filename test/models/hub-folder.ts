import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HubReader } from '#lib/models/from-hub/repository.js';
import type { DualEncoderManifest, Manifest } from '#lib/models/manifest.js';

export const COMMIT: string = 'c0ffee'.padEnd(40, '0');

/** Path in the repository → its text, or how large a file there is said to be. */
export type HubContents = Record<string, string | number>;

/** A small repository that is whole, and its parts. */
const CLIP_CONFIG = {
  model_type: 'clip',
  projection_dim: 768,
  text_config: { vocab_size: 49408, eos_token_id: 2 },
};
export const CLIP_PROCESSOR: Record<string, unknown> = {
  feature_extractor_type: 'CLIPFeatureExtractor',
  size: 224,
  crop_size: 224,
  do_center_crop: true,
  resample: 3,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
};
export const CLIP: HubContents = {
  '.gitattributes': '*.onnx filter=lfs',
  'README.md': '---\nlicense: mit\n---\n# A model',
  'config.json': JSON.stringify(CLIP_CONFIG),
  'preprocessor_config.json': JSON.stringify(CLIP_PROCESSOR),
  'tokenizer.json': '{}',
  'onnx/vision_model.onnx': 1000,
  'onnx/text_model.onnx': 900,
};

/** A repository of texts, and of files that are only listed. */
export function hubOf(contents: HubContents): HubReader {
  const files = Object.entries(contents).map(([path, content]) => ({
    path,
    bytes: typeof content === 'number' ? content : Math.max(1, Buffer.byteLength(content)),
    sha256: null,
  }));
  return {
    text: async (path) => {
      const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
      return typeof content === 'string' ? content : null;
    },
    list: async () => ({ commit: COMMIT, files }),
  };
}

/** A folder as a hub would show it, with files from elsewhere added: path in the repository → path on this disk. */
export function hubOfFolder(folder: string, more: Record<string, string> = {}): HubReader {
  const own = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => [
    path,
    join(folder, path),
  ]);
  const places = new Map([...own, ...Object.entries(more)].map(([path, place]) => [path!, place!]));
  const files = [...places].filter(([, place]) => statSync(place).isFile());
  return {
    text: async (path) => (places.has(path) ? readFileSync(places.get(path)!, 'utf8') : null),
    list: async () => ({
      commit: COMMIT,
      files: files.map(([path, place]) => ({ path, ...factsOf(place) })),
    }),
  };
}

function factsOf(place: string): { bytes: number; sha256: string } {
  const content = readFileSync(place);
  return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

/** @throws Error when it is of another family. */
export function dualOf(manifest: Manifest): DualEncoderManifest {
  if (manifest.family !== 'dual-encoder') throw new Error(`a ${manifest.family}`);
  return manifest;
}

export function without(contents: HubContents, ...paths: string[]): HubContents {
  return Object.fromEntries(Object.entries(contents).filter(([path]) => !paths.includes(path)));
}
