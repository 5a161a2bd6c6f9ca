/** Runs a plan: disk → plan → pictures → segments → places, each stage redone after a kill, none twice. */
import pLimit from 'p-limit';
import { batchFor } from '../calibration.js';
import type { Settings } from '../config.js';
import { LookbookError, reasonOf } from '../errors.js';
import { leaveTable } from '../picture-table/table.js';
import type { IndexProgress, IndexReport } from '../types.js';
import { type Catalogue, keyOf } from './catalogue.js';
import { countRows } from './lap.js';
import { Ledger } from './ledger.js';
import { conveyor, inBatches, lookAhead, withoutNull } from './look-ahead.js';
import { Meter } from './meter.js';
import { type Plan, plan, type StoredPicture } from './plan.js';
import { Preparer } from './preparing.js';
import { type Scan, type Source, scan } from './scan.js';
import * as stages from './stages.js';
import { applyPlaces, markSegments, storedPictures } from './store-changes.js';
import { emptyReport, Tally } from './tally.js';
import { Trace } from './trace.js';

export interface RunOptions {
  onProgress?: (progress: IndexProgress) => void;
  /** Stops at the edge of a batch; what was begun is finished and stored. */
  signal?: AbortSignal;
  /** A file that gets a JSON line (TraceLine) after each batch, added to what it holds (default: LOOKBOOK_TRACE, or none). */
  trace?: string | undefined;
}

/** Model batches under way at once: one runs, one is stored; a slow segmenter wants one more in wait (measured). */
const UNDER_WAY_ONE_PASS = 2;
const UNDER_WAY = 3;
/** Pictures per batch where nothing was measured: a small model's run must outweigh its hand-over; a large one fills the cores with few. */
const BATCH_ONE_PASS = 16;
const BATCH = 8;
/**
 * Decoded pictures that wait for the model, beside those of the batches under way. Each holds every form that somebody
 * wants of it: the copy that crops are cut from and a form of 1,024 or 1,333 pixels for a segmenter are up to 3 MB each,
 * so that two such segmenters and crops come to 9 MB a picture.
 */
const MOST_AHEAD = 64;
/** What errors of models call themselves: they may be one picture's fault. */
const MODELS: ReadonlySet<string> = new Set(['encoder', 'segmenter']);
/** What disk, catalogue and store say before anything is done. */
export async function survey(
  settings: Settings,
  workshop: stages.Workshop,
  catalogue: Catalogue,
  signal?: AbortSignal,
): Promise<{ scan: Scan; plan: Plan; stored: Map<string, StoredPicture> }> {
  // The one waits for the disk, the other for the store.
  const [found, stored] = await Promise.all([look(settings, signal), storedPictures(workshop)]);
  const known = { catalogue: catalogue.get, stored };
  return { scan: found, plan: plan(found, known), stored };
}

function look({ images, extensions, exclude }: Settings, signal?: AbortSignal): Promise<Scan> {
  return scan(images, { extensions, exclude, ...(signal ? { signal } : {}) });
}

/** Brings the store in line with the disk. @throws LookbookError when the run itself breaks; a bad picture is a line. */
export async function runIndex(
  settings: Settings,
  workshop: stages.Workshop,
  catalogue: Catalogue,
  options: RunOptions = {},
): Promise<IndexReport> {
  const meter = new Meter(options.onProgress);
  const trace = new Trace<stages.Prepared>(options.trace ?? process.env.LOOKBOOK_TRACE);
  const surveyed = await meter
    .time('scan', () => survey(settings, workshop, catalogue, options.signal))
    .catch((error: unknown) => {
      trace.end();
      if (options.signal?.aborted) return null;
      throw error;
    });
  if (!surveyed)
    return { ...emptyReport(), interrupted: true, notes: ['Interrupted before anything was read.'] };
  const ledger = new Ledger(surveyed.stored, catalogue);
  trace.list(1000 * meter.stages.scan);
  return new Run({ settings, workshop, meter, trace, ledger, ...surveyed, signal: options.signal }).finish();
}

interface RunParts {
  settings: Settings;
  workshop: stages.Workshop;
  meter: Meter;
  trace: Trace<stages.Prepared>;
  ledger: Ledger;
  scan: Scan;
  plan: Plan;
  signal: AbortSignal | undefined;
}

