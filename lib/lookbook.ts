import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { defineConfig, type LookbookConfig, type Settings } from './config.js';
import { LookbookError } from './errors.js';
import { mapView } from './exploring/map-view.js';
import { openCatalogue } from './indexing/catalogue.js';
import { type RunOptions, runIndex, survey } from './indexing/indexer.js';
import { takeIndexLock } from './indexing/lock.js';
import { Meter } from './indexing/meter.js';
import { likelyMoves } from './indexing/plan.js';
import { isOnePass, lookAt, prepare, segment } from './indexing/stages.js';
import { derivedPath } from './paths.js';
import { imageIdOfBytes, isUrl, readSource } from './picture-bytes.js';
import { placesOf, segmentsDone } from './rows.js';
import { backgroundPictures, backgroundTexts, nameOf } from './searching/background.js';
import { checkQuery } from './searching/query.js';
import { type Background, backgroundOf, standing } from './searching/relevance.js';
import { type Library, search } from './searching/search.js';
import { cardOfHit, cardOfPicture, type ShowOptions } from './showing.js';
import type {
  CollectionSummary,
  IndexEstimate,
  IndexReport,
  MapView,
  PictureCard,
  Place,
  Query,
  SearchResult,
  StoredRecord,
} from './types.js';
import { writeWhole } from './whole-file.js';
import { closeWorkshop, type OpenWorkshop, openWorkshop } from './workshop.js';

/** An open lookbook: encoder, segmenter and store, held until `close`. */
export interface Lookbook {
  readonly settings: Settings;
  /** What a run would do, before anything is done; reads no picture but a few for a guess of the time. */
  estimate(): Promise<IndexEstimate>;
  /** Brings the store in line with the pictures. @throws LookbookError when another run is indexing. */
  index(options?: RunOptions): Promise<IndexReport>;
  /** Asks with words or with a query object. @throws LookbookError that says what is wrong with the query. */
  search(query: string | Query, options?: { k?: number }): Promise<SearchResult>;
  /** Pictures ready to be shown: the hits of a search, or some of the new ones of a run. */
  cards(of: SearchResult | IndexReport): Promise<PictureCard[]>;
  /** A map of all pictures or segments, with a query's own point and hits on it. */
  explore(options?: {
    of?: 'pictures' | 'segments';
    query?: SearchResult;
    signal?: AbortSignal;
  }): Promise<MapView>;
  /** The imageId of some stored picture, to try a picture query with. @throws LookbookError while there is none. */
  example(): Promise<string>;
  /** All collections of this store, whoever made them. */
  collections(): Promise<CollectionSummary[]>;
  close(): Promise<void>;
}

/** Lookbooks that this process holds, so that a notebook cell can be run again. */
const held = new Map<string, Lookbook>();

/**
 * Opens a lookbook. Opening the same name and store again closes the one that was open before.
 * @throws LookbookError that lists what is wrong with the config, or names the model or store that does not open.
 */
export async function openLookbook(config: LookbookConfig | Settings = {}): Promise<Lookbook> {
  const settings = defineConfig(config);
  const key = `${settings.chroma} ${settings.name}`;
  await held.get(key)?.close();
  const workshop = await openWorkshop(settings);
  const lookbook: Lookbook = new OpenLookbook(settings, workshop, () => {
    if (held.get(key) === lookbook) held.delete(key);
  });
  held.set(key, lookbook);
  return lookbook;
}

class OpenLookbook implements Lookbook {
  readonly settings: Settings;
  readonly #workshop: OpenWorkshop;
  readonly #onClose: () => void;
  readonly #background = new Map<string, Promise<Background>>();
  #closed: Promise<void> | undefined;

  constructor(settings: Settings, workshop: OpenWorkshop, onClose: () => void) {
    this.settings = settings;
    this.#workshop = workshop;
    this.#onClose = onClose;
  }

