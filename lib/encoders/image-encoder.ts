import { normalise } from '../arithmetic/vectors.js';
import { LookbookError } from '../errors.js';
import type { OpenFamily } from '../models/families.js';
import { checkedVectors, fingerprintOf, placeOf, probe } from '../models/identity.js';
import type { ImageEncoderManifest } from '../models/manifest.js';
import { openPictureGraph, vectorAt } from '../picture-graph.js';
import type { Encoder } from '../types.js';

/** Raised when the vector is read in another way. */
const VERSION = 1;

/** An encoder of pictures without a text side: ConvNets, BEiT, DINO. Segments are encoded as crops. */
export const open: OpenFamily<ImageEncoderManifest, Encoder> = async (whole, files, options) => {
  const { layer } = options;
  const manifest = layer === undefined ? whole : atLayer(whole, layer);
  const { name, output, preprocessing, dimension } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const graph = await openPictureGraph(manifest, files.image!, {
    ...placeOf(options),
    outputs: [output],
    dimension: { output, size: dimension },
  });
  return probe({
    name,
    fingerprint,
    dimension,
    preprocessing,
    poolsSegments: false,
    ...(manifest.advice === undefined ? {} : { advice: manifest.advice }),
    async embed(pictures) {
      const looks = await graph.look(pictures.map(({ pixels }) => pixels));
      const vectors = looks.map((look) => normalise(vectorAt(look[output]!, manifest)));
      return checkedVectors(vectors, manifest).map((picture) => ({ picture }));
    },
    close: () => graph.close(),
  });
};

/** The same model with another output as its vector. @throws LookbookError that lists the layers there are. */
function atLayer(manifest: ImageEncoderManifest, layer: string): ImageEncoderManifest {
  const layers = manifest.layers ?? {};
  const found = Object.hasOwn(layers, layer) ? layers[layer] : undefined;
  if (!found) {
    throw new LookbookError('encoder', {
      what: `${manifest.name} has no layer of that name`,
      got: JSON.stringify(layer),
      expected: Object.keys(layers).length
        ? `one of ${Object.keys(layers).join(', ')}`
        : 'none: it lists no layers',
      mend: 'Change LAYER in the config cell, or leave it out.',
    });
  }
  const { pooling: _, ...rest } = manifest;
  return { ...rest, ...found };
}