class Run {
  readonly #parts: RunParts;
  readonly #tally: Tally;
  readonly #preparer: Preparer;
  /** One batch is stored at a time, so that a kill leaves at most one half stored. */
  readonly #storeTurn = pLimit(1);
  /** What kept a batch from being stored: the ones behind it would meet the same, and be left half stored too. */
  #unstored: { error: unknown } | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#tally = new Tally(parts.meter);
    this.#preparer = new Preparer({ ...parts, tally: this.#tally });
  }

  async finish(): Promise<IndexReport> {
    const { workshop, meter, trace, signal } = this.#parts;
    try {
      this.#open();
      await this.#pictures();
      if (!stages.isOnePass(workshop)) await this.#segments();
      await trace.aside(() => meter.time('store', () => this.#places()));
    } finally {
      trace.end();
    }
    for (const sentence of this.#preparer.sentences()) this.#tally.note(sentence);
    if (trace.broken !== undefined) this.#tally.note(`The trace has gaps: ${trace.broken}.`);
    return this.#tally.close(signal?.aborted ?? false, workshop.encoder.advice);
  }

  #open(): void {
    const { scan, plan, ledger } = this.#parts;
    this.#tally.begin(scan.skipped, plan.keep.length);
    for (const { path, reason } of scan.failed) this.#tally.fail(path, reason);
    for (const { source, reason } of plan.broken) this.#tally.fail(source.location, reason);
    for (const { source, imageId } of plan.keep) ledger.know(source, imageId);
    for (const root of scan.missingRoots)
      this.#tally.note(`${root} is not there; nothing of it was removed.`);
  }

  /** Stage one: every picture that is new or changed gets its row, with its segments where one pass gives both. */
  async #pictures(): Promise<void> {
    const { plan, workshop, meter } = this.#parts;
    meter.begin('pictures', plan.read.length);
    const onePass = stages.isOnePass(workshop);
    await this.#flow(
      plan.read,
      (read) => this.#preparer.first(read, onePass),
      async (batch) => {
        const looked = await stages.lookAt(batch, workshop, meter);
        await this.#store(() => this.#storePictures(batch, looked));
      },
    );
  }

  /** Stage two, for segmenters that look on their own: pictures are searchable before it ends. */
  async #segments(): Promise<void> {
    const { workshop, meter } = this.#parts;
    const { segmenter } = workshop;
    if (!segmenter) return;
    const jobs = this.#withoutSegments();
    if (jobs.length === 0) return;
    meter.begin('segments', jobs.length);
    await this.#flow(
      jobs,
      (source) => this.#preparer.again(source),
      async (batch) => {
        const segmented = await stages.segment(batch, { ...workshop, segmenter }, meter);
        await this.#store(() => this.#storeSegments(batch, segmented));
      },
    );
  }

  /** Places are brought up to date last: what moved is told its new place, what is gone for certain is removed. */
  async #places(): Promise<void> {
    const { ledger, scan, plan, settings, workshop, signal } = this.#parts;
    const whole = !signal?.aborted && this.#preparer.isWhole;
    const { allowRemoval } = settings;
    const isStillSo = (): Promise<boolean> => this.#isStillSo();
    const settlement = await ledger.settle(scan, plan, { whole, allowRemoval, isStillSo });
    await applyPlaces(settlement, workshop);
    this.#tally.settle(settlement);
    // Who interrupts does not want to wait for what only saves time.
    if (!signal?.aborted)
      await leaveTable(workshop.pictures, workshop.segmentsFingerprint, this.#tally.changed);
  }

  /**
   * What is renamed while a folder is read shows at neither place: nothing is removed as long as a second look finds
   * what the first one missed.
   */
  async #isStillSo(): Promise<boolean> {
    const { scan, plan, settings } = this.#parts;
    const again = await look(settings).catch(() => null); // no source is there any more
    if (!again || [...scan.wholeRoots].some((root) => !again.wholeRoots.has(root))) return false;
    const gone = new Set(plan.gone.map(keyOf));
    const known = new Set(scan.sources.map(keyOf));
    return again.sources.every((source) => known.has(keyOf(source)) && !gone.has(keyOf(source)));
  }

  /** Items are prepared ahead, gathered into batches, and worked on with a bounded number under way. */
  async #flow<Item>(
    items: readonly Item[],
    ready: (item: Item) => Promise<stages.Prepared | null>,
    work: (batch: stages.Prepared[]) => Promise<void>,
  ): Promise<void> {
    const { signal, trace, meter } = this.#parts;
    const size = await this.#batchSize(items.length);
    const underWay = stages.isOnePass(this.#parts.workshop) ? UNDER_WAY_ONE_PASS : UNDER_WAY;
    const prepared = lookAhead(items, (item) => trace.picture(() => ready(item)), {
      ahead: Math.min(2 * size, MOST_AHEAD),
      ...(signal ? { signal } : {}),
    });
    const batches = inBatches(withoutNull(prepared), size);
    const traced = (batch: stages.Prepared[]): Promise<void> =>
      trace.batch(meter.round, batch, () => this.#isolated(batch, work));
    return conveyor(batches, traced, underWay);
  }

  /** A batch that the model refuses is tried one by one, so that one picture's fault stays its own. */
  async #isolated(
    batch: stages.Prepared[],
    work: (batch: stages.Prepared[]) => Promise<void>,
  ): Promise<void> {
    try {
      await work(batch);
      this.#parts.meter.advance(batch.length);
    } catch (error) {
      const modelRefuses = error instanceof LookbookError && MODELS.has(error.where);
      if (!modelRefuses) throw error;
      if (batch.length > 1) {
        for (const one of batch) await this.#isolated([one], work);
      } else {
        this.#tally.fail(batch[0]!.place.path, reasonOf(error));
        this.#parts.meter.advance(1);
      }
    }
  }

  async #storePictures(batch: readonly stages.Prepared[], looked: readonly stages.Looked[]): Promise<void> {
    const { ledger, workshop } = this.#parts;
    const segmented = batch.flatMap(({ imageId, facts }, index) => {
      const own = looked[index]!.segmented;
      return own ? [{ imageId, facts, segmented: own }] : [];
    });
    await stages.storeSegments(segmented, workshop);
    const rows = batch.flatMap((prepared, index) =>
      ledger.stored.has(prepared.imageId) ? [] : [stages.pictureRecord(prepared, looked[index]!, workshop)],
    );
    if (rows.length) await workshop.pictures.upsert(rows);
    countRows(rows.length);
    // A row that stands keeps its places and the markers of other segmenters.
    await markSegments(
      segmented.filter(({ imageId }) => ledger.stored.has(imageId)),
      workshop,
    );
    for (const [index, { imageId, place, facts }] of batch.entries()) {
      const own = looked[index]!.segmented;
      ledger.store(imageId, place, own !== null || workshop.segmenter === null);
      this.#tally.addSegments(own?.found.length ?? 0);
      this.#tally.store(imageId, this.#preparer.kindOf(imageId), facts.photograph);
    }
  }

  #store(work: () => Promise<void>): Promise<void> {
    return this.#storeTurn(async () => {
      if (this.#unstored) throw this.#unstored.error;
      try {
        await this.#parts.meter.time('store', work);
      } catch (error) {
        this.#unstored = { error };
        throw error;
      }
    });
  }

  async #storeSegments(
    batch: readonly stages.Prepared[],
    segmented: readonly stages.Segmented[],
  ): Promise<void> {
    const { ledger, workshop } = this.#parts;
    const own = batch.map(({ imageId, facts }, index) => ({ imageId, facts, segmented: segmented[index]! }));
    await stages.storeSegments(own, workshop);
    await markSegments(own, workshop);
    for (const [index, { imageId, place }] of batch.entries()) {
      ledger.store(imageId, place, true);
      this.#tally.addSegments(segmented[index]!.found.length);
    }
  }

  /** A place of every stored picture without segments of this segmenter. */
  #withoutSegments(): Source[] {
    const { plan, ledger } = this.#parts;
    const sources = new Map<string, Source>();
    for (const { source } of [...plan.read, ...plan.keep]) {
      const imageId = ledger.imageAt(source);
      if (imageId && ledger.stored.get(imageId)?.segmentsDone === false) sources.set(imageId, source);
    }
    return [...sources.values()];
  }

  /** Pictures per model run and per write to the store. */
  async #batchSize(pictures: number): Promise<number> {
    const { settings, workshop } = this.#parts;
    if (settings.batchSize !== 'auto') return settings.batchSize;
    const { device, deviceId, threads } = settings;
    const usual = workshop.encoder.poolsSegments ? BATCH_ONE_PASS : BATCH;
    const wish = { pictures, usual, place: { device, deviceId, threads } };
    return batchFor(workshop.encoder, wish);
  }
}
