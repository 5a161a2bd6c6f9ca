import { type CardSources, cardsOf, type Shown } from './book/cards.js';
import { evaluateBook } from './book/evaluation.js';
import { exploreBook } from './book/maps.js';
import { OwnLibrary } from './book/own-library.js';
import { indexLockPath, locate, ownPath, tellRun } from './book/own-places.js';
import { removeCollection } from './collections.js';
import { defineConfig, type LookbookConfig, type Settings } from './config.js';
import { LookbookError } from './errors.js';
import { coverage } from './exploring/coverage.js';
import { duplicates } from './exploring/duplicates.js';
import { outliers } from './exploring/outliers.js';
import { doctor } from './health/doctor.js';
import { type LazyHighlighter, lazyHighlighter } from './highlighting.js';
import { openCatalogue } from './indexing/catalogue.js';
import { estimateRun, keepRate } from './indexing/estimate.js';
import { type RunOptions, runIndex } from './indexing/indexer.js';
import { takeIndexLock } from './indexing/lock.js';
import { fileDtype } from './models/registry.js';
import { checkQuery } from './searching/query.js';
import { search } from './searching/search.js';
import type {
  CollectionSummary,
  Coverage,
  CoverageOptions,
  Duplicates,
  DuplicatesOptions,
  EvaluateOptions,
  Evaluation,
  ExploreOptions,
  Finding,
  IndexEstimate,
  IndexReport,
  MapView,
  Outliers,
  OutliersOptions,
  PictureCard,
  Query,
  SearchResult,
} from './types.js';
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
  /**
   * Pictures ready to be shown: the hits of a search, some of the new ones of a run, those of the first 50 groups of
   * duplicates, what the worst queries of an evaluation found, the examples of clusters, outliers, the best of each word of a
   * coverage, or the first 100 of a selection.
   */
  cards(of: Shown): Promise<PictureCard[]>;
  /**
   * A map of all pictures or segments, with a query's own point and hits on it, and a page of its own beside the
   * notebooks' pages. It is kept: what was on it before does not move when others come.
   * @throws LookbookError when options are none, or a stored vector holds what is no number.
   */
  explore(options?: ExploreOptions): Promise<MapView>;
  /** Pictures that are there twice: equal files, and edits of each other. @throws LookbookError when limits are no limits. */
  duplicates(options?: DuplicatesOptions): Promise<Duplicates>;
  /** The pictures or segments that are farthest from what is nearest to them. @throws LookbookError when options are none. */
  outliers(options?: OutliersOptions): Promise<Outliers>;
  /** Which of these words has a picture. @throws LookbookError when there are no words to ask. */
  coverage(words: readonly string[], options?: CoverageOptions): Promise<Coverage>;
  /**
   * What the encoder is worth on these pictures: by classes, by words that must find pictures, by edits.
   * @throws LookbookError when options, labels or queries are none, or there are too few pictures.
   */
  evaluate(options?: EvaluateOptions): Promise<Evaluation>;
  /** The imageId of some stored picture, to try a picture query with. @throws LookbookError while there is none. */
  example(): Promise<string>;
  /** All collections of this store, whoever made them. */
  collections(): Promise<CollectionSummary[]>;
  /**
   * Removes a collection of this lookbook that another model filled, and what hangs on it; pictures and masks stay.
   * @returns the names that are gone.
   * @throws LookbookError when it is unknown, another lookbook's, or open, or while a run is indexing.
   */
  removeCollection(name: string): Promise<string[]>;
  /** What is well and what is wrong on this machine, with these models and this store. */
  doctor(): Promise<Finding[]>;
  close(): Promise<void>;
}

/** Lookbooks that this process holds, so that a notebook cell can be run again; with another model it is another one. */
const held = new Map<string, Lookbook>();

export interface OpeningOptions {
  /** Gets a line now and then while weights are fetched; without it they go to the console. */
  onDownload?: (line: string) => void;
  /** Stops a download; what has come stays for the next time. */
  signal?: AbortSignal;
}

/**
 * Opens a lookbook, and fetches the weights of its models where a hub has them and this machine has not. Opening the
 * same name, store and models again closes the one that was open before; with other models both stay open.
 * @throws LookbookError that lists what is wrong with the config, or names the model or store that does not open.
 */
