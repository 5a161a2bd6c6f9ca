/** What a run would do and how long it would take, before anything is done. */
import { readFile } from 'node:fs/promises';
import type { Settings } from '../config.js';
import { derivedPath } from '../paths.js';
import { imageIdOfBytes, isUrl, readSource } from '../picture-bytes.js';
import type { IndexEstimate, IndexReport } from '../types.js';
import { keepForLater } from '../whole-file.js';
import type { Catalogue } from './catalogue.js';
import { survey } from './indexer.js';
import { Meter } from './meter.js';
import { likelyMoves } from './plan.js';
import { isOnePass, lookAt, prepare, segment, type Workshop } from './stages.js';

const TRIAL_PICTURES = 4;
/** A run over fewer new pictures says little of how long a picture takes. */
const ENOUGH_FOR_A_RATE = 16;

/** Reads no picture but a few for a guess of the time. `nothing`: neither on the disk nor in the store is a picture. */
export async function estimateRun(
  settings: Settings,
  workshop: Workshop,
  catalogue: Catalogue,
): Promise<IndexEstimate & { nothing: boolean }> {
  const { scan, plan } = await survey(settings, workshop, catalogue);
  const count = (kind: string): number => plan.read.filter((read) => read.kind === kind).length;
  const move = likelyMoves(plan, catalogue.get);
  const sources = plan.read.map(({ source }) => source);
  const seconds = await secondsPerPicture(sources, settings, workshop);
  return {
    add: count('add') - move,
    update: count('update') + count('unfinished'),
    move,
    remove: plan.gone.length - move,
    keep: plan.keep.length,
    skipped: scan.skipped,
    bytes: plan.read.reduce((sum, { source }) => sum + source.size, 0),
    seconds: (plan.read.length - move) * seconds,
    nothing: scan.sources.length === 0 && plan.gone.length === 0,
  };
}

/** Remembers how fast a run was, for the next estimate with these models on this machine. */
export async function keepRate(report: IndexReport, workshop: Workshop): Promise<void> {
  if (report.added + report.updated < ENOUGH_FOR_A_RATE) return;
  const rates = { ...(await readRates()), [rateKey(workshop)]: 1 / report.imagesPerSecond };
  await keepForLater(derivedPath('rates.json'), JSON.stringify(rates, null, 1));
}

/** From the last run with these models on this machine, else from a short trial. */
async function secondsPerPicture(
  sources: readonly { location: string }[],
  settings: Settings,
  workshop: Workshop,
): Promise<number> {
  if (sources.length === 0) return 0;
  const rates = await readRates();
  const files = sources.filter(({ location }) => !isUrl(location)).slice(0, TRIAL_PICTURES);
  return rates[rateKey(workshop)] ?? trial(files, settings, workshop);
}

async function trial(
  sources: readonly { location: string }[],
  { allowPrivateUrls }: Settings,
  workshop: Workshop,
): Promise<number> {
  const meter = new Meter();
  const { segmenter } = workshop;
  let done = 0;
  const start = performance.now();
  for (const source of sources) {
    try {
      const bytes = await readSource(source, { allowPrivateUrls });
      const identity = { imageId: imageIdOfBytes(bytes), place: { root: '', path: source.location } };
      const prepared = await prepare(bytes, identity, workshop, segmenter !== null);
      await lookAt([prepared], workshop, meter);
      if (segmenter && !isOnePass(workshop)) await segment([prepared], { ...workshop, segmenter }, meter);
      done++;
    } catch {
      // A bad picture is a line of the run's report; here it only takes no part in the guess.
    }
  }
  return done ? (performance.now() - start) / 1000 / done : 0;
}

function rateKey({ segmentsFingerprint, encoder }: Workshop): string {
  return segmentsFingerprint ?? encoder.fingerprint;
}

async function readRates(): Promise<Record<string, number>> {
  try {
    return JSON.parse(await readFile(derivedPath('rates.json'), 'utf8'));
  } catch {
    return {}; // no run yet on this machine
  }
}
