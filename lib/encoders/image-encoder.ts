import { normalise } from '../arithmetic/vectors.js';
import type { OpenFamily } from '../models/families.js';
import { checkedVectors, fingerprintOf } from '../models/identity.js';
import type { ImageEncoderManifest } from '../models/manifest.js';
import { openPictureGraph } from '../picture-graph.js';
import type { Encoder } from '../types.js';

/** Raised when the vector is read in another way. */
const VERSION = 1;

/** An encoder of pictures without a text side: ConvNets, BEiT, DINO. Segments are encoded as crops. */
export const open: OpenFamily<ImageEncoderManifest, Encoder> = async (manifest, files, options) => {
  const graph = await openPictureGraph({
    path: files.image!,
    input: manifest.input,
    outputs: [manifest.output],
    preprocessing: manifest.preprocessing,
    ...options,
  });
  return {
    name: manifest.name,
    fingerprint: await fingerprintOf(manifest, files, VERSION),
    dimension: manifest.dimension,
    preprocessing: manifest.preprocessing,
    poolsSegments: false,
    ...(manifest.advice === undefined ? {} : { advice: manifest.advice }),
    async embed(pictures) {
      const looks = await graph.look(pictures.map(({ pixels }) => pixels));
      const vectors = looks.map((look) => normalise(Float32Array.from(look[manifest.output]!.data)));
      return checkedVectors(vectors, manifest).map((picture) => ({ picture }));
    },
    close: () => graph.close(),
  };
};