export async function openLookbook(
  config: LookbookConfig | Settings = {},
  opening: OpeningOptions = {},
): Promise<Lookbook> {
  const settings = defineConfig(config);
  const { chroma, name, encoder, segmenter, layer, dtype } = settings;
  const key = JSON.stringify([chroma, name, encoder, segmenter, layer, dtype]);
  await held.get(key)?.close();
  const workshop = await openWorkshop(settings, opening);
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
  readonly #library: OwnLibrary;
  readonly #highlighter: LazyHighlighter | null;
  #closed: Promise<void> | undefined;

  constructor(settings: Settings, workshop: OpenWorkshop, onClose: () => void) {
    this.settings = settings;
    this.#workshop = workshop;
    this.#onClose = onClose;
    this.#library = new OwnLibrary(settings, workshop);
    const { highlighter, device, deviceId, threads, dtype } = settings;
    this.#highlighter =
      highlighter === null
        ? null
        : lazyHighlighter(highlighter, { device, deviceId, threads, dtype: fileDtype(dtype) });
  }

  async estimate(): Promise<IndexEstimate> {
    const catalogue = await openCatalogue(this.#cataloguePath());
    try {
      const { nothing, ...estimate } = await estimateRun(this.settings, this.#workshop, catalogue);
      if (nothing) throw noPictures(this.settings);
      return estimate;
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
        // A note says why nothing came of it, or that what was there has gone as was meant.
        const isPlain = report.failed.length === 0 && report.notes.length === 0 && report.removed === 0;
        if (isPlain && (await this.#workshop.pictures.count()) === 0) throw noPictures(this.settings);
        await keepRate(report, this.#workshop);
        this.#library.forgetPictures();
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
    const result = await search(checkQuery(query, options), this.#library);
    await tellRun('last-search.json', async () => {
      const { title, hits } = result;
      return { title, hits, query: { text: result.query.text } };
    });
    return result;
  }

  cards(of: Shown): Promise<PictureCard[]> {
    return cardsOf(of, this.#cardSources());
  }

  explore(options: ExploreOptions = {}): Promise<MapView> {
    return exploreBook(options, { settings: this.settings, library: this.#library });
  }

  duplicates(options: DuplicatesOptions = {}): Promise<Duplicates> {
    const { encoder, pictures } = this.#workshop;
    const { allowPrivateUrls } = this.settings;
    return duplicates({ encoder, pictures, allowPrivateUrls, locate }, options);
  }

  outliers(options: OutliersOptions = {}): Promise<Outliers> {
    const { pictures, segments } = this.#workshop;
    return outliers({ pictures, segments, locate }, options);
  }

  coverage(words: readonly string[], options: CoverageOptions = {}): Promise<Coverage> {
    const ask = (query: Query): Promise<SearchResult> => search(checkQuery(query, {}), this.#library);
    return coverage({ search: ask }, words, options);
  }

  evaluate(options: EvaluateOptions = {}): Promise<Evaluation> {
    const { settings } = this;
    return evaluateBook(options, { settings, library: this.#library, cards: (of) => this.cards(of) });
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

  async removeCollection(name: string): Promise<string[]> {
    const { store, pictures, segments } = this.#workshop;
    const open = [pictures.name, ...(segments ? [segments.name] : [])];
    const lock = await takeIndexLock(this.#lockPath(), this.settings.name);
    try {
      return await removeCollection(name, { lookbook: this.settings.name, store, open });
    } finally {
      await lock.release();
    }
  }

  async doctor(): Promise<Finding[]> {
    const findings: Finding[] = [];
    for await (const finding of doctor(this.settings)) findings.push(finding);
    return findings;
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    this.#onClose();
    await Promise.all([closeWorkshop(this.#workshop), this.#highlighter?.close()]);
  }

  #cardSources(): CardSources {
    return {
      settings: this.settings,
      workshop: this.#workshop,
      library: this.#library,
      highlighter: this.#highlighter,
      isClosed: () => this.#closed !== undefined,
    };
  }

  async #counts(): Promise<{ pictures: number; segments: number }> {
    const { pictures, segments } = this.#workshop;
    return { pictures: await pictures.count(), segments: (await segments?.count()) ?? 0 };
  }

  #cataloguePath(): string {
    return ownPath(this.settings, 'catalogue', '.jsonl');
  }

  #lockPath(): string {
    return indexLockPath(this.settings);
  }
}

function noPictures({ images, extensions }: Settings): LookbookError {
  return new LookbookError('index', {
    what: 'there are no pictures',
    got: `none in ${images.join(', ')}`,
    expected: `files ending in ${extensions.join(', ')}`,
    mend: 'Put pictures there, or change IMAGES or EXTENSIONS in the config cell.',
  });
}
