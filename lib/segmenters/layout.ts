import pLimit from 'p-limit';
import { cutOff, cutWindow, fromWindow, windowAround, withoutTwins } from '../arithmetic/closer-look.js';
import { FINER, layoutInstances } from '../arithmetic/layout-instances.js';
import { maskArea } from '../arithmetic/masks.js';
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
import type { FoundSegment, Pixels, Preprocessing, Segmenter } from '../types.js';

/** Raised when instances are made in another way. 2: a small object's few votes count by their root; again. */
const VERSION = 2;

/** The longer side of the form that is looked at again, in sides of the model's input. */
const CLOSER_SIDES = 4;
/** What lies more than this on the edge of a window belongs to a thing that goes on outside. */
const MOST_CUT_OFF = 0.15;
/** From this intersection over union on, what was seen closer stands in for what was seen first. */
const TWIN_IOU = 0.7;
const WINDOWS_PER_RUN = 16;

/**
 * The objects that a layout map shows, see layoutInstances.
 * With `again` a window around each is looked at once more, and what is seen there goes before: on 200 scenes of known
 * truth (`lib/commands/scenes`, seed 7) 80 % of the objects then have a segment instead of 61 %, because the map of the
 * whole picture runs small neighbours together; it costs as many passes as there are segments, 1.8 a scene.
 */
export const open: OpenFamily<LayoutManifest, Segmenter> = async (manifest, files, options) => {
  const { name, output, preprocessing, again } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, { image: files.image! }, VERSION);
  const graph = await openPictureGraph(manifest, files.image!, { ...placeOf(options), outputs: [output] });
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
          const looks = await graph.look(cuts, [output]);
          return mapInTurns(looks, (look, n) => seenIn(checkedMap(look[output]!, manifest), run[n]!));
        }),
      ),
    ).then((runs) => runs.flat());
    let at = 0;
    return mapInTurns(jobs, ({ found }) => {
      const closer = seen.slice(at, at + found.length).flat();
      at += found.length;
      return withoutTwins([...closer, ...found], TWIN_IOU);
    });
  }

  const segment: Segmenter['segment'] = async (pictures) => {
    const looks = await graph.look(pictures.map(({ pixels }) => pixels));
    const first = await mapInTurns(looks, (look) => {
      const { data, dims } = checkedMap(look[output]!, manifest);
      return layoutInstances(data, dims, SMALLEST_AREA).slice(0, MAX_SEGMENTS);
    });
    const jobs = first.flatMap((found, n) => {
      const { closer } = pictures[n]!;
      return again && closer && found.length ? [{ n, found, closer }] : [];
    });
    const closer = await lookAgain(jobs, again?.margin ?? 0);
    for (const [index, { n }] of jobs.entries()) first[n] = best(closer[index]!);
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
): FoundSegment[] {
  const size = { width: dims[2]! * FINER, height: dims[1]! * FINER };
  return layoutInstances(data, dims, SMALLEST_AREA)
    .filter(({ mask }) => cutOff(mask, window, closer) <= MOST_CUT_OFF)
    .map(({ mask, score }) => ({ mask: fromWindow(mask, window, { picture: closer, size }), score }))
    .filter(({ mask }) => maskArea(mask) >= SMALLEST_AREA);
}

function best(found: readonly FoundSegment[]): FoundSegment[] {
  return [...found].sort((a, b) => b.score - a.score).slice(0, MAX_SEGMENTS);
}
