import pLimit from 'p-limit';
import { boundingBox, maskIoU, resizeMask } from '../arithmetic/masks.js';
import { cropWindows, innermostPoint, pointGrid, withoutOverlaps } from '../arithmetic/proposals.js';
import type { Size } from '../arithmetic/sampling.js';
import { openTogether } from '../closers.js';
import { openMaskDecoder, type PromptPoint } from '../mask-decoder.js';
import { type EverythingTools, openView, type Proposal, type View } from '../mask-proposals.js';
import type { OpenFamily } from '../models/families.js';
import { fingerprintOf, greyPicture, placeOf } from '../models/identity.js';
import type { EverythingManifest } from '../models/manifest.js';
import { MAX_SEGMENTS, mapSize, SMALLEST_AREA } from '../models/segment-limits.js';
import { openPictureGraph } from '../picture-graph.js';
import type { FoundSegment, Mask, Pixels, Segmenter, SegmenterInput } from '../types.js';

/** Raised when masks are asked for, or chosen, in another way. */
const VERSION = 1;

/** How much the boxes of two masks may overlap: segment-anything's own setting. */
const MOST_OVERLAP = 0.7;

/** A mask drawn for a seed shows the seed's thing from here on: where benchmarks of detection call two things one. */
const SAME_THING = 0.5;

/**
 * Segments without prompts, as segment-anything's mask generator makes them: a grid of points goes through the decoder
 * on one look at the picture; masks that the model thinks little of, or that hang on the threshold, go, and of two with
 * the same box the better stays. Seeds of other segmenters are asked for first, by a point and a box, and keep their
 * labels; the grid fills what they leave over.
 */
export const open: OpenFamily<EverythingManifest, Segmenter> = async (manifest, files, options) => {
  const { name, preprocessing, prompts } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const place = placeOf(options);
  const tools = await openTogether(async (keep) => {
    const outputs = prompts.embeddings;
    const graph = await keep(openPictureGraph(manifest, files.image!, { ...place, outputs }));
    const decoder = await keep(openMaskDecoder(prompts, files[prompts.file]!, { name, ...place }));
    await probe({ manifest, graph, decoder });
    return { manifest, graph, decoder };
  });
  // A picture under way holds what its graph saw, 8 to 16 MB, and its masks so far, each within its box.
  const turn = pLimit(tools.graph.lanes);
  return {
    name,
    fingerprint,
    preprocessing,
    takesSeeds: true,
    segment: (pictures) =>
      Promise.all(pictures.map((picture) => turn(() => findEverything(picture, tools, mapSize(picture))))),
    async close() {
      await Promise.all([tools.graph.close(), tools.decoder.close()]);
    },
  };
};

/** One point on a grey picture: what cannot answer is found before any picture is touched. */
async function probe(tools: EverythingTools): Promise<void> {
  const grey = greyPicture(tools.manifest.preprocessing);
  const { width, height } = grey;
  const window = { x: 0, y: 0, width, height, layer: 0 };
  const view = await openView(grey, { window, size: mapSize(grey) }, tools);
  await view.propose([[{ x: width / 2, y: height / 2, label: 1 }]], () => undefined);
}

/**
 * All segments of one picture, best first.
 * @param size of the masks.
 */
export async function findEverything(
  picture: SegmenterInput,
  tools: EverythingTools,
  size: Size,
): Promise<FoundSegment[]> {
  const { pixels, seeds = [] } = picture;
  const [all, ...crops] = cropWindows(pixels.width, pixels.height, tools.manifest.cropLayers ?? 0);
  const whole = await openView(pixels, { window: all!, size }, tools);
  const refined = seeds.length ? await refineSeeds(seeds, whole, { ...tools.manifest.prompts, size }) : [];
  const taken = refined.map(({ mask }) => mask());
  const isLeft = (x: number, y: number): boolean =>
    !taken.some(({ data, width }) => data[Math.floor(y) * width + Math.floor(x)]);
  const kept: Proposal[] = [];
  const keep = async (view: View): Promise<void> => {
    const found = await askGrid(view, tools.manifest, isLeft);
    kept.push(...withoutOverlaps(found, MOST_OVERLAP, [...refined, ...kept]));
  };
  // The smallest windows first: what they show larger stays, as in the reference.
  for (const window of crops.reverse()) await keep(await openView(pixels, { window, size }, tools));
  await keep(whole);
  return chosen(refined, kept, size);
}

