/** Runs a plan: disk → plan → pictures → segments → places, each stage redone after a kill, none twice. */
import pLimit from 'p-limit';
import type { Settings } from '../config.js';
import { LookbookError, reasonOf } from '../errors.js';
import { removeMasks } from '../mask-files.js';
import { placesOf, placesRow, segmentsDone } from '../rows.js';
import type { IndexProgress, IndexReport, Place } from '../types.js';
import { type Catalogue, keyOf } from './catalogue.js';
import { inBatches, lookAhead } from './look-ahead.js';
import { Meter } from './meter.js';
import { changedPlaces, doubtOf } from './places.js';
import { type Plan, plan, type StoredPicture } from './plan.js';
import { imageIdOfBytes, isUrl, readSource } from '../picture-bytes.js';
import { type Scan, type Source, scan } from './scan.js';
import { isOnePass, lookAt, type Prepared, pictureRecord, prepare, type Segmented, segment, storeSegments, type Workshop } from './stages.js';

export interface RunOptions {
  onProgress?: (progress: IndexProgress) => void;
  /** Stops at the edge of a batch; what was begun is finished and stored. */
  signal?: AbortSignal;
}

/** Model batches under way at once: one runs, one is stored, one waits. */
const BATCHES_UNDER_WAY = 3;
/** Pictures kept for the contact sheet. */
const SAMPLE = 12;
/** From this share of photographs on, a model made for drawings says so. */
const MANY_PHOTOGRAPHS = 0.3;

/** What disk, catalogue and store say before anything is done. */
export async function survey(
  settings: Settings,
  workshop: Workshop,
  catalogue: Catalogue,
  signal?: AbortSignal,
): Promise<{ scan: Scan; plan: Plan; stored: Map<string, StoredPicture> }> {
  const { images, extensions, exclude } = settings;
  const found = await scan(images, { extensions, exclude, ...(signal ? { signal } : {}) });
  const stored = await storedPictures(workshop);
  return { scan: found, plan: plan(found, { catalogue: (place) => catalogue.get(place), stored }, settings.maxFiles), stored };
}

/** Brings the store in line with the disk. @throws LookbookError when the run itself breaks; a bad picture is a line. */
export async function runIndex(
  settings: Settings,
  workshop: Workshop,
  catalogue: Catalogue,
  options: RunOptions = {},
): Promise<IndexReport> {
  return new Run(settings, workshop, catalogue, options).finish();
}

interface Job {
  source: Source;
  imageId: string;
}

class Run {
  readonly #meter: Meter;
  readonly #start = performance.now();
  readonly #settings: Settings;
  readonly #workshop: Workshop;
  readonly #catalogue: Catalogue;
  readonly #signal: AbortSignal | undefined;
  readonly #report: IndexReport;
  /** place → what lies there, for all places that are known for certain. */
  readonly #found = new Map<string, { place: Place; imageId: string }>();
  /** Pictures that this run has taken on, so that a second equal file adds a place only. */
  readonly #taken = new Set<string>();
  readonly #new: string[] = [];
  /** Pictures that were met at a place that their row does not name: moved, or copied. */
  readonly #newPlaces: string[] = [];
  /** Places that the catalogue must learn once their picture stands in the store. */
  readonly #pending = new Map<string, Source>();
  /** One batch is stored at a time, so that a kill leaves at most one half stored. */
  readonly #storeTurn = pLimit(1);
  #photographs = 0;
  #stored = new Map<string, StoredPicture>();

  constructor(settings: Settings, workshop: Workshop, catalogue: Catalogue, options: RunOptions) {
    this.#settings = settings;
    this.#workshop = workshop;
    this.#catalogue = catalogue;
    this.#signal = options.signal;
    this.#meter = new Meter(options.onProgress);
    this.#report = emptyReport();
  }

