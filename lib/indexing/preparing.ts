/** From a file on the disk to a picture that the models can look at, or to the reason why not. */
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Settings } from '../config.js';
import { mayPass } from '../decoders/image.js';
import { LookbookError, reasonOf } from '../errors.js';
import { imageIdOfBytes, isUrl, readSource } from '../picture-bytes.js';
import { partOf } from './lap.js';
import { type Ledger, placeOf } from './ledger.js';
import type { Meter } from './meter.js';
import type { Plan } from './plan.js';
import type { Scan, Source } from './scan.js';
import { type Prepared, prepare, type Workshop } from './stages.js';
import type { Tally } from './tally.js';
import { Vanished } from './vanished.js';

/** What the error of decoder processes that cannot be started calls itself: no picture's fault, and all would meet it. */
const DECODER = 'decoder';
/** What the error of bytes that cannot be had calls itself. */
const READ = 'read';

type Read = Plan['read'][number];

export interface PreparerParts {
  settings: Settings;
  workshop: Workshop;
  meter: Meter;
  ledger: Ledger;
  tally: Tally;
  scan: Scan;
  signal: AbortSignal | undefined;
}

/** Takes on each content once in a run; what is not taken on is counted, or named with its reason. */
export class Preparer {
  readonly #parts: PreparerParts;
  /** Pictures that this run has taken on, so that a second equal file adds a place only; never their pixels. */
  readonly #taken = new Map<string, Promise<void>>();
  readonly #kinds = new Map<string, Read['kind']>();
  readonly #vanished: Vanished;
  /** One picture is read or decoded per core: more would only wait for each other. */
  readonly #turn = pLimit(availableParallelism());
  #additions = 0;
  #left = 0;

  constructor(parts: PreparerParts) {
    this.#parts = parts;
    this.#vanished = new Vanished(parts.scan.disks);
  }

  /** Whether every file was read, so that what was not met is lost. */
  get isWhole(): boolean {
    return this.#left === 0 && this.#vanished.roots.length === 0;
  }

  /** Why a picture was read; undefined where its row stood and its segments did not. */
  kindOf(imageId: string): Read['kind'] | undefined {
    return this.#kinds.get(imageId);
  }

  /** What was left unread, for the report. */
  sentences(): string[] {
    const left = this.#left ? [`MAX_FILES left ${this.#left} new files for another run.`] : [];
    return [...this.#vanished.sentences(), ...left];
  }

  /**
   * MAX_FILES limits new content, not what is known: beyond it, files are still read while some picture of an earlier
   * run was not met, for they may be it, moved.
   * @returns null when there is nothing to encode: known content, no picture, or left for another run.
   */
  async first({ source, kind }: Read, withSegments: boolean): Promise<Prepared | null> {
    const { ledger, signal, settings } = this.#parts;
    if (signal?.aborted) return null;
    const isFull = (): boolean => kind === 'add' && this.#additions >= settings.maxFiles;
    if (isFull() && !ledger.hasUnmet()) return this.#leave();
    if (this.#vanished.leave(source)) return this.#pass();
    try {
      const bytes = await this.#read(source);
      const imageId = imageIdOfBytes(bytes);
      const known = ledger.stored.get(imageId);
      const twin = this.#taken.get(imageId);
      if (twin) await twin; // an equal file: what holds for the one, holds for the other
      if (twin || (known && (known.segmentsDone || !withSegments))) return this.#meet(source, imageId);
      if (isFull() && !known) return this.#leave();
      if (kind === 'add') this.#additions++;
      const decoding = this.#decoded(bytes, source, imageId, withSegments);
      const taken = decoding.then(() => undefined);
      taken.catch(() => undefined); // told by the first of the equal files
      this.#taken.set(imageId, taken);
      const prepared = await decoding;
      ledger.know(source, imageId);
      this.#kinds.set(imageId, kind);
      return prepared;
    } catch (error) {
      return this.#failed(source, error);
    }
  }

  /** A picture whose row stands, for its segments. */
  async again(source: Source): Promise<Prepared | null> {
    const { ledger } = this.#parts;
    if (this.#vanished.leave(source)) return this.#pass();
    try {
      const bytes = await this.#read(source);
      const imageId = imageIdOfBytes(bytes);
      if (imageId !== ledger.imageAt(source))
        throw new Error('it changed while the index was made: run again');
      return await this.#decoded(bytes, source, imageId, true);
    } catch (error) {
      return this.#failed(source, error);
    }
  }

  async #decoded(
    bytes: Uint8Array,
    source: Source,
    imageId: string,
    withSegments: boolean,
  ): Promise<Prepared> {
    const { workshop, ledger } = this.#parts;
    try {
      const identity = { imageId, place: placeOf(source) };
      return await this.#inTurn(() => prepare(bytes, identity, workshop, withSegments));
    } catch (error) {
      const isKnownToStay = error instanceof LookbookError && error.where === 'decode' && !mayPass(error);
      if (isKnownToStay && !isUrl(source.location)) ledger.spoil(source, reasonOf(error));
      throw error;
    }
  }

  /** A slow URL must not keep a core from decoding. */
  #read(source: Source): Promise<Uint8Array> {
    const { settings, meter, signal } = this.#parts;
    const read = (): Promise<Uint8Array> =>
      partOf('read', () =>
        readSource(source, { allowPrivateUrls: settings.allowPrivateUrls, ...(signal ? { signal } : {}) }),
      );
    return isUrl(source.location) ? meter.time('decode', read) : this.#inTurn(read);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#turn(() => this.#parts.meter.time('decode', work));
  }

  /** A file that cannot be read is a line of the report; a thousand of a folder that has vanished are one sentence. */
  async #failed(source: Source, error: unknown): Promise<null> {
    if (error instanceof LookbookError && error.where === DECODER) throw error;
    const isGone = error instanceof LookbookError && error.where === READ;
    if (isGone && (await this.#vanished.hasNow(source))) return this.#pass();
    this.#parts.tally.fail(source.location, reasonOf(error));
    return this.#pass();
  }

  #meet(source: Source, imageId: string): null {
    if (this.#parts.ledger.meet(source, imageId)) this.#parts.tally.keep();
    return this.#pass();
  }

  #leave(): null {
    this.#left++;
    return this.#pass();
  }

  #pass(): null {
    this.#parts.meter.advance(1);
    return null;
  }
}