/** The best of both, seeds before all others where there are too many. */
function chosen(refined: readonly Proposal[], kept: readonly Proposal[], size: Size): FoundSegment[] {
  const byScore = (a: Proposal, b: Proposal): number => b.score - a.score;
  return [...[...refined].sort(byScore), ...[...kept].sort(byScore)]
    .filter(({ pixels }) => pixels >= SMALLEST_AREA * size.width * size.height)
    .slice(0, MAX_SEGMENTS)
    .sort(byScore)
    .map(({ mask, score, label, seed }) => ({
      mask: mask(),
      // A prediction of the model, which may leave 0..1.
      score: Math.max(0, Math.min(1, score)),
      ...(label === undefined ? {} : { label }),
      ...(seed === undefined ? {} : { seed }),
    }));
}

/** Masks for a grid of points; `isLeft` says of a pixel of the masks whether there is something left to find. */
async function askGrid(
  { part, place, propose }: View,
  { prompts: { skip = 0 }, pointsPerSide }: EverythingManifest,
  isLeft: (x: number, y: number) => boolean,
): Promise<Proposal[]> {
  const prompts = pointGrid(pointsPerSide)
    .filter(({ x, y }) => isLeft(place.x + x * place.width, place.y + y * place.height))
    .map(({ x, y }) => [{ x: x * part.width, y: y * part.height, label: 1 } as const]);
  const found: Proposal[][] = prompts.map(() => []);
  const take = (proposals: (Proposal | null)[], index: number): void => {
    found[index] = proposals.filter((proposal) => proposal !== null);
  };
  await propose(prompts, take, { from: skip });
  return found.flat();
}

/**
 * One mask for each seed that the model can see as well: of those that it draws for a point deep inside of the seed and,
 * where it takes boxes, the seed's box, the one that is most like the seed.
 */
async function refineSeeds(
  seeds: readonly FoundSegment[],
  { part, propose }: View,
  { boxes = false, size }: { boxes?: boolean; size: Size },
): Promise<Proposal[]> {
  const asked = seeds.flatMap(({ mask, label }, seed) => {
    const prompt = seedPrompt(mask, part, boxes);
    const told = label === undefined ? { seed } : { seed, label };
    return prompt ? [{ told, shape: resizeMask(mask, size.width, size.height), prompt }] : [];
  });
  const refined = asked.map((): Proposal[] => []);
  const prompts = asked.map(({ prompt }) => prompt);
  await propose(prompts, (proposals, index) => {
    const { told, shape } = asked[index]!;
    let likeness = SAME_THING;
    for (const proposal of proposals) {
      const iou = proposal ? maskIoU(shape, proposal.mask()) : 0;
      if (!proposal || iou < likeness) continue;
      likeness = iou;
      refined[index] = [{ ...proposal, ...told }];
    }
  });
  return refined.flat();
}

/** A seed as points in pixels of the resized picture; null for an empty mask. */
function seedPrompt(mask: Mask, part: Pixels, takesBoxes: boolean): PromptPoint[] | null {
  const inside = innermostPoint(mask);
  const box = boundingBox(mask);
  if (!inside || !box) return null;
  const [across, down] = [part.width / mask.width, part.height / mask.height];
  const at = (x: number, y: number, label: PromptPoint['label']): PromptPoint => ({
    x: x * across,
    y: y * down,
    label,
  });
  const point = at(inside.x, inside.y, 1);
  if (!takesBoxes) return [point];
  return [point, at(box.x, box.y, 2), at(box.x + box.width, box.y + box.height, 3)];
}
