/** Rows a second through the store's contract over what the server itself takes at best, asked with nothing around it. */
import { openStore } from '../../stores/open-store.js';
import type { NewRecord } from '../../types.js';
import { openBareStore } from '../bare-store.js';
import type { Measure } from '../figures.js';
import { interleaved, median, secondsOf } from '../interleaved.js';
import { openWorkplace } from '../many-pictures.js';
import { mixture } from '../mixed-vectors.js';
import { photographRows } from '../photograph-rows.js';

const ROUNDS = 5;
const ROWS = 5000;
const QUICK_ROWS = 1000;
const DIMENSION = 512;
/** Rows a call that are tried. */
const BATCHES = [100, 250, 500, 1000, 2500];
/** Rows of a run's batch of pictures with their segments. */
const SMALL = 64;

export const measure: Measure = async (say, { quick }) => {
  const place = await openWorkplace();
  const store = await openStore(place.chroma);
  const rows = quick ? QUICK_ROWS : ROWS;
  const next = mixture({ dimension: DIMENSION, groups: 1000, seed: 3 });
  let round = 0;
  /** Rows that were never stored, into a collection of their own. */
  const fresh = (): NewRecord[] => photographRows(next(rows), DIMENSION, rows * round++);
  const bare = async (batch: number): Promise<number> => {
    const records = fresh();
    const collection = await openBareStore(place.chroma, `bare-${round}`);
    const seconds = await secondsOf(() => inParts(records, batch, (part) => collection.upsert(part)));
    await collection.drop();
    return seconds;
  };
  const ours = async (batch: number): Promise<number> => {
    const records = fresh();
    const name = `ours-${round}`;
    const collection = await store.open({ name, dimension: DIMENSION, fingerprint: name });
    const seconds = await secondsOf(() => inParts(records, batch, (part) => collection.upsert(part)));
    await store.drop(name);
    return seconds;
  };
  try {
    const best = await fastest(bare, rows, say);
    const seconds = await interleaved(
      {
        store: () => bare(best),
        lookbook: () => ours(rows),
        'store, small': () => bare(SMALL),
        'lookbook, small': () => ours(SMALL),
      },
      quick ? 1 : ROUNDS,
    );
    const ratio = (name: 'store' | 'store, small', own: 'lookbook' | 'lookbook, small'): number =>
      median(seconds[name].map((value, n) => value / seconds[own][n]!));
    for (const [name, values] of Object.entries(seconds))
      say(`${name}: ${values.map((value) => (rows / value).toFixed(0)).join(', ')} rows/s`);
    return {
      'upsert.vs_store': ratio('store', 'lookbook'),
      'upsert.small_vs_store': ratio('store, small', 'lookbook, small'),
      'upsert.rows_per_s': rows / median(seconds.lookbook),
    };
  } finally {
    await store.close();
    await place.remove();
  }
};

async function inParts(
  records: readonly NewRecord[],
  batch: number,
  write: (part: readonly NewRecord[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < records.length; start += batch)
    await write(records.slice(start, start + batch));
}

/** The number of rows a call with the least seconds; each is tried once after a first try for warmth. */
async function fastest(
  trial: (batch: number) => Promise<number>,
  rows: number,
  say: (line: string) => void,
): Promise<number> {
  await trial(BATCHES[2]!);
  const seconds = new Map<number, number>();
  for (const batch of BATCHES) seconds.set(batch, await trial(batch));
  say(
    [...seconds].map(([batch, value]) => `${batch} a call: ${(rows / value).toFixed(0)} rows/s`).join(', '),
  );
  return [...seconds].reduce((best, one) => (one[1] < best[1] ? one : best))[0];
}
