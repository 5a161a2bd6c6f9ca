/** The demo pictures, whose truth is known: are the right pictures found, and is the right thing drawn in them? */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { openLookbook } from '../../lookbook.js';
import { readMasks } from '../../mask-files.js';
import { projectPath } from '../../paths.js';
import { imageIdOfBytes } from '../../picture-bytes.js';
import type { Hit } from '../../types.js';
import { type DemoTruth, iouOf, maskFingerprint, readDemoTruth } from '../demo-truth.js';
import type { Figures, Measure } from '../figures.js';
import { mean } from '../ranks.js';

/** Where the masks of the run lie: the folder, and the segmenter that made them. */
interface MaskFiles {
  folder: string;
  fingerprint: string;
}

const RIGHT_IOU = 0.5;
const TIGHT_IOU = 0.8;

export const measure: Measure = async (say) => {
  const truth = await readDemoTruth();
  const masks = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  const book = await openLookbook({
    name: 'evaluate',
    chroma: 'memory:',
    images: 'images',
    masks,
    encoder: 'pictoclip',
  });
  const files: MaskFiles = { folder: masks, fingerprint: await maskFingerprint() };
  const report = await book.index();
  const outcomes = [];
  for (const { text, paths } of truth.queries) {
    const fused = await book.search({ text, k: 10, minRelevance: 0 });
    const whole = await book.search({ text, segments: false, k: 10, minRelevance: 0 });
    const found = fused.hits.map(demoPath);
    outcomes.push({
      text,
      hit1: Number(paths.includes(found[0] ?? '')),
      precision: precision(found, paths),
      wholePrecision: precision(whole.hits.map(demoPath), paths),
      thing: await rightThing(fused.hits[0], truth, text, files),
      found: found.slice(0, 3).join(', '),
    });
  }
  await book.close();
  const ious = (await Promise.all(truth.pictures.map((picture) => bestIous(picture, files)))).flat();
  await rm(masks, { recursive: true, force: true });
  for (const { text, hit1, precision, found } of outcomes.filter(({ hit1 }) => !hit1)) {
    say(`missed “${text}”: first ${found} (hit ${hit1}, precision ${precision.toFixed(2)})`);
  }
  const things = outcomes.flatMap(({ thing }) => (thing === null ? [] : [Number(thing)]));
  say(`${report.added} pictures, ${report.segments} segments, ${outcomes.length} queries`);
  return {
    'demo.hit1': mean(outcomes.map(({ hit1 }) => hit1)),
    'demo.r_precision': mean(outcomes.map(({ precision }) => precision)),
    'demo.r_precision.whole_only': mean(outcomes.map(({ wholePrecision }) => wholePrecision)),
    'demo.segment.p1': mean(things),
    'demo.mask.iou': mean(ious),
    'demo.mask.recall50': mean(ious.map((iou) => Number(iou >= RIGHT_IOU))),
    'demo.mask.recall80': mean(ious.map((iou) => Number(iou >= TIGHT_IOU))),
  } satisfies Figures;
};

function demoPath(hit: Hit): string {
  return relative(projectPath('images'), hit.paths[0] ?? '');
}

/** Share of right ones among as many first hits as there are right pictures. */
function precision(found: readonly string[], right: readonly string[]): number {
  return found.slice(0, right.length).filter((path) => right.includes(path)).length / right.length;
}

/** Whether the best segment of a hit covers an object that the query's words name; null where no label does. */
async function rightThing(
  hit: Hit | undefined,
  truth: DemoTruth,
  text: string,
  files: MaskFiles,
): Promise<boolean | null> {
  if (!hit) return null;
  const picture = truth.pictures.find(({ path }) => path === demoPath(hit));
  const named =
    picture?.objects.filter(({ label }) =>
      label
        .toLowerCase()
        .split(' ')
        .some((word) => text.split(' ').includes(word)),
    ) ?? [];
  if (named.length === 0) return null;
  const best = hit.evidence.segments[0];
  const file = await readMasks(files.folder, files.fingerprint, hit.imageId);
  const segment = file?.segments.find(({ segmentId }) => segmentId === best?.segmentId);
  return segment !== undefined && named.some((object) => iouOf(object.mask, segment.mask) >= RIGHT_IOU);
}

/** For each true object of a picture: its IoU with the mask that fits it best, 0 where none was found. */
async function bestIous(picture: DemoTruth['pictures'][number], files: MaskFiles): Promise<number[]> {
  const id = imageIdOfBytes(await readFile(projectPath(join('images', picture.path))));
  const found = await readMasks(files.folder, files.fingerprint, id);
  if (!found) throw new Error(`no masks of ${picture.path} were written`);
  return picture.objects.map((object) =>
    Math.max(0, ...found.segments.map(({ mask }) => iouOf(object.mask, mask))),
  );
}
