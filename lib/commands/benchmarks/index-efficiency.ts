/**
 * index.efficiency = CPU seconds per picture of decode + segment + encode + upsert, measured alone, over
 * cores × wall seconds per picture of a real run: 1 means that the models are all that a run waits for. Alone, pictures
 * are decoded in this process, so that what decoder processes cost counts against the run.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { batchFor } from '../../calibration.js';
import { defineConfig, type LookbookConfig, type Settings } from '../../config.js';
import { openCatalogue } from '../../indexing/catalogue.js';
import { runIndex } from '../../indexing/indexer.js';
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
import { openStore } from '../../stores/open-store.js';
import { closeWorkshop, type OpenWorkshop, openWorkshop } from '../../workshop.js';
import { makeClipB32 } from '../clip-b32.js';
import { openClipB32, workshopOf, writePhotographs } from '../clip-b32-workshop.js';
import { withDecoders } from '../decoders.js';
import type { Figures, Measure } from '../figures.js';
import { secondsOf } from '../interleaved.js';
import { openWorkplace, type Workplace, writePictures } from '../many-pictures.js';

const PICTURES = 400;
const PHOTOGRAPHS = 240;
const ALONE = 96;
const BATCH = 16;

const MODELS: { figure: string; encoder: string; segmenter: string }[] = [
  { figure: 'embedded', encoder: 'pictoclip', segmenter: 'pictoclip-segments' },
  { figure: 'mobilenet-v2', encoder: 'mobilenet-v2', segmenter: 'deeplab-v3' },
];

export const measure: Measure = async (say) => {
  const figures: Figures = {};
  for (const { figure, encoder, segmenter } of MODELS) {
    const entries = await Promise.all([encoder, segmenter].map((name) => findModel(name)));
    if (!entries.every(({ ready }) => ready)) {
      say(
        `index.efficiency.${figure} skipped: the weights of ${encoder} or ${segmenter} are not here (LOOKBOOK_MODELS)`,
      );
      continue;
    }
    const place = await openWorkplace();
    try {
      await writePictures(place.pictures, 0, PICTURES);
      const settings = defineConfig(config(place, 'alone', { encoder, segmenter }));
      const workshop = await openWorkshop(settings);
      const alone = await withDecoders(0, () => cpuAlone(settings, workshop));
      const run = await realRun(config(place, 'run', { encoder, segmenter }));
      Object.assign(figures, efficiency(figure, { alone, run }, say));
    } finally {
      await place.remove();
    }
  }
  // Both runs find and embed segments: the worse of them is what segments cost beyond the models.
  const withSegments = MODELS.flatMap(({ figure }) => figures[`index.efficiency.${figure}`] ?? []);
  const segments = withSegments.length ? { 'index.efficiency.segments': Math.min(...withSegments) } : {};
  return { ...figures, ...segments, ...(await clipB32(say)) };
};

/** The same of a CLIP ViT-B/32 of full size with random weights, on photographs, whole pictures only. */
async function clipB32(say: (line: string) => void): Promise<Figures> {
  const place = await openWorkplace();
  const { pictures, chroma, masks, folder } = place;
  try {
    await writePhotographs(pictures, PHOTOGRAPHS, say);
    const encoder = await openClipB32(await makeClipB32(say));
    const settings = defineConfig({ name: 'clip', images: pictures, chroma, masks, segmenter: null }, {});
    const open = async (name: string): Promise<OpenWorkshop> => {
      const store = await openStore(chroma);
      return { ...(await workshopOf(encoder, { store, name, masks })), store };
    };
    // A calibration is made once per machine, not once per run.
    await batchFor(encoder, { pictures: PHOTOGRAPHS, usual: 1, place: {} });
    const workshop = await open('run');
    const catalogue = await openCatalogue(join(folder, 'catalogue'));
    const seconds = await secondsOf(() => runIndex(settings, workshop, catalogue));
    await catalogue.close();
    await workshop.store.close();
    const aside = await open('alone');
    const alone = await withDecoders(0, () => cpuAlone(settings, aside));
    return efficiency('clip-b32', { alone, run: seconds / PHOTOGRAPHS }, say);
  } finally {
    await place.remove();
  }
}

/** @param seconds CPU seconds a picture alone, and wall seconds a picture of the run. */
function efficiency(
  figure: string,
  seconds: { alone: number; run: number },
  say: (line: string) => void,
): Figures {
  const { alone, run } = seconds;
  const cores = availableParallelism();
  say(
    `${figure}: ${alone.toFixed(4)} CPU s a picture alone, ${(1 / run).toFixed(1)} images/s on ${cores} cores`,
  );
  return {
    [`index.efficiency.${figure}`]: alone / (cores * run),
    [`index.${figure}.images_per_s`]: 1 / run,
  };
}

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

/** CPU seconds per picture of the four stages, one after the other, nothing else under way; closes the workshop. */
async function cpuAlone(settings: Settings, workshop: OpenWorkshop): Promise<number> {
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
