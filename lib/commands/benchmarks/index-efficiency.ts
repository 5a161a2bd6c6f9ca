/**
 * index.efficiency = CPU seconds per picture of decode + segment + encode + upsert, measured alone, over
 * cores × wall seconds per picture of a real run: 1 means that the models are all that a run waits for.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { LookbookConfig } from '../../config.js';
import { defineConfig } from '../../config.js';
import { Meter } from '../../indexing/meter.js';
import { scan } from '../../indexing/scan.js';
import {
  lookAt,
  type Prepared,
  pictureRecord,
  prepare,
  segment,
  storeSegments,
  type Workshop,
} from '../../indexing/stages.js';
import { openLookbook } from '../../lookbook.js';
import { findModel } from '../../models/registry.js';
import { imageIdOfBytes } from '../../picture-bytes.js';
import { closeWorkshop, openWorkshop } from '../../workshop.js';
import type { Figures, Measure } from '../figures.js';
import { openWorkplace, type Workplace, writePictures } from '../many-pictures.js';

const PICTURES = 400;
const ALONE = 96;
const BATCH = 16;

const MODELS: { figure: string; encoder: string; segmenter: string }[] = [
  { figure: 'embedded', encoder: 'pictoclip', segmenter: 'pictoclip-segments' },
  { figure: 'mobilenet-v2', encoder: 'mobilenet-v2', segmenter: 'deeplab-v3' },
];

export const measure: Measure = async (say) => {
  const figures: Figures = {};
  for (const { figure, encoder, segmenter } of MODELS) {
    const entries = await Promise.all([encoder, segmenter].map(findModel));
    if (!entries.every(({ ready }) => ready)) {
      say(
        `index.efficiency.${figure} skipped: the weights of ${encoder} or ${segmenter} are not here (LOOKBOOK_MODELS)`,
      );
      continue;
    }
    const place = await openWorkplace();
    try {
      await writePictures(place.pictures, 0, PICTURES);
      const alone = await cpuAlone(config(place, 'alone', { encoder, segmenter }));
      const run = await realRun(config(place, 'run', { encoder, segmenter }));
      const cores = availableParallelism();
      say(
        `${figure}: ${alone.toFixed(4)} CPU s a picture alone, ${(1 / run).toFixed(1)} images/s on ${cores} cores`,
      );
      figures[`index.efficiency.${figure}`] = alone / (cores * run);
      figures[`index.${figure}.images_per_s`] = 1 / run;
    } finally {
      await place.remove();
    }
  }
  return figures;
};

function config(
  place: Workplace,
  name: string,
  models: { encoder: string; segmenter: string },
): LookbookConfig {
  return { name, images: place.pictures, chroma: place.chroma, masks: place.masks, ...models };
}

/** Wall seconds per picture of a whole run, after the models are open. */
async function realRun(config: LookbookConfig): Promise<number> {
  const book = await openLookbook(config);
  const start = performance.now();
  await book.index();
  const seconds = (performance.now() - start) / 1000;
  await book.close();
  return seconds / PICTURES;
}

/** CPU seconds per picture of the four stages, one after the other, nothing else under way. */
async function cpuAlone(config: LookbookConfig): Promise<number> {
  const settings = defineConfig(config);
  const workshop = await openWorkshop(settings);
  const { sources } = await scan(settings.images, settings);
  const meter = new Meter();
  const chosen = sources.slice(0, ALONE + BATCH);
  const work = async (part: typeof chosen): Promise<void> => {
    for (let start = 0; start < part.length; start += BATCH) {
      const batch: Prepared[] = [];
      for (const { location, root, path } of part.slice(start, start + BATCH)) {
        const bytes = await readFile(location);
        batch.push(
          await prepare(bytes, { imageId: imageIdOfBytes(bytes), place: { root, path } }, workshop, true),
        );
      }
      await storeBatch(batch, workshop, meter);
    }
  };
  await work(chosen.slice(0, BATCH)); // the first batch pays for allocations and lazy loading
  const server = await serverCpu(settings.chroma);
  const before = process.cpuUsage();
  await work(chosen.slice(BATCH));
  const own = process.cpuUsage(before);
  const seconds = (own.user + own.system) / 1e6 + (await serverCpu(settings.chroma)) - server;
  await closeWorkshop(workshop);
  return seconds / (chosen.length - BATCH);
}

async function storeBatch(batch: readonly Prepared[], workshop: Workshop, meter: Meter): Promise<void> {
  const { segmenter } = workshop;
  const looked = await lookAt(batch, workshop, meter);
  const segmented =
    segmenter && !workshop.encoder.poolsSegments
      ? await segment(batch, { ...workshop, segmenter }, meter)
      : null;
  const found = batch.flatMap(({ imageId, facts }, index) => {
    const own = segmented?.[index] ?? looked[index]!.segmented;
    return own ? [{ imageId, facts, segmented: own }] : [];
  });
  await storeSegments(found, workshop);
  await workshop.pictures.upsert(batch.map((one, index) => pictureRecord(one, looked[index]!, workshop)));
}

/** CPU seconds that the store's server has used: proc(5) utime + stime at 100 ticks a second; 0 where unknown. */
async function serverCpu(chroma: string): Promise<number> {
  try {
    const { chromaPid } = JSON.parse(await readFile(join(chroma, 'server.json'), 'utf8'));
    const fields = (await readFile(`/proc/${chromaPid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // no /proc here: the server's share is left out, which makes the figure smaller, not larger
  }
}
