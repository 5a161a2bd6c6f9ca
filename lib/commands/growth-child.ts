/** The process of benchmarks/growth.ts that indexes a folder as it stands, with vectors that were recorded. */
import { join } from 'node:path';
import { defineConfig } from '../config.js';
import { openCatalogue } from '../indexing/catalogue.js';
import { runIndex } from '../indexing/indexer.js';
import { openStore } from '../stores/open-store.js';
import type { Encoder } from '../types.js';
import { workshopOf } from './clip-b32-workshop.js';
import { secondsOf } from './interleaved.js';
import { peakMb } from './own-memory.js';
import { recordedVectors } from './recorded-vectors.js';

const DIMENSION = 512;
const SIZE = 96;

export interface GrowthTask {
  pictures: string;
  folder: string;
}

/** Seconds of the run; megabytes of 2²⁰ at most, and before the run. */
export interface Grown {
  seconds: number;
  stored: number;
  mostMb: number;
  beforeMb: number;
}

const { pictures: images, folder }: GrowthTask = JSON.parse(process.argv[2] ?? '');
const { pictures: vectors } = await recordedVectors();
const recorded = vectors.length / DIMENSION;
let next = 0;
const encoder: Encoder = {
  name: 'recorded',
  fingerprint: 'recorded',
  dimension: DIMENSION,
  preprocessing: { resize: 'squash', size: SIZE, interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] },
  poolsSegments: false,
  embed: async (pictures) =>
    pictures.map(() => {
      const at = (next++ % recorded) * DIMENSION;
      return { picture: vectors.slice(at, at + DIMENSION) };
    }),
  close: async () => undefined,
};
const settings = defineConfig({ images, segmenter: null, batchSize: 16 }, {});
const store = await openStore(join(folder, 'chroma'));
const workshop = await workshopOf(encoder, { store, name: 'growth', masks: join(folder, 'masks') });
const catalogue = await openCatalogue(join(folder, 'catalogue'));
const beforeMb = peakMb();
const seconds = await secondsOf(() => runIndex(settings, workshop, catalogue));
await catalogue.close();
const stored = await workshop.pictures.count();
await store.close();
const grown: Grown = { seconds, stored, mostMb: peakMb(), beforeMb };
process.send?.(grown, () => process.exit(0));
