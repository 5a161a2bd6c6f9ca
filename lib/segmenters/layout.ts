import pLimit from 'p-limit';
import {
  cutOff,
  cutWindow,
  fromWindow,
  seenCloser,
  windowAround,
  withoutTwins,
} from '../arithmetic/closer-look.js';
import { FINER, layoutInstances } from '../arithmetic/layout-instances.js';
import { maskArea } from '../arithmetic/masks.js';
import type { Piece } from '../arithmetic/pieces.js';
import { poolUnderMask } from '../arithmetic/pooling.js';
import { preprocess } from '../arithmetic/resampling.js';
import type { Window } from '../arithmetic/resize-plan.js';
import { isFiniteVector } from '../arithmetic/vectors.js';
import { LookbookError } from '../errors.js';
import { inRuns } from '../graph-feeds.js';
import type { OpenFamily } from '../models/families.js';
import { fingerprintOf, placeOf, probeSegmenter } from '../models/identity.js';
import type { LayoutManifest } from '../models/manifest.js';
import { MAX_SEGMENTS, SMALLEST_AREA } from '../models/segment-limits.js';
import { type Features, openPictureGraph } from '../picture-graph.js';
import { mapInTurns } from '../turns.js';
import type { FoundSegment, Mask, Pixels, Preprocessing, Segmenter } from '../types.js';

/** Raised when instances are made in another way. 4: near pieces of one meaning are joined before the closer look. */
const VERSION = 4;

/** The longer side of the form that is looked at again, in sides of the model's input. */
const CLOSER_SIDES = 4;
/** What lies more than this on the edge of a window belongs to a thing that goes on outside. */
const MOST_CUT_OFF = 0.15;
/** From this intersection over union on, two windows showed the same thing: the more certain view stays. */
const TWIN_IOU = 0.5;
const WINDOWS_PER_RUN = 16;

/**
 * The objects that a layout map shows, see layoutInstances.
 * With `again` a window around each is looked at once more: what is seen there of it is its mask, and pieces of another
 * meaning are things of their own, see seenCloser. On scenes of known truth that no evaluation uses (`lib/commands/scenes`,
 * seeds 7 and 21, and `layouts`) keeping all that windows show made 2.5 segments of every thing: pieces of neighbours that a
 * window cut, and halves. Of 421 pairs of pieces 81 were two things; neither their form, their scores nor other windows tell
 * (area under the curve .5 to .65), the cosine of their features does (.79). Where pieces below .3 are two, 1, 2, 3 and 4
 * things are counted exactly in 91, 93, 95 and 90 % (seed 7) and .74 of scattered things have a segment; below .15 93, 95, 98 and
 * 93 %, .74; below .05 93, 95, 98 and 95 %, .71; without a closer look 89, 95, 98 and 94 %, .70. The union of all masks is better by
 * two points of mIoU, whichever the limit.
 * It costs as many passes as there are segments.
 */
