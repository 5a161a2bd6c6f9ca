/**
 * How do time and memory grow with the number of pictures? Runs of the index over 1,000, 10,000 and 100,000 files with vectors that
 * were recorded, so that no model hides what grows, each from nothing; and a million made vectors straight to the store, as
 * vector-library.ts has filled it.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { childAnswer } from '../child-answer.js';
import type { Figures, Measure } from '../figures.js';
import type { Grown, GrowthTask } from '../growth-child.js';
import { openWorkplace, writePictures } from '../many-pictures.js';
import { recordedVectors } from '../recorded-vectors.js';
import { LARGEST, openVectorLibrary } from '../vector-library.js';

const SIZES: Record<string, number> = { '1k': 1000, '10k': 10_000, '100k': 100_000 };
const QUICK: Record<string, number> = { '100': 100, '1k': 1000 };

interface Point {
  rows: number;
  seconds: number;
}

export const measure: Measure = async (say, { quick }) => {
  await recordedVectors();
  const figures: Figures = {};
  const points: Point[] = [];
  const place = await openWorkplace();
  try {
    let written = 0;
    for (const [size, count] of Object.entries(quick ? QUICK : SIZES)) {
      await writePictures(place.pictures, written, count);
      written = count;
      const folder = join(place.folder, `run-${size}`);
      await mkdir(folder);
      const task: GrowthTask = { pictures: place.pictures, folder };
      const grown = await childAnswer<Grown>('growth-child', task);
      if (grown.stored !== count) throw new Error(`${grown.stored} of ${count} pictures were stored`);
      points.push({ rows: count, seconds: grown.seconds });
      figures[`growth.run_s.${size}`] = grown.seconds;
      figures[`growth.run_mb.${size}`] = grown.mostMb;
      say(
        `${size}: ${grown.seconds.toFixed(1)} s, ${(count / grown.seconds).toFixed(0)} images/s, ${grown.mostMb.toFixed(0)} MB at most, ${grown.beforeMb.toFixed(0)} before`,
      );
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await place.remove();
  }
  figures['growth.time_exponent'] = exponentOf(points);
  return quick ? figures : { ...figures, ...(await straight(say)) };
};

/** What the filling of the largest store took, now or when it was filled. */
async function straight(say: (line: string) => void): Promise<Figures> {
  const opened = await openVectorLibrary(LARGEST, say);
  await opened.close();
  const { points, clientMb, at } = opened.filled;
  say(`the store of ${LARGEST.rows} rows was filled by ${at}`);
  for (const { rows, seconds } of points) say(`${rows} rows: ${seconds.toFixed(1)} s`);
  return {
    'growth.store_exponent': exponentOf(points),
    'growth.fill_1m_s': points.at(-1)!.seconds,
    'growth.client_mb_1m': clientMb.most,
    'growth.client_growth_mb_1m': clientMb.most - clientMb.early,
  };
}

/** The slope of log seconds over log rows, by least squares. */
function exponentOf(points: readonly Point[]): number {
  const [x, y] = [points.map(({ rows }) => Math.log(rows)), points.map(({ seconds }) => Math.log(seconds))];
  const middle = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [middle(x), middle(y)];
  const above = x.reduce((sum, value, n) => sum + (value - mx) * (y[n]! - my), 0);
  return above / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}
