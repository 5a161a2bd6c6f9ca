/** Does the segmenter see the things of a scene: all of them together, how many they are, and the box of each? */
import { boundingBox, boxIoU, emptyMask, maskIoU, resizeMask } from '../../arithmetic/masks.js';
import type { FoundSegment, Mask } from '../../types.js';
import type { Figures } from '../figures.js';
import { mean, percents, share } from '../ranks.js';
import { type Eyes, segmentsOf } from './eyes.js';
import { SCENE_PX, type SegmentScene } from './segment-scenes.js';

const NUMBERS = [1, 2, 3, 4];
/** Masks are compared at half of the model's input, as training/evaluate.py does; edges finer than that do not count. */
const COMPARED_PX = 48;
const RIGHT_IOU = 0.5;

export async function measureInstances(
  { segmenter }: Eyes,
  scenes: readonly SegmentScene[],
  say: (line: string) => void,
): Promise<Figures> {
  const once = await segmentsOf(
    segmenter,
    scenes.map(({ pixels }) => pixels),
    true,
  );
  const again = scenes.map(({ look }) => look.found);
  const counts = exactCounts(scenes, again);
  const recall = boxRecall(scenes, again);
  const miou = unionIoU(scenes, again, COMPARED_PX);
  say(`${scenes.length} scenes; as the manifest says, and without the closer look where it has one:`);
  for (const [name, found] of Object.entries({ configured: again, once })) {
    const exact = exactCounts(scenes, found).map(percents).join('/');
    const overlaps = [COMPARED_PX, SCENE_PX].map(
      (px) => `${percents(unionIoU(scenes, found, px))} at ${px} px`,
    );
    say(
      `  ${name.padEnd(10)} mIoU ${overlaps.join(', ')}; exact count of 1/2/3/4 ${exact}; boxes ` +
        `${percents(boxRecall(scenes, found))}; ${(found.flat().length / found.length).toFixed(2)} segments a scene`,
    );
  }
  return {
    'embedded.seg.miou': miou,
    ...Object.fromEntries(NUMBERS.map((number, n) => [`embedded.seg.count${number}`, counts[n]!])),
    'embedded.seg.box_recall': recall,
  };
}

type Truth = Pick<SegmentScene, 'masks'>;

/** Mean over scenes of the overlap of all things together with all segments together, compared at px × px. */
export function unionIoU(scenes: readonly Truth[], found: readonly FoundSegment[][], px: number): number {
  return mean(
    scenes.map(({ masks }, n) =>
      maskIoU(
        union(masks, px),
        union(
          found[n]!.map(({ mask }) => mask),
          px,
        ),
      ),
    ),
  );
}

function union(masks: readonly Mask[], px: number): Mask {
  const out = emptyMask(px, px);
  for (const mask of masks) {
    const { data } = resizeMask(mask, px, px);
    for (let i = 0; i < data.length; i++) out.data[i]! |= data[i]!;
  }
  return out;
}

/** Of the scenes of one, two, three and four things: the share with as many segments. */
export function exactCounts(scenes: readonly Truth[], found: readonly FoundSegment[][]): number[] {
  const pairs = scenes.map(({ masks }, n) => ({ things: masks.length, segments: found[n]!.length }));
  return NUMBERS.map((number) =>
    share(
      pairs.filter(({ things }) => things === number),
      ({ segments }) => segments === number,
    ),
  );
}

/** Share of the things whose box a segment's box meets at IoU ≥ 0.5. */
export function boxRecall(scenes: readonly Truth[], found: readonly FoundSegment[][]): number {
  const met = scenes.flatMap(({ masks }, n) =>
    masks.map((thing) => {
      const box = boundingBox(thing);
      const boxes = found[n]!.map(({ mask }) => boundingBox(resizeMask(mask, thing.width, thing.height)));
      return box !== null && boxes.some((other) => other !== null && boxIoU(box, other) >= RIGHT_IOU);
    }),
  );
  return share(met, (isMet) => isMet);
}