export const open: OpenFamily<LayoutManifest, Segmenter> = async (manifest, files, options) => {
  const { name, output, preprocessing, again } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, { image: files.image! }, VERSION);
  const outputs = again?.meaning ? [output, again.meaning.output] : [output];
  const graph = await openPictureGraph(manifest, files.image!, { ...placeOf(options), outputs });
  // A run under way holds its cut windows and their maps.
  const turn = pLimit(graph.lanes);

  /** Windows of all pictures pass together. */
  async function lookAgain(jobs: readonly Job[], margin: number): Promise<FoundSegment[][]> {
    const windows = jobs.flatMap(({ found, closer }) =>
      found.map(({ mask }) => ({ closer, window: windowAround(mask, closer, margin) })),
    );
    const seen = await Promise.all(
      inRuns(windows, WINDOWS_PER_RUN).map((run) =>
        turn(async () => {
          const cuts = await mapInTurns(run, ({ closer, window }) =>
            preprocess(cutWindow(closer, window), preprocessing),
          );
          const looks = await graph.look(cuts, outputs);
          return mapInTurns(looks, (look, n) =>
            seenIn(checkedMap(look[output]!, manifest), run[n]!, checkedMeanings(look, manifest)),
          );
        }),
      ),
    ).then((runs) => runs.flat());
    let at = 0;
    return mapInTurns(jobs, ({ found }) => {
      const apart = again?.meaning?.apart ?? 0;
      const closer = found.flatMap((thing) => seenCloser(thing, seen[at++]!, apart));
      return withoutTwins(best(closer), TWIN_IOU);
    });
  }

  const segment: Segmenter['segment'] = async (pictures) => {
    const looks = await graph.look(pictures.map(({ pixels }) => pixels));
    const first = await mapInTurns(looks, (look) => {
      const { data, dims } = checkedMap(look[output]!, manifest);
      const meanings = checkedMeanings(look, manifest);
      const meaningOf = meanings && ((mask: Mask) => poolUnderMask(meanings.data, meanings.dims, mask));
      return layoutInstances(data, dims, SMALLEST_AREA, meaningOf).slice(0, MAX_SEGMENTS);
    });
    const jobs = first.flatMap((found, n) => {
      const { closer } = pictures[n]!;
      return again && closer && found.length ? [{ n, found, closer }] : [];
    });
    const closer = await lookAgain(jobs, again?.margin ?? 0);
    for (const [index, { n }] of jobs.entries()) first[n] = closer[index]!;
    return first;
  };
  const closer = again ? { closer: closerRule(preprocessing) } : {};
  return probeSegmenter({ name, fingerprint, preprocessing, ...closer, segment, close: () => graph.close() });
};

/** @throws LookbookError when there are not four finite maps: object, centre, and the way there along both axes. */
function checkedMap(map: Features, { name, output }: LayoutManifest): Features {
  const isMap = map.dims.length === 3 && map.dims[0] === 4;
  if (isMap && isFiniteVector(map.data)) return map;
  throw new LookbookError('segmenter', {
    what: `the output ${output} of ${name} is not usable`,
    got: isMap ? 'numbers that are not finite' : `[${map.dims}] a picture`,
    expected: '[4, h, w]: object, centre, offset x and offset y',
    mend: 'Correct output in the manifest, or fetch the weights again.',
  });
}

/** The features that tell pieces apart, where the manifest names them. @throws LookbookError when they are no map. */
function checkedMeanings(
  look: Readonly<Record<string, Features>>,
  { name, again }: LayoutManifest,
): Features | undefined {
  if (!again?.meaning) return undefined;
  const features = look[again.meaning.output]!;
  if (features.dims.length === 3) return features;
  throw new LookbookError('segmenter', {
    what: `the output ${again.meaning.output} of ${name} tells no pieces apart`,
    got: `[${features.dims}] a picture`,
    expected: '[D, h, w]: features of each cell',
    mend: 'Correct again.meaning.output in the manifest, or leave meaning out.',
  });
}

interface Job {
  found: readonly FoundSegment[];
  closer: Pixels;
}

function closerRule({ size, mean, std }: Preprocessing): Preprocessing {
  return { resize: 'longest', size: CLOSER_SIDES * size, interpolation: 'bicubic', mean, std };
}

/** Instances of a window, as masks of the whole picture; none that the window cuts, none that are too small there. */
function seenIn(
  { data, dims }: Features,
  { closer, window }: { closer: Pixels; window: Window },
  meanings: Features | undefined,
): Piece[] {
  const size = { width: dims[2]! * FINER, height: dims[1]! * FINER };
  return layoutInstances(data, dims, SMALLEST_AREA)
    .filter(({ mask }) => cutOff(mask, window, closer) <= MOST_CUT_OFF)
    .map(({ mask, score }) => ({
      mask: fromWindow(mask, window, { picture: closer, size }),
      score,
      ...(meanings && { meaning: poolUnderMask(meanings.data, meanings.dims, mask) }),
    }))
    .filter(({ mask }) => maskArea(mask) >= SMALLEST_AREA);
}

function best(found: readonly FoundSegment[]): FoundSegment[] {
  return [...found].sort((a, b) => b.score - a.score).slice(0, MAX_SEGMENTS);
}
