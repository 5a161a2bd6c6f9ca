import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { removeCollection } from './collections.js';
import { defineConfig, type LookbookConfig, type Settings } from './config.js';
import { LookbookError, reasonOf } from './errors.js';
import { duplicates } from './exploring/duplicates.js';
import { evaluate } from './exploring/evaluation/evaluate.js';
import { mapView } from './exploring/map-view.js';
import { highlightHits, type LazyHighlighter, lacksSegment, lazyHighlighter } from './highlighting.js';
import { openCatalogue } from './indexing/catalogue.js';
import { estimateRun, keepRate } from './indexing/estimate.js';
import { type RunOptions, runIndex } from './indexing/indexer.js';
import { takeIndexLock } from './indexing/lock.js';
import { derivedPath, projectPath } from './paths.js';
import { isUrl, readStored } from './picture-bytes.js';
import { GROUPS_SHOWN } from './rendering/duplicates.js';
import { evaluationPage } from './rendering/evaluation.js';
import { placesOf, segmentsDone } from './rows.js';
import { backgroundPictures, backgroundTexts, knownTexts, nameOf } from './searching/background.js';
import type { Library } from './searching/library.js';
import { checkQuery } from './searching/query.js';
import { type Background, backgroundOf, standing } from './searching/relevance.js';
import { search } from './searching/search.js';
import { cardOfHit, cardOfPicture, type ShowOptions } from './showing.js';
import type {
  CollectionSummary,
  Duplicates,
  DuplicatesOptions,
  EvaluateOptions,
  Evaluation,
  Hit,
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
  /**
   * Pictures ready to be shown: the hits of a search, some of the new ones of a run, those of the first 50 groups of
   * duplicates, or what the worst queries of an evaluation found.
   */
  cards(of: SearchResult | IndexReport | Duplicates | Evaluation): Promise<PictureCard[]>;
  /** A map of all pictures or segments, with a query's own point and hits on it. */
  explore(options?: {
    of?: 'pictures' | 'segments';
    query?: SearchResult;
    signal?: AbortSignal;
  }): Promise<MapView>;
  /** Pictures that are there twice: equal files, and edits of each other. @throws LookbookError when limits are no limits. */
  duplicates(options?: DuplicatesOptions): Promise<Duplicates>;
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
  readonly #background = new Map<string, Promise<Background>>();
  #labels: Promise<Float32Array[]> | undefined;
  readonly #highlighter: LazyHighlighter | null;
  #closed: Promise<void> | undefined;

  constructor(settings: Settings, workshop: OpenWorkshop, onClose: () => void) {
    this.settings = settings;
    this.#workshop = workshop;
    this.#onClose = onClose;
    const { highlighter, device, deviceId, threads, dtype } = settings;
    this.#highlighter =
      highlighter === null ? null : lazyHighlighter(highlighter, { device, deviceId, threads, dtype });
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
        if (report.failed.length === 0 && (await this.#workshop.pictures.count()) === 0)
          throw noPictures(this.settings);
        await keepRate(report, this.#workshop);
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

  async cards(of: SearchResult | IndexReport | Duplicates | Evaluation): Promise<PictureCard[]> {
    const options = this.#showOptions();
    if ('groups' in of || 'metric' in of) {
      const plain = { ...options, segmenterFingerprint: null };
      const pictures =
        'groups' in of
          ? of.groups.slice(0, GROUPS_SHOWN).flatMap((group) => group.pictures)
          : await this.#worstFound(of);
      return Promise.all(pictures.map((picture) => cardOfPicture({ ...picture, names: new Map() }, plain)));
    }
    if ('hits' in of) {
      const shown = { ...options, ...(await this.#highlights(of)) };
      return Promise.all(of.hits.map((hit, index) => cardOfHit(hit, index + 1, shown)));
    }
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

  duplicates(options: DuplicatesOptions = {}): Promise<Duplicates> {
    const { encoder, pictures } = this.#workshop;
    const { allowPrivateUrls } = this.settings;
    return duplicates({ encoder, pictures, allowPrivateUrls, locate }, options);
  }

  async evaluate(options: EvaluateOptions = {}): Promise<Evaluation> {
    const { encoder, pictures } = this.#workshop;
    const { name, layer, allowPrivateUrls } = this.settings;
    const evaluation = await evaluate(
      {
        name,
        encoder,
        layer,
        pictures,
        allowPrivateUrls,
        locate,
        find: async (text, k) => {
          const query = checkQuery({ text, k, minRelevance: 0, collapse: false }, {});
          return (await search(query, this.#library())).hits.map(({ imageId }) => imageId);
        },
      },
      options,
    );
    if (options.report !== undefined) {
      const page = evaluationPage(evaluation, await this.cards(evaluation));
      await writeWhole(projectPath(options.report), page);
    }
    return evaluation;
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

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    this.#onClose();
    await Promise.all([closeWorkshop(this.#workshop), this.#highlighter?.close()]);
  }

  #library(): Library {
    const { encoder, pictures, segments, segmenter, segmentsFingerprint } = this.#workshop;
    const { minSegmentArea, allowPrivateUrls } = this.settings;
    return {
      encoder,
      pictures,
      segments,
      segmentsMarker: segmentsFingerprint === null ? null : segmentsDone(segmentsFingerprint),
      labels: segmenter?.labels ?? [],
      minSegmentArea,
      allowPrivateUrls,
      locate,
      background: (kind) => this.#backgroundOf(kind),
      labelVectors: () => this.#labelVectors(),
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

  #labelVectors(): Promise<Float32Array[]> {
    const { encoder, segmenter } = this.#workshop;
    const known = this.#labels ?? knownTexts(encoder, segmenter?.labels ?? [], derivedPath('calibration'));
    this.#labels = known;
    known.catch(() => {
      this.#labels = undefined;
    });
    return known;
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

  /** What the words of a question mean on the hits that no stored segment answers for. */
  async #highlights({
    hits,
    query,
  }: SearchResult): Promise<Pick<ShowOptions, 'highlights' | 'noHighlights'>> {
    if (!this.#highlighter || !query.text || !hits.some(lacksSegment)) return {};
    const { allowPrivateUrls } = this.settings;
    const read = (hit: Hit): Promise<Uint8Array | null> =>
      readStored(hit.imageId, hit.paths, { allowPrivateUrls });
    try {
      const highlighter = await this.#highlighter.open();
      return { highlights: await highlightHits(hits, query.text, { highlighter, read }) };
    } catch (error) {
      // Pictures that were found are shown, whatever a model that only points things out comes to.
      if (this.#closed || !(error instanceof LookbookError)) throw error;
      return { noHighlights: reasonOf(error) };
    }
  }

  #showOptions(): ShowOptions {
    const { masks, allowPrivateUrls } = this.settings;
    return { masks, allowPrivateUrls, segmenterFingerprint: this.#workshop.segmenter?.fingerprint ?? null };
  }

  /** Pictures that the worst queries of an evaluation found, each once. */
  async #worstFound({ queries }: Evaluation): Promise<{ imageId: string; paths: string[] }[]> {
    const ids = queries?.worst.flatMap(({ first }) => first.map(({ imageId }) => imageId)) ?? [];
    const rows = await this.#workshop.pictures.get([...new Set(ids)]);
    return rows.map(({ id, metadata }) => ({ imageId: id, paths: placesOf(metadata).map(locate) }));
  }

  async #counts(): Promise<{ pictures: number; segments: number }> {
    const { pictures, segments } = this.#workshop;
    return { pictures: await pictures.count(), segments: (await segments?.count()) ?? 0 };
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

const ENOUGH_BACKGROUND = 100;

/** A place as a person can open it; files of a table count from the table's folder. */
function locate({ root, path }: Place): string {
  if (isUrl(path)) return path;
  return root.toLowerCase().endsWith('.csv') ? resolve(dirname(root), path) : resolve(root, path);
}

function noPictures({ images, extensions }: Settings): LookbookError {
  return new LookbookError('index', {
    what: 'there are no pictures',
    got: `none in ${images.join(', ')}`,
    expected: `files ending in ${extensions.join(', ')}`,
    mend: 'Put pictures there, or change IMAGES or EXTENSIONS in the config cell.',
  });
}

/** For `npm start`, which names a folder to tell what the notebooks did; elsewhere nothing is written. */
async function tellRun(name: string, facts: () => Promise<unknown>): Promise<void> {
  const folder = process.env.LOOKBOOK_RUN_FACTS;
  if (folder) await writeWhole(join(folder, name), JSON.stringify(await facts(), null, 1));
}