  async estimate(): Promise<IndexEstimate> {
    const catalogue = await openCatalogue(this.#cataloguePath());
    try {
      const { scan, plan } = await survey(this.settings, this.#workshop, catalogue);
      this.#refuseNothing(scan.sources.length, plan.gone.length);
      const bytes = plan.read.reduce((sum, { source }) => sum + source.size, 0);
      const count = (kind: string): number => plan.read.filter((read) => read.kind === kind).length;
      const move = likelyMoves(plan, catalogue.get);
      return {
        add: count('add') - move,
        update: count('update') + count('unfinished'),
        move,
        remove: plan.gone.length - move,
        keep: plan.keep.length,
        skipped: scan.skipped,
        bytes,
        seconds:
          (plan.read.length - move) * (await this.#secondsPerPicture(plan.read.map(({ source }) => source))),
      };
    } finally {
      await catalogue.close();
    }
  }

  async index(options: RunOptions = {}): Promise<IndexReport> {
    const lock = await takeIndexLock(this.#lockPath(), this.settings.name);
    try {
      const catalogue = await openCatalogue(this.#cataloguePath());
      try {
        const report = await runIndex(this.settings, this.#workshop, catalogue, options);
        this.#refuseNothing(report.failed.length, await this.#workshop.pictures.count());
        if (report.added + report.updated >= ENOUGH_FOR_A_RATE)
          await this.#keepRate(1 / report.imagesPerSecond);
        this.#background.delete('pictures');
        await tellRun('last-index.json', async () => ({ report, ...(await this.#counts()) }));
        return report;
      } finally {
        await catalogue.close();
      }
    } finally {
      await lock.release();
    }
  }

  async search(query: string | Query, options: { k?: number } = {}): Promise<SearchResult> {
    const result = await search(checkQuery(query, options), this.#library());
    await tellRun('last-search.json', async () => {
      const { title, hits } = result;
      return { title, hits, query: { text: result.query.text } };
    });
    return result;
  }

  async cards(of: SearchResult | IndexReport): Promise<PictureCard[]> {
    const options = this.#showOptions();
    if ('hits' in of) return Promise.all(of.hits.map((hit, index) => cardOfHit(hit, index + 1, options)));
    const rows = await this.#workshop.pictures.get(of.sample);
    const names = await this.#segmentNames(rows);
    return Promise.all(
      rows.map(({ id, metadata }) =>
        cardOfPicture({ imageId: id, paths: placesOf(metadata).map(locate), names }, options),
      ),
    );
  }

  async explore(
    options: { of?: 'pictures' | 'segments'; query?: SearchResult; signal?: AbortSignal } = {},
  ): Promise<MapView> {
    const { pictures, segments } = this.#workshop;
    const { allowPrivateUrls } = this.settings;
    return mapView({
      of: 'pictures',
      ...options,
      pictures,
      segments,
      allowPrivateUrls,
      locate,
      name: await this.#namer(),
    });
  }

  async example(): Promise<string> {
    for await (const [row] of this.#workshop.pictures.pages({ size: 1 })) if (row) return row.id;
    throw new LookbookError('search', {
      what: `nothing is indexed yet by ${this.#workshop.encoder.name}`,
      got: `no pictures in the lookbook ${this.settings.name}`,
      expected: 'at least one',
      mend: 'Run 01-index with the same NAME, ENCODER and CHROMA first.',
    });
  }

  collections(): Promise<CollectionSummary[]> {
    return this.#workshop.store.list();
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    this.#onClose();
    await closeWorkshop(this.#workshop);
  }

  #library(): Library {
    const { encoder, pictures, segments } = this.#workshop;
    const { minSegmentArea, allowPrivateUrls } = this.settings;
    return {
      encoder,
      pictures,
      segments,
      minSegmentArea,
      allowPrivateUrls,
      locate,
      background: (kind) => this.#backgroundOf(kind),
    };
  }

  /** Loaded with the first query that needs it; neither a failure nor a collection that is still filling is remembered. */
  #backgroundOf(kind: 'words' | 'pictures'): Promise<Background> {
    const { encoder, pictures } = this.#workshop;
    const load = (): Promise<Float32Array[]> =>
      kind === 'words' ? backgroundTexts(encoder, derivedPath('calibration')) : backgroundPictures(pictures);
    const found =
      this.#background.get(kind) ?? load().then((vectors) => backgroundOf(vectors, encoder.dimension));
    this.#background.set(kind, found);
    const forget = (): unknown => this.#background.delete(kind);
    found.then(({ count }) => kind === 'pictures' && count < ENOUGH_BACKGROUND && forget(), forget);
    return found;
  }

  /** Says in a word what a vector shows; knows nothing where the encoder has no words. */
  async #namer(): Promise<(vector: Float32Array) => string | undefined> {
    const words = await this.#backgroundOf('words');
    return (vector) => (words.count ? nameOf(standing(vector, words).best) : undefined);
  }

  /** Words for the segments of some pictures, by segmentId. */
  async #segmentNames(pictures: readonly StoredRecord[]): Promise<Map<string, string>> {
    const { segments, segmentsFingerprint } = this.#workshop;
    if (!segments || segmentsFingerprint === null) return new Map();
    const marker = segmentsDone(segmentsFingerprint);
    const ids = pictures.flatMap(({ id, metadata }) =>
      Array.from({ length: Number(metadata[marker] ?? 0) }, (_, n) => `${id}:${n}`),
    );
    const name = await this.#namer();
    const rows = await segments.get(ids, { vectors: true });
    return new Map(
      rows
        .flatMap(({ id, vector }) => (vector ? [[id, name(vector) ?? ''] as const] : []))
        .filter(([, word]) => word),
    );
  }

  #showOptions(): ShowOptions {
    const { masks, allowPrivateUrls } = this.settings;
    return { masks, allowPrivateUrls, segmenterFingerprint: this.#workshop.segmenter?.fingerprint ?? null };
  }

  async #counts(): Promise<{ pictures: number; segments: number }> {
    const { pictures, segments } = this.#workshop;
    return { pictures: await pictures.count(), segments: (await segments?.count()) ?? 0 };
  }

  /** @throws LookbookError when there is neither a picture on the disk nor one in the store. */
  #refuseNothing(found: number, known: number): void {
    if (found > 0 || known > 0) return;
    throw new LookbookError('index', {
      what: 'there are no pictures',
      got: `none in ${this.settings.images.join(', ')}`,
      expected: `files ending in ${this.settings.extensions.join(', ')}`,
      mend: 'Put pictures there, or change IMAGES or EXTENSIONS in the config cell.',
    });
  }

  /** From the last run with these models on this machine, else from a short trial. */
  async #secondsPerPicture(sources: readonly { location: string }[]): Promise<number> {
    if (sources.length === 0) return 0;
    const rates = await readRates();
    return (
      rates[this.#rateKey()] ??
      this.#trial(sources.filter(({ location }) => !isUrl(location)).slice(0, TRIAL_PICTURES))
    );
  }

  async #trial(sources: readonly { location: string }[]): Promise<number> {
    const { allowPrivateUrls } = this.settings;
    const meter = new Meter();
    let done = 0;
    const start = performance.now();
    for (const source of sources) {
      try {
        const bytes = await readSource(source, { allowPrivateUrls });
        const identity = { imageId: imageIdOfBytes(bytes), place: { root: '', path: source.location } };
        const prepared = await prepare(bytes, identity, this.#workshop, this.#workshop.segmenter !== null);
        await lookAt([prepared], this.#workshop, meter);
        const { segmenter } = this.#workshop;
        if (segmenter && !isOnePass(this.#workshop))
          await segment([prepared], { ...this.#workshop, segmenter }, meter);
        done++;
      } catch {
        // A bad picture is a line of the run's report; here it only takes no part in the guess.
      }
    }
    return done ? (performance.now() - start) / 1000 / done : 0;
  }

  async #keepRate(seconds: number): Promise<void> {
    await keepJson(derivedPath('rates.json'), { ...(await readRates()), [this.#rateKey()]: seconds });
  }

  #rateKey(): string {
    return this.#workshop.segmentsFingerprint ?? this.#workshop.encoder.fingerprint;
  }

  /** Of one lookbook on one store. */
  #ownPath(folder: string, ending: string): string {
    const store = createHash('sha256').update(this.settings.chroma).digest('hex').slice(0, 8);
    return derivedPath(folder, `${this.settings.name}-${store}${ending}`);
  }

  #cataloguePath(): string {
    return this.#ownPath('catalogue', '.jsonl');
  }

  #lockPath(): string {
    return this.#ownPath('locks', '.json');
  }
}

const TRIAL_PICTURES = 4;
/** A run over fewer new pictures says little of how long a picture takes. */
const ENOUGH_FOR_A_RATE = 16;
const ENOUGH_BACKGROUND = 100;

/** A place as a person can open it; files of a table count from the table's folder. */
function locate({ root, path }: Place): string {
  if (isUrl(path)) return path;
  return root.toLowerCase().endsWith('.csv') ? resolve(dirname(root), path) : resolve(root, path);
}

async function readRates(): Promise<Record<string, number>> {
  try {
    return JSON.parse(await readFile(derivedPath('rates.json'), 'utf8'));
  } catch {
    return {}; // no run yet on this machine
  }
}

/** For `npm start`, which names a folder to tell what the notebooks did; elsewhere nothing is written. */
async function tellRun(name: string, facts: () => Promise<unknown>): Promise<void> {
  const folder = process.env.LOOKBOOK_RUN_FACTS;
  if (folder) await keepJson(join(folder, name), await facts());
}

function keepJson(path: string, value: unknown): Promise<void> {
  return writeWhole(path, JSON.stringify(value, null, 1));
}
