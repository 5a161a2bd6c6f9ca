import { maskInWindow } from '../arithmetic/masks.js';
import { poolPatches } from '../arithmetic/pooling.js';
import { planResize } from '../arithmetic/resize-plan.js';
import { lengthOf, normalise } from '../arithmetic/vectors.js';
import { LookbookError } from '../errors.js';
import type { OpenFamily } from '../models/families.js';
import { checkedVectors, fingerprintOf, measuredOf, placeOf, probe } from '../models/identity.js';
import type { ImageEncoderManifest } from '../models/manifest.js';
import { type Features, openPictureGraph, vectorAt } from '../picture-graph.js';
import type { Encoder, EncoderInput } from '../types.js';

/** Raised when the vector is read in another way. */
const VERSION = 1;

/** A segment of which the encoder sees less than this share is not pooled: what is left of it may be its edge only. */
const LEAST_SEEN = 0.5;

/**
 * An encoder of pictures without a text side: ConvNets, BEiT, DINO. Segments are encoded as crops, or pooled from the
 * patches of the one pass where the manifest names their output.
 */
export const open: OpenFamily<ImageEncoderManifest, Encoder> = async (manifest, files, options) => {
  const { name, output, preprocessing, dimension, dense } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const graph = await openPictureGraph(manifest, files.image!, {
    ...placeOf(options),
    outputs: [...new Set([output, ...(dense ? [dense.output] : [])])],
    added: options.added,
    dimension: { output, size: dimension },
  });
  return probe({
    name,
    fingerprint,
    dimension,
    preprocessing,
    poolsSegments: dense !== undefined,
    ...measuredOf(manifest),
    async embed(pictures) {
      const looks = await graph.look(pictures.map(({ pixels }) => pixels));
      const raw = looks.map((look) => vectorAt(look[output]!, manifest));
      const lengths = raw.map(lengthOf);
      const whole = checkedVectors(raw.map(normalise), manifest);
      if (!dense) return whole.map((picture, index) => ({ picture, length: lengths[index]! }));
      return whole.map((picture, index) => ({
        picture,
        length: lengths[index]!,
        segments: pooled(pictures[index]!, looks[index]![dense.output]!, manifest),
      }));
    },
    close: () => graph.close(),
  });
};

/** @throws LookbookError where the output holds no patches of a square grid. */
function pooled(
  { masks, size, pixels }: EncoderInput,
  { data, dims }: Features,
  manifest: ImageEncoderManifest,
): (Float32Array | null)[] {
  const { width, height } = size ?? pixels;
  const plan = planResize(width, height, manifest.preprocessing);
  const isCut = plan.window.width < plan.width || plan.window.height < plan.height;
  return (masks ?? []).map((mask) => {
    const seen = maskInWindow(mask, plan);
    const isSeen = seen.share >= LEAST_SEEN;
    if (isCut && !isSeen) return null;
    // Where nothing is cut off, what is missing fell between the pixels of a smaller mask: it was thin.
    const vector = poolPatches(data, dims, isSeen ? seen.mask : mask);
    if (vector) return checkedVectors([normalise(vector)], manifest)[0]!;
    throw new LookbookError('encoder', {
      what: `the output ${manifest.dense?.output} of ${manifest.name} cannot be pooled under masks`,
      got: `[${dims}] a picture`,
      expected: 'tokens [T, D]: one of the whole picture, then the patches of a square grid',
      mend: 'Name another output in the manifest, or leave out dense.',
    });
  });
}
