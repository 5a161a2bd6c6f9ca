/** The demo pictures, whose truth is known: are the right pictures found, and is the right thing drawn in them? */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { maskIoU, resizeMask } from '../../arithmetic/masks.js';
import { decodeRle } from '../../arithmetic/rle.js';
import { openLookbook } from '../../lookbook.js';
import { readMasks } from '../../mask-files.js';
import { openSegmenter } from '../../models/families.js';
import { projectPath } from '../../paths.js';
import type { Hit, Rle } from '../../types.js';
import type { Figures, Measure } from '../figures.js';
import { mean } from '../ranks.js';

interface Truth {
  pictures: { path: string; objects: { label: string; mask: Rle }[] }[];
  queries: { text: string; paths: string[] }[];
}

const RIGHT_IOU = 0.5;

export const measure: Measure = async (say) => {
  const truth: Truth = JSON.parse(await readFile(projectPath('test/fixtures/demo-truth.json'), 'utf8'));
  const masks = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  const book = await openLookbook({
    name: 'evaluate',
    chroma: 'memory:',
    images: 'images',
    masks,
    encoder: 'pictoclip',
  });
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
      thing: await rightThing(fused.hits[0], truth, text, masks),
      found: found.slice(0, 3).join(', '),
    });
  }
  await book.close();
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
  truth: Truth,
  text: string,
  masks: string,
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
  const segmenter = await openSegmenter('pictoclip-segments', {});
  const file = await readMasks(masks, segmenter.fingerprint, hit.imageId);
  await segmenter.close();
  const segment = file?.segments.find(({ segmentId }) => segmentId === best?.segmentId);
  if (!segment) return false;
  const mask = decodeRle(segment.mask);
  return named.some(
    (object) => maskIoU(mask, resizeMask(decodeRle(object.mask), mask.width, mask.height)) >= RIGHT_IOU,
  );
}