  async finish(): Promise<IndexReport> {
    const { scan, plan, stored } = await this.#meter.time('scan', () =>
      survey(this.#settings, this.#workshop, this.#catalogue, this.#signal),
    );
    this.#stored = stored;
    this.#take(scan, plan);
    await this.#pictures(plan);
    if (!isOnePass(this.#workshop)) await this.#segments(plan);
    await this.#meter.time('store', () => this.#places(scan, plan));
    return this.#close(plan);
  }

  #take(scan: Scan, plan: Plan): void {
    this.#report.skipped = scan.skipped;
    this.#report.kept = plan.keep.length;
    for (const { path, reason } of scan.failed) this.#fail(path, reason);
    for (const { source, reason } of plan.broken) this.#fail(source.location, reason);
    for (const { source, imageId } of plan.keep) this.#know(source, imageId);
    for (const root of scan.missingRoots) this.#note(`${root} is not there; nothing of it was removed.`);
  }

  /** Stage one: every picture that is new or changed gets its row, with its segments where one pass gives both. */
  async #pictures(plan: Plan): Promise<void> {
    this.#meter.begin(plan.read.length);
    const onePass = isOnePass(this.#workshop);
    const prepared = lookAhead(plan.read, (job) => this.#prepare(job, onePass), this.#ahead());
    await this.#conveyor(prepared, async (batch) => {
      const looked = await lookAt(batch, this.#workshop, this.#meter);
      await this.#storeTurn(() => this.#meter.time('store', () => this.#storePictures(batch, looked)));
    });
  }

  /** Stage two, for segmenters that look on their own: pictures are searchable before it ends. */
  async #segments(plan: Plan): Promise<void> {
    const { segmenter } = this.#workshop;
    if (!segmenter) return;
    const jobs = this.#withoutSegments(plan);
    this.#meter.begin(jobs.length);
    const prepared = lookAhead(jobs, (job) => this.#prepareAgain(job), this.#ahead());
    await this.#conveyor(prepared, async (batch) => {
      const segmented = await segment(batch, { ...this.#workshop, segmenter }, this.#meter);
      await this.#storeTurn(() => this.#meter.time('store', () => this.#storeSegmentsOf(batch, segmented)));
    });
  }

  /** Batches flow through `work`, a bounded number at once; a batch that the model refuses is tried one by one. */
  async #conveyor(prepared: AsyncIterable<Prepared | null>, work: (batch: Prepared[]) => Promise<void>): Promise<void> {
    const underWay = new Set<Promise<void>>();
    let broken: { error: unknown } | undefined;
    for await (const batch of inBatches(withoutNull(prepared), this.#batchSize())) {
      const task = this.#isolated(batch, work)
        .catch((error: unknown) => {
          broken ??= { error };
        })
        .finally(() => underWay.delete(task));
      underWay.add(task);
      if (underWay.size >= BATCHES_UNDER_WAY) await Promise.race(underWay);
      if (broken) break;
    }
    await Promise.all(underWay);
    if (broken) throw broken.error;
  }

  async #isolated(batch: Prepared[], work: (batch: Prepared[]) => Promise<void>): Promise<void> {
    try {
      await work(batch);
      this.#meter.advance(batch.length);
    } catch (error) {
      const modelRefuses = error instanceof LookbookError && error.where === 'encoder';
      if (!modelRefuses) throw error;
      if (batch.length > 1) {
        for (const one of batch) await this.#isolated([one], work);
      } else {
        this.#fail(batch[0]!.place.path, reasonOf(error));
        this.#meter.advance(1);
      }
    }
  }

