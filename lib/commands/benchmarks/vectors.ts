/**
 * A search beyond the encoding of its words, over 10,000 vectors of real pictures and 100,000 and 1,000,000 made ones, all × 512:
 * how long it takes, what it finds of what it should, what a filter adds, what the store takes. The first run fills the
 * stores, which are kept below the derived files (the largest: a quarter of an hour, 4 GB).
 */
import { join } from 'node:path';
import { checkQuery } from '../../searching/query.js';
import { search } from '../../searching/search.js';
import type { Filter, Query } from '../../types.js';
import type { Figures, Measure } from '../figures.js';
import { median } from '../interleaved.js';
import { FIRST_DAY, HOUR_MS } from '../photograph-rows.js';
import { mean, share } from '../ranks.js';
import { folderMb, serverMemoryMb } from '../server-process.js';
import {
  LARGEST,
  NEAREST,
  openVectorLibrary,
  type VectorLibrary,
  type VectorRecipe,
} from '../vector-library.js';

const SIZES: Record<string, VectorRecipe> = {
  '10k': { rows: 10_000, from: 'recorded' },
  '100k': { rows: 100_000, from: 'mixture' },
  '1m': LARGEST,
};
const QUICK: Record<string, VectorRecipe> = { '10k': { rows: 2000, from: 'recorded' } };
/** Of how many the ratio of filters is told. */
const FILTERED = '100k';
/** Questions that are asked before the clock counts. */
const WARM = 20;
/** Rows of a picture of seven segments. */
const ROWS_EACH = 8;

export const measure: Measure = async (say, { quick }) => {
  const figures: Figures = {};
  for (const [size, recipe] of Object.entries(quick ? QUICK : SIZES)) {
    const opened = await openVectorLibrary(recipe, say);
    try {
      const asked = await ask(opened, {});
      const [p50, p95] = [quantile(asked.times, 0.5), quantile(asked.times, 0.95)];
      figures[`query.p50_ms.${size}`] = p50;
      figures[`query.p95_ms.${size}`] = p95;
      figures[`query.recall10.${size}`] = mean(asked.recalls);
      const bare = await askStore(opened);
      figures[`query.store_p50_ms.${size}`] = quantile(bare.times, 0.5);
      figures[`query.store_recall10.${size}`] = mean(bare.recalls);
      const disk = await folderMb(join(opened.folder, 'chroma', 'data'));
      const memory = await serverMemoryMb(join(opened.folder, 'chroma'));
      say(`${size}: ${disk.toFixed(0)} MB on disk, ${memory.toFixed(0)} MB of the server's memory`);
      const per = 100_000 / recipe.rows;
      if (size === FILTERED || quick) {
        figures['store.mb_per_100k'] = disk * per;
        figures['store.memory_mb_per_100k'] = memory * per;
        Object.assign(figures, await filtered(opened, p50, say));
        advise(disk * per, memory * per, say);
      }
    } finally {
      await opened.close();
    }
  }
  return figures;
};

function advise(disk: number, memory: number, say: (line: string) => void): void {
  const rows: Record<string, number> = {
    '80,000 pictures of 7 segments': 80_000 * ROWS_EACH,
    '1,000,000 rows': 1e6,
  };
  for (const [what, count] of Object.entries(rows)) {
    const [gb, ram] = [disk, memory].map((mb) => (mb * count) / 1e5 / 1024);
    say(`${what} × 512: about ${gb!.toFixed(1)} GB on disk and ${ram!.toFixed(1)} GB of memory`);
  }
}

/** Whole searches for ten hits, every question once; none is left out as irrelevant or as another's copy. */
async function ask(
  { library, questions, filled }: VectorLibrary,
  extra: Pick<Query, 'where'>,
): Promise<{ times: number[]; recalls: number[]; hits: number[] }> {
  const [times, recalls, hits]: number[][] = [[], [], []];
  for (let n = -WARM; n < questions.length; n++) {
    const number = (n + questions.length) % questions.length;
    const query = checkQuery({ text: String(number), minRelevance: 0, collapse: false, ...extra });
    const start = performance.now();
    const result = await search(query, library);
    const time = performance.now() - start;
    if (n < 0) continue;
    times!.push(time);
    hits!.push(result.hits.length);
    const found = new Set(result.hits.map(({ imageId }) => imageId));
    recalls!.push(share(filled.nearest[number]!, (id) => found.has(id)));
  }
  return { times: times!, recalls: recalls!, hits: hits! };
}

/** The store alone, asked for no more than the ten. */
async function askStore({
  pictures,
  questions,
  filled,
}: VectorLibrary): Promise<{ times: number[]; recalls: number[] }> {
  const [times, recalls]: number[][] = [[], []];
  for (const [number, question] of questions.entries()) {
    const start = performance.now();
    const near = await pictures.query(question, NEAREST, { metadata: false });
    times!.push(performance.now() - start);
    const found = new Set(near.map(({ id }) => id));
    recalls!.push(share(filled.nearest[number]!, (id) => found.has(id)));
  }
  return { times: times!, recalls: recalls! };
}

/** Whole searches with a filter over those without: of several kinds and shares the slowest is told. */
async function filtered(opened: VectorLibrary, plain: number, say: (line: string) => void): Promise<Figures> {
  const { rows } = opened.filled.recipe;
  const until = (part: number): Date => new Date(FIRST_DAY + part * rows * HOUR_MS);
  const filters: Record<string, Filter> = {
    'taken, 1 %': { taken: { to: until(0.01) } },
    'taken, 10 %': { taken: { to: until(0.1) } },
    'taken, 50 %': { taken: { to: until(0.5) } },
    'camera, 20 %': { camera: 'nikon' },
    'camera and taken, 10 %': { camera: 'nikon', taken: { to: until(0.5) } },
    'camera, taken, orientation and size, 3 %': {
      camera: 'nikon',
      taken: { to: until(0.5) },
      orientation: 'portrait',
      size: { minHeight: 5000 },
    },
  };
  const start = performance.now();
  await search(checkQuery({ text: '0', where: { photograph: true } }), opened.library);
  const figures: Figures = { 'query.filtered_first_s': (performance.now() - start) / 1000 };
  const ratios: number[] = [];
  for (const [name, where] of Object.entries(filters)) {
    const asked = await ask(opened, { where });
    const ms = median(asked.times);
    ratios.push(ms / plain);
    say(
      `${name}: ${ms.toFixed(1)} ms, ${(ms / plain).toFixed(2)} × ${plain.toFixed(1)} ms, ${mean(asked.hits)} hits`,
    );
  }
  return {
    ...figures,
    'query.filtered_ratio': Math.max(...ratios),
    'query.filtered_ratio_median': median(ratios),
  };
}

function quantile(times: readonly number[], part: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * part)]!;
}
