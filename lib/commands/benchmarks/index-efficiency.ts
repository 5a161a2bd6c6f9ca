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
import { openSegmentation } from '../../segmentation.js';
import { openStore } from '../../stores/open-store.js';
import type { Encoder, Segmentation } from '../../types.js';
import { closeWorkshop, type OpenWorkshop, openWorkshop } from '../../workshop.js';
import { makeClipB32 } from '../clip-b32.js';
import { openClipB32, workshopOf, writePhotographs } from '../clip-b32-workshop.js';
import { withDecoders } from '../decoders.js';
import type { Figures, Measure } from '../figures.js';
import { secondsOf } from '../interleaved.js';
import { openWorkplace, type Workplace, writePictures } from '../many-pictures.js';
import { serverCpu } from '../server-process.js';

/** Pictures of a run of small models, of them without segments, of the large one and of it with crops; those worked on alone. */
interface Sizes {
  pictures: number;
  whole: number;
  photographs: number;
  cropped: number;
  alone: number;
  fewCropped: number;
}

const USUAL: Sizes = { pictures: 400, whole: 1200, photographs: 240, cropped: 64, alone: 96, fewCropped: 16 };
const QUICK: Sizes = { pictures: 48, whole: 48, photographs: 32, cropped: 8, alone: 16, fewCropped: 8 };
const BATCH = 16;
/** Finds about as many segments as others; a picture's crops cost the large model more than the picture. */
const CUTTER = 'pictoclip-segments';

const MODELS: { figure: string; encoder: string; segmenter: string }[] = [
  { figure: 'embedded', encoder: 'pictoclip', segmenter: 'pictoclip-segments' },
  { figure: 'mobilenet-v2', encoder: 'mobilenet-v2', segmenter: 'deeplab-v3' },
];

export const measure: Measure = async (say, { quick }) => {
  const sizes = quick ? QUICK : USUAL;
  const figures: Figures = {};
  for (const { figure, encoder, segmenter } of MODELS) {
    const entries = await Promise.all([encoder, segmenter].map((name) => findModel(name)));
    if (!entries.every(({ ready }) => ready)) {
      say(
        `index.efficiency.${figure} skipped: the weights of ${encoder} or ${segmenter} are not here (LOOKBOOK_MODELS)`,
      );
      continue;
    }
    for (const own of [null, segmenter]) {
      const name = own === null ? figure : `segments.${figure}`;
      // So fast a run is over before its processes have paid for their start.
      const count = own === null ? sizes.whole : sizes.pictures;
      const place = await openWorkplace();
      try {
        await writePictures(place.pictures, 0, count);
        const models = { encoder, segmenter: own };
        const settings = defineConfig(config(place, 'alone', models));
        const workshop = await openWorkshop(settings);
        const alone = await withDecoders(0, () => cpuAlone(settings, workshop, sizes.alone));
        await closeWorkshop(workshop);
        const run = await realRun(config(place, 'run', models), count);
        Object.assign(figures, efficiency(name, { alone, run }, say));
      } finally {
        await place.remove();
      }
    }
  }
  // The worse of them is what segments cost beyond the models.
  const withSegments = MODELS.flatMap(({ figure }) => figures[`index.efficiency.segments.${figure}`] ?? []);
  const segments = withSegments.length ? { 'index.efficiency.segments': Math.min(...withSegments) } : {};
  return { ...figures, ...segments, ...(await clipB32(sizes, say)) };
};

/** The same of a CLIP ViT-B/32 of full size with random weights, on photographs: whole pictures, and with crops of segments. */
async function clipB32(sizes: Sizes, say: (line: string) => void): Promise<Figures> {
  const encoder = await openClipB32(await makeClipB32(say));
  const segmenter = await openSegmentation([CUTTER], {});
  try {
    const { photographs, cropped, alone, fewCropped } = sizes;
    const whole = await ofClip('clip-b32', { encoder, count: photographs, few: alone, say });
    const few = { encoder, segmenter, count: cropped, few: fewCropped, say };
    return { ...whole, ...(await ofClip('segments.clip-b32', few)) };
  } finally {
    await Promise.all([encoder.close(), segmenter.close()]);
  }
}

interface ClipRun {
  encoder: Encoder;
  segmenter?: Segmentation;
  /** Pictures of the run, and those that are worked on alone. */
  count: number;
  few: number;
  say: (line: string) => void;
}

async function ofClip(figure: string, { encoder, segmenter, count, few, say }: ClipRun): Promise<Figures> {
  const place = await openWorkplace();
  const { pictures, chroma, masks, folder } = place;
  try {
    await writePhotographs(pictures, count, say);
    const settings = defineConfig({ name: 'clip', images: pictures, chroma, masks, segmenter: null }, {});
    const open = async (name: string): Promise<OpenWorkshop> => {
      const store = await openStore(chroma);
      const at = { store, name, masks, ...(segmenter ? { segmenter } : {}) };
      return { ...(await workshopOf(encoder, at)), store };
    };
    // A calibration is made once per machine, not once per run.
    await batchFor(encoder, { pictures: count, usual: 1, place: {} });
    const workshop = await open('run');
    const catalogue = await openCatalogue(join(folder, 'catalogue'));
    const seconds = await secondsOf(() => runIndex(settings, workshop, catalogue));
    await catalogue.close();
    const aside = await open('alone');
    const alone = await withDecoders(0, () => cpuAlone(settings, aside, few));
    await Promise.all([workshop.store.close(), aside.store.close()]);
    return efficiency(figure, { alone, run: seconds / count }, say);
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
  models: { encoder: string; segmenter: string | null },
): LookbookConfig {
  return { name, images: place.pictures, chroma: place.chroma, masks: place.masks, ...models };
}

/** Wall seconds per picture of a whole run, after the models are open. */
async function realRun(config: LookbookConfig, pictures: number): Promise<number> {
  const book = await openLookbook(config);
  const start = performance.now();
  await book.index();
  const seconds = (performance.now() - start) / 1000;
  await book.close();
  return seconds / pictures;
}

/** CPU seconds per picture of the four stages, one after the other, nothing else under way. */
async function cpuAlone(settings: Settings, workshop: OpenWorkshop, few: number): Promise<number> {
  const { sources } = await scan(settings.images, settings);
  const meter = new Meter();
  const chosen = sources.slice(0, few + BATCH);
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
