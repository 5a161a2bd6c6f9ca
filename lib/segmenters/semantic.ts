import { type ClassLogits, classMap, meanProbabilities } from '../arithmetic/class-map.js';
import { connectedRegions, emptyMask } from '../arithmetic/masks.js';
import type { Size } from '../arithmetic/sampling.js';
import { mergeSmallRegions } from '../arithmetic/small-regions.js';
import { isFiniteVector } from '../arithmetic/vectors.js';
import { LookbookError } from '../errors.js';
import type { OpenFamily } from '../models/families.js';
import { fingerprintOf, placeOf, probeSegmenter } from '../models/identity.js';
import type { SemanticManifest } from '../models/manifest.js';
import { MAX_SEGMENTS, mapSize, SMALLEST_AREA } from '../models/segment-limits.js';
import { type Features, openPictureGraph } from '../picture-graph.js';
import type { FoundSegment, Mask, Segmenter } from '../types.js';

/** Raised when regions are made in another way. */
const VERSION = 2;

/** Semantic segmentation: logits per class → the best class of each pixel → connected regions with label and score. */
export const open: OpenFamily<SemanticManifest, Segmenter> = async (manifest, files, options) => {
  const { output, preprocessing } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const graph = await openPictureGraph(manifest, files.image!, { ...placeOf(options), outputs: [output] });
  const segment: Segmenter['segment'] = async (pictures) => {
    // Named outputs are kept by nobody: the graph would hold them as long as the picture's pixels.
    const looks = await graph.look(
      pictures.map(({ pixels }) => pixels),
      [output],
    );
    return looks.map((look, index) =>
      regionsOf(checkedLogits(look[output]!, manifest), mapSize(pictures[index]!), manifest),
    );
  };
  const { name, background } = manifest;
  const labels = manifest.labels.filter((_, index) => index !== background);
  return probeSegmenter({ name, fingerprint, preprocessing, labels, segment, close: () => graph.close() });
};

/** @throws LookbookError when there is not one finite map a label. */
function checkedLogits(logits: Features, { name, output, labels, ...rest }: SemanticManifest): ClassLogits {
  const [classes, height = 0, width = 0] = logits.dims;
  const isMaps = logits.dims.length === 3 && classes === labels.length;
  if (isMaps && isFiniteVector(logits.data))
    return { data: logits.data, classes, height, width, alignCorners: rest.alignCorners };
  throw new LookbookError('segmenter', {
    what: `the output ${output} of ${name} is not usable`,
    got: isMaps ? 'numbers that are not finite' : `[${logits.dims}] a picture`,
    expected: `[${labels.length}, h, w], one map for each label`,
    mend: 'Correct output and labels in the manifest, or fetch the weights again.',
  });
}

/**
 * The class map in connected regions, those under the smallest area given to their neighbours, without the background.
 * @returns regions by score, best first; the score is the mean probability of the label.
 */
export function regionsOf(
  logits: ClassLogits,
  size: Size,
  { labels, background }: Pick<SemanticManifest, 'labels' | 'background'>,
): FoundSegment[] {
  const least = SMALLEST_AREA * size.width * size.height;
  const pieces = connectedRegions(classMap(logits, size), size.width, size.height, -1);
  const regions = mergeSmallRegions(pieces, size, least);
  const scores = meanProbabilities(logits, size, regions);
  const kept = regions.classes
    .map((label, region) => ({ label, region, score: scores[region]!, pixels: regions.sizes[region]! }))
    .filter(({ label, pixels }) => label !== background && pixels >= least)
    .sort((a, b) => b.score * b.pixels - a.score * a.pixels)
    .slice(0, MAX_SEGMENTS)
    .map((entry) => ({ ...entry, mask: emptyMask(size.width, size.height) }));
  const masks = regions.classes.map((): Mask | undefined => undefined);
  for (const { region, mask } of kept) masks[region] = mask;
  for (let at = 0; at < regions.regionOf.length; at++) {
    const mask = masks[regions.regionOf[at]!];
    if (mask) mask.data[at] = 1;
  }
  return kept
    .sort((a, b) => b.score - a.score)
    .map(({ mask, score, label }) => ({ mask, score, label: labels[label]! }));
}
