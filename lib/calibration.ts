/**
 * How many pictures go into one run of a model: measured once per model and machine, and kept. A machine's cores, its
 * caches and the model's layers decide it together, so that no constant is right everywhere.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, freemem } from 'node:os';
import { reasonOf } from './errors.js';
import { greyPicture } from './models/identity.js';
import type { DeviceOptions } from './onnx.js';
import { derivedPath } from './paths.js';
import type { Encoder } from './types.js';
import { keepForLater } from './whole-file.js';

/** What a run of `batch` pictures took, for each of them. */
export interface Trial {
  batch: number;
  msPerPicture: number;
}

/** Batch sizes that are tried, in this order. */
const BATCHES = [1, 2, 4, 8, 16, 32];
/** A larger batch costs memory and is worth it from this gain on. */
const WORTHWHILE = 0.03;
/**
 * What a batch costs beside its pictures: two writes to Chroma, each with a question before it (measured: 20 and 35 ms).
 * Without it a busy machine on which one picture seems as cheap alone would be told to write each on its own.
 */
const STORE_MS = 50;
/** A calibration ends before a trial that would lead beyond this. */
const MOST_MS = 3000;
/** A trial that takes so long is not repeated. */
const LONG_MS = 400;
/** A model that is faster than this shows no difference that would pay for the calibration. */
const FAST_MS = 5;
/** Fewer pictures are encoded sooner than calibrated. */
const LEAST_PICTURES = 64;
/** Runs at once in a trial, as when an index is made: one runs while the next is made ready, or one in each lane. */
const AT_ONCE = 2;
/** A trial may bring resident memory to grow by this share of what is free. */
const MEMORY_SHARE = 0.25;

export interface Calibration {
  /** By growing batch. */
  trials: readonly Trial[];
  /** The largest batch that memory bears, where a trial has met that limit. */
  most?: number;
}

/**
 * Of the batches that are as good as the best to within what is worthwhile: the smallest from `usual` on, for the
 * store likes batches too. Where the trials ended before it and larger had not become worse, it is `usual` itself.
 */
export function chooseBatch({ trials, most = Number.POSITIVE_INFINITY }: Calibration, usual: number): number {
  const best = Math.min(...trials.map(costOf));
  const good = trials.flatMap((trial) => (costOf(trial) <= best * (1 + WORTHWHILE) ? [trial.batch] : []));
  const large = good.filter((batch) => batch >= usual);
  if (large.length) return Math.min(...large);
  return good.at(-1) === trials.at(-1)?.batch ? Math.min(usual, most) : Math.max(...good);
}

/** Milliseconds of a picture in batches of this size: the model's, or the store's where that is the slower of the two. */
function costOf({ batch, msPerPicture }: Trial): number {
  return Math.max(msPerPicture, STORE_MS / batch);
}

/** Whether the last two of three or more trials brought nothing: one alone may be a hiccup of the machine. */
export function isSettled(trials: readonly Trial[]): boolean {
  const before = Math.min(...trials.slice(0, -2).map(({ msPerPicture }) => msPerPicture));
  const after = Math.min(...trials.slice(-2).map(({ msPerPicture }) => msPerPicture));
  return after > before * (1 - WORTHWHILE);
}

export interface BatchWish {
  /** Pictures that are to be encoded. */
  pictures: number;
  /** What is taken where measuring does not pay. */
  usual: number;
  place: DeviceOptions;
}

/** Pictures per run for an encoder on this machine: kept from an earlier run, measured now, or `usual`. */
export async function batchFor(encoder: Encoder, wish: BatchWish): Promise<number> {
  if (wish.pictures <= LEAST_PICTURES) return wish.usual;
  const path = calibrationPath(encoder, wish.place);
  const kept = await readKept(path);
  if (kept) return chooseBatch(kept, wish.usual);
  // An error that is one meets the run itself, which knows what to do with it; nothing is kept of this one.
  const made = await calibrate(encoder).catch(() => null);
  if (!made) return wish.usual;
  const facts = { model: encoder.name, machine: machine(), ...made };
  await keepForLater(path, `${JSON.stringify(facts, null, 1)}\n`);
  return chooseBatch(made, wish.usual);
}