  /** @returns null when there is nothing to encode: known content, or no picture. */
  async #prepare({ source, kind }: Plan['read'][number], onePass: boolean): Promise<Prepared | null> {
    try {
      const bytes = await this.#meter.time('decode', () => readSource(source, this.#settings.allowPrivateUrls));
      const imageId = imageIdOfBytes(bytes);
      const known = this.#stored.get(imageId);
      if (this.#taken.has(imageId) || (known && (known.segmentsDone || !onePass))) {
        this.#know(source, imageId);
        this.#countKnown(source, imageId);
        this.#meter.advance(1);
        return null;
      }
      this.#taken.add(imageId);
      const place = { root: source.root, path: source.path };
      try {
        const prepared = await this.#meter.time('decode', () => prepare(bytes, { imageId, place }, this.#workshop, onePass));
        this.#know(source, imageId);
        if (kind === 'update') this.#report.updated++;
        else if (kind === 'add') this.#report.added++;
        else this.#report.kept++; // its row stood, its segments did not
        return prepared;
      } catch (error) {
        this.#taken.delete(imageId);
        // Bytes that are no picture stay so: they are named again without being read, until they change.
        if (!isUrl(source.location)) this.#catalogue.set({ ...entryOf(source), reason: reasonOf(error) });
        throw error;
      }
    } catch (error) {
      this.#fail(source.location, reasonOf(error));
      this.#meter.advance(1);
      return null;
    }
  }

  async #prepareAgain({ source, imageId }: Job): Promise<Prepared | null> {
    try {
      const bytes = await this.#meter.time('decode', () => readSource(source, this.#settings.allowPrivateUrls));
      if (imageIdOfBytes(bytes) !== imageId) throw new Error('it changed while the index was made: run again');
      const place = { root: source.root, path: source.path };
      return await this.#meter.time('decode', () => prepare(bytes, { imageId, place }, this.#workshop, true));
    } catch (error) {
      this.#fail(source.location, reasonOf(error));
      this.#meter.advance(1);
      return null;
    }
  }

  async #storePictures(batch: readonly Prepared[], looked: Awaited<ReturnType<typeof lookAt>>): Promise<void> {
    const { pictures, segmentsFingerprint } = this.#workshop;
    const segmented = batch.flatMap(({ imageId, facts }, index) => {
      const own = looked[index]!.segmented;
      return own ? [{ imageId, facts, segmented: own }] : [];
    });
    await storeSegments(segmented, this.#workshop);
    const isStored = ({ imageId }: Prepared): boolean => this.#stored.has(imageId);
    const rows = batch.flatMap((prepared, index) =>
      isStored(prepared) ? [] : [pictureRecord(prepared, looked[index]!, [prepared.place], segmentsFingerprint)],
    );
    if (rows.length) await pictures.upsert(rows);
    // A row that stands keeps its places and the markers of other segmenters.
    await this.#markSegments(batch.filter(isStored).map(({ imageId }) => segmented.find((own) => own.imageId === imageId)));
    for (const [index, { imageId, place, facts }] of batch.entries()) {
      const own = looked[index]!.segmented;
      const places = this.#stored.get(imageId)?.places ?? [place];
      this.#stored.set(imageId, { imageId, places, segmentsDone: own !== null || !this.#workshop.segmenter });
      this.#report.segments += own?.found.length ?? 0;
      if (facts.photograph) this.#photographs++;
      this.#new.push(imageId);
      this.#remember(place, imageId);
    }
  }

  async #storeSegmentsOf(
    batch: readonly Prepared[],
    segmented: Awaited<ReturnType<typeof segment>>,
  ): Promise<void> {
    const own = batch.map(({ imageId, facts }, index) => ({ imageId, facts, segmented: segmented[index]! }));
    await storeSegments(own, this.#workshop);
    await this.#markSegments(own);
    for (const [index, { imageId }] of batch.entries()) {
      const picture = this.#stored.get(imageId);
      if (picture) picture.segmentsDone = true;
      this.#report.segments += segmented[index]!.found.length;
    }
  }

  /** The commit marker of stage two: all segments of these pictures stand in the store. */
  async #markSegments(batch: readonly ({ imageId: string; segmented: Segmented } | undefined)[]): Promise<void> {
    const { pictures, segmentsFingerprint } = this.#workshop;
    if (segmentsFingerprint === null) return;
    const marker = segmentsDone(segmentsFingerprint);
    const rows = batch.flatMap((own) => (own ? [{ id: own.imageId, metadata: { [marker]: own.segmented.found.length } }] : []));
    if (rows.length) await pictures.setMetadata(rows);
  }

  /** Every stored picture without segments of this segmenter that lies at a known place. */
  #withoutSegments(plan: Plan): Job[] {
    const jobs = new Map<string, Job>();
    for (const { source } of [...plan.read, ...plan.keep]) {
      const imageId = this.#found.get(keyOf(source))?.imageId;
      if (imageId && this.#stored.get(imageId)?.segmentsDone === false) jobs.set(imageId, { source, imageId });
    }
    return [...jobs.values()];
  }

  /** Places are brought up to date last: what moved is told its new place, what is gone for certain is removed. */
  async #places(scan: Scan, plan: Plan): Promise<void> {
    for (const { place, imageId } of this.#found.values()) if (this.#stored.has(imageId)) this.#remember(place, imageId);
    const gone = new Set(plan.gone.map(keyOf));
    const pictures = [...this.#stored.values()];
    let changes = changedPlaces(pictures, this.#found, gone);
    const doubt = this.#doubt(changes.removed, scan, plan);
    if (doubt !== null) {
      this.#note(doubt);
      const kept = new Set(changes.removed);
      for (const { imageId, places } of pictures) if (kept.has(imageId)) for (const place of places) gone.delete(keyOf(place));
      changes = changedPlaces(pictures, this.#found, gone);
    }
    for (const part of chunks(changes.moved, 500)) {
      const rows = part.map(({ imageId, places }) => ({ id: imageId, metadata: placesRow(places) }));
      await this.#workshop.pictures.setMetadata(rows);
    }
    await this.#remove(changes.removed);
    for (const place of plan.gone) if (gone.has(keyOf(place))) this.#catalogue.delete(place);
    const movedAway = new Set(changes.moved.filter(({ left }) => left > 0).map(({ imageId }) => imageId));
    this.#report.moved = this.#newPlaces.filter((imageId) => movedAway.has(imageId)).length;
    this.#report.added += this.#newPlaces.length - this.#report.moved;
    this.#report.removed = changes.removed.length - this.#replaced(changes.removed);
  }

  /** Why nothing is removed for now, as a sentence; null where removals are believed. */
  #doubt(removed: readonly string[], scan: Scan, plan: Plan): string | null {
    const replaced = new Set(removed.filter((id) => this.#replaced([id]) > 0));
    const lost = removed.filter((id) => !replaced.has(id)).flatMap((id) => this.#stored.get(id) ?? []);
    if (lost.length === 0 || this.#settings.allowRemoval) return null;
    if (this.#signal?.aborted || plan.cut) {
      return `${lost.length} pictures were not found; they stay until a run has read all files.`;
    }
    const below = (root: string): number => scan.sources.filter((source) => source.root === root).length;
    const doubt = doubtOf(lost, this.#stored.values(), below);
    return doubt && `Nothing was removed: ${doubt}. If that is meant, run once with allowRemoval: true.`;
  }

  async #remove(imageIds: readonly string[]): Promise<void> {
    const { pictures, segments, segmenter, masks } = this.#workshop;
    for (const part of chunks(imageIds, 200)) {
      const rows = await pictures.get(part);
      const counts = new Map(rows.map(({ id, metadata }) => [id, segmentCount(metadata, this.#workshop.segmentsFingerprint)]));
      const segmentIds = part.flatMap((id) => Array.from({ length: counts.get(id) ?? 0 }, (_, n) => `${id}:${n}`));
      if (segments && segmentIds.length) await segments.remove(segmentIds);
      await pictures.remove(part);
      if (segmenter) await Promise.all(part.map((id) => removeMasks(masks, segmenter.fingerprint, id)));
    }
  }

  /** Pictures whose file now holds another picture: their going is an update, not a removal. */
  #replaced(removed: readonly string[]): number {
    return removed.filter((id) => this.#stored.get(id)?.places.some((place) => this.#found.has(keyOf(place)))).length;
  }

  #close(plan: Plan): IndexReport {
    const report = this.#report;
    const seconds = (performance.now() - this.#start) / 1000;
    report.seconds = seconds;
    report.imagesPerSecond = seconds > 0 ? this.#new.length / seconds : 0;
    report.stages = this.#meter.stages;
    report.interrupted = this.#signal?.aborted ?? false;
    report.sample = spread(this.#new, SAMPLE);
    if (plan.cut) this.#note(`MAX_FILES left ${plan.cut} new files for another run.`);
    if (report.interrupted) this.#note('Interrupted at the edge of a batch; run again to go on from there.');
    const { advice } = this.#workshop.encoder;
    if (advice && this.#new.length && this.#photographs >= MANY_PHOTOGRAPHS * this.#new.length) {
      this.#note(`${this.#photographs} of ${this.#new.length} new pictures look like photographs. ${advice}`);
    }
    return report;
  }

  #know(source: Source, imageId: string): void {
    const place = { root: source.root, path: source.path };
    this.#found.set(keyOf(place), { place, imageId });
    this.#pending.set(keyOf(place), source);
    if (this.#stored.has(imageId)) this.#remember(place, imageId);
  }

  /** The catalogue learns a place only when its picture stands in the store. */
  #remember(place: Place, imageId: string): void {
    const source = this.#pending.get(keyOf(place));
    if (!source) return;
    this.#pending.delete(keyOf(place));
    const known = this.#catalogue.get(place);
    if (known?.imageId === imageId && known.size === source.size && known.mtimeMs === source.mtimeMs) return;
    this.#catalogue.set({ ...entryOf(source), imageId });
  }

  /** Content that needs no encoding: the same file touched, moved, or a copy of another. */
  #countKnown(source: Source, imageId: string): void {
    const wasHere = this.#stored.get(imageId)?.places.some((place) => keyOf(place) === keyOf(source));
    if (wasHere) this.#report.kept++;
    else this.#newPlaces.push(imageId);
  }

  #fail(path: string, reason: string): void {
    this.#report.failed.push({ path, reason });
    this.#meter.failed++;
  }

  #note(sentence: string): void {
    this.#report.notes.push(sentence);
  }

  #batchSize(): number {
    const { batchSize } = this.#settings;
    if (batchSize !== 'auto') return batchSize;
    return this.#workshop.encoder.poolsSegments ? 32 : 8;
  }

  #ahead(): { ahead: number; signal?: AbortSignal } {
    return { ahead: 2 * this.#batchSize(), ...(this.#signal ? { signal: this.#signal } : {}) };
  }
}

async function storedPictures({ pictures, segmenter, segmentsFingerprint }: Workshop): Promise<Map<string, StoredPicture>> {
  const stored = new Map<string, StoredPicture>();
  const marker = segmentsFingerprint === null ? null : segmentsDone(segmentsFingerprint);
  for await (const page of pictures.pages()) {
    for (const { id, metadata } of page) {
      const done = segmenter === null || marker === null || typeof metadata[marker] === 'number';
      stored.set(id, { imageId: id, places: placesOf(metadata), segmentsDone: done });
    }
  }
  return stored;
}

function segmentCount(metadata: Record<string, unknown>, fingerprint: string | null): number {
  const count = fingerprint === null ? undefined : metadata[segmentsDone(fingerprint)];
  return typeof count === 'number' ? count : 0;
}

function entryOf({ root, path, size, mtimeMs }: Source): { root: string; path: string; size: number; mtimeMs: number } {
  return { root, path, size, mtimeMs };
}

async function* withoutNull<Item>(items: AsyncIterable<Item | null>): AsyncGenerator<Item> {
  for await (const item of items) if (item !== null) yield item;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}

/** Some items from the whole length of a list. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, n) => items[Math.floor((n * items.length) / count)]!);
}

function emptyReport(): IndexReport {
  return {
    added: 0,
    updated: 0,
    moved: 0,
    removed: 0,
    kept: 0,
    skipped: {},
    failed: [],
    segments: 0,
    seconds: 0,
    imagesPerSecond: 0,
    stages: { scan: 0, decode: 0, segment: 0, encode: 0, store: 0 },
    notes: [],
    interrupted: false,
    sample: [],
  };
}
