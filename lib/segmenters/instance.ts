import pLimit from 'p-limit';
import { emptyMask } from '../arithmetic/masks.js';
import { type Queries, queryMap } from '../arithmetic/query-masks.js';
import type { Size } from '../arithmetic/sampling.js';
import { isFiniteVector } from '../arithmetic/vectors.js';
import { LookbookError } from '../errors.js';
import type { OpenFamily } from '../models/families.js';
import { fingerprintOf, greyPicture, placeOf } from '../models/identity.js';
import type { InstanceManifest } from '../models/manifest.js';
import { MAX_SEGMENTS, mapSize, SMALLEST_AREA } from '../models/segment-limits.js';
import { type Features, openPictureGraph } from '../picture-graph.js';
import type { FoundSegment, Pixels, Segmenter, SegmenterInput } from '../types.js';

/** Raised when segments are made in another way. */
const VERSION = 1;

/** A picture of any size serves to try a graph that takes any: a small one costs least. */
const TRIED_PX = 64;

/** Instances and grounds: queries with a class and a mask each (DETR, MaskFormer) → segments with label and score. */
export const open: OpenFamily<InstanceManifest, Segmenter> = async (manifest, files, options) => {
  const { name, output, preprocessing, queries } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const outputs = [output, queries.classes];
  const graph = await openPictureGraph(manifest, files.image!, { ...placeOf(options), outputs });
  // A hundred masks of one picture are up to 30 MB: they are read before another picture is looked at, and the graph is
  // told their names, because it would hold them as long as the picture's pixels.
  const turn = pLimit(graph.lanes);
  const findInstances = async (picture: SegmenterInput): Promise<FoundSegment[]> => {
    const [look] = await graph.look([picture.pixels], outputs);
    const seen = checkedQueries(look![queries.classes]!, look![output]!, manifest);
    return instancesOf(seen, mapSize(picture), manifest);
  };
  const segment: Segmenter['segment'] = (pictures) =>
    Promise.all(pictures.map((picture) => turn(() => findInstances(picture))));
  try {
    const pixels = triedPicture(manifest);
    await segment([{ pixels, width: pixels.width, height: pixels.height }]);
  } catch (error) {
    await graph.close();
    throw error;
  }
  const labels = [...new Set(manifest.labels.filter((label) => label !== null))];
  return { name, fingerprint, preprocessing, labels, segment, close: () => graph.close() };
};

/** @returns segments by score, best first; the score is the probability of the class. */
export function instancesOf(
  seen: Queries,
  size: Size,
  { labels, queries }: Pick<InstanceManifest, 'labels' | 'queries'>,
): FoundSegment[] {
  const { found, map } = queryMap(seen, queries, size);
  const least = SMALLEST_AREA * size.width * size.height;
  const segments = found.map(({ label, score, pixels }) => {
    const name = labels[label] ?? null;
    return name === null || pixels < least
      ? undefined
      : { mask: emptyMask(size.width, size.height), score, label: name };
  });
  for (let at = 0; at < map.length; at++) {
    const segment = segments[map[at]!];
    if (segment) segment.mask.data[at] = 1;
  }
  return segments
    .filter((segment) => segment !== undefined)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_SEGMENTS);
}

/** @throws LookbookError when there are not as many finite class rows as masks, each of one number a label and one more. */
function checkedQueries(classes: Features, masks: Features, manifest: InstanceManifest): Queries {
  const { name, output, queries, labels } = manifest;
  const [count, classCount] = classes.dims;
  const [maskCount, height = 0, width = 0] = masks.dims;
  const fits =
    classes.dims.length === 2 &&
    masks.dims.length === 3 &&
    count === maskCount &&
    classCount === labels.length + 1;
  if (fits && isFiniteVector(classes.data) && isFiniteVector(masks.data))
    return { classes: classes.data, classCount, masks: masks.data, width, height };
  throw new LookbookError('segmenter', {
    what: `the outputs ${queries.classes} and ${output} of ${name} are not usable`,
    got: fits ? 'numbers that are not finite' : `[${classes.dims}] and [${masks.dims}] a picture`,
    expected: `[queries, ${labels.length + 1}] and [queries, h, w], a class and a mask for each query`,
    mend: 'Correct output, queries.classes and labels in the manifest, or fetch the weights again.',
  });
}

function triedPicture({ preprocessing }: InstanceManifest): Pixels {
  return greyPicture(
    preprocessing.resize === 'within' ? { ...preprocessing, size: TRIED_PX } : preprocessing,
  );
}