/**
 * Tries growing batches of grey pictures until more brings nothing, or time or memory would pass their bounds.
 * @returns null when the model is too fast for it to matter.
 */
export async function calibrate(encoder: Encoder): Promise<Calibration | null> {
  const first = await msOfRuns(encoder, 1); // pays for allocations, so it is no trial where there is time for one
  if (first > MOST_MS / 2) return { trials: [{ batch: 1, msPerPicture: first / AT_ONCE }] };
  const trials: Trial[] = [];
  const start = performance.now();
  for (const batch of BATCHES) {
    const last = trials.at(-1);
    if (last && performance.now() - start + AT_ONCE * batch * last.msPerPicture > MOST_MS) break;
    const rss = process.memoryUsage.rss();
    // A batch may be too large for a device; that one picture is not, the first run has shown.
    const ms = await msOfTrial(encoder, batch).catch((error: unknown) => outOfMemory(error));
    if (ms === undefined) return trials.length ? { trials, most: batch / 2 } : null;
    trials.push({ batch, msPerPicture: ms / (AT_ONCE * batch) });
    if (batch === 1 && trials[0]!.msPerPicture < FAST_MS) return null;
    if (isSettled(trials)) break;
    // The next trial is of twice as many pictures.
    const grown = process.memoryUsage.rss() - rss;
    if (2 * grown > MEMORY_SHARE * freemem()) return { trials, most: batch };
  }
  return { trials };
}

/** A batch that was too large is an answer; every other error is one of the run, and nothing is kept of it. */
function outOfMemory(error: unknown): undefined {
  if (/memory|alloc/i.test(reasonOf(error))) return undefined;
  throw error;
}

/** Of short runs the better of two: other work on the machine only ever slows one down. */
async function msOfTrial(encoder: Encoder, batch: number): Promise<number> {
  const first = await msOfRuns(encoder, batch);
  return first > LONG_MS ? first : Math.min(first, await msOfRuns(encoder, batch));
}

/** Milliseconds of all runs at once. */
async function msOfRuns(encoder: Encoder, batch: number): Promise<number> {
  const runs = Array.from({ length: AT_ONCE }, () =>
    Array.from({ length: batch }, () => ({ pixels: greyPicture(encoder.preprocessing) })),
  );
  const start = performance.now();
  await Promise.all(runs.map((pictures) => encoder.embed(pictures)));
  return performance.now() - start;
}

/** One file for each model, machine and way of running; the model's fingerprint knows its weights' bytes. */
export function calibrationPath(encoder: Encoder, place: DeviceOptions): string {
  const { device = 'cpu', deviceId, threads, lanes } = place;
  const key = JSON.stringify([encoder.fingerprint, machine(), device, deviceId, threads, lanes]);
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return derivedPath('calibration', `${encoder.name.replace(/[^\w.-]+/g, '-')}-${name}.json`);
}

/** What the speed of a model depends on. */
export function machine(): { cpu: string; cores: number; onnxruntime: string } {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json');
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), onnxruntime: String(version) };
}

/** What was kept; null where there is nothing, or nothing that makes sense: then it is measured again. */
async function readKept(path: string): Promise<Calibration | null> {
  try {
    const { trials, most } = JSON.parse(await readFile(path, 'utf8'));
    if (!Array.isArray(trials) || trials.length === 0 || !trials.every(isTrial)) return null;
    return typeof most === 'number' ? { trials, most } : { trials };
  } catch {
    return null;
  }
}

function isTrial(value: unknown): value is Trial {
  const { batch, msPerPicture } = (value ?? {}) as Partial<Trial>;
  return (
    typeof batch === 'number' &&
    Number.isInteger(batch) &&
    batch >= 1 &&
    typeof msPerPicture === 'number' &&
    msPerPicture > 0
  );
}
