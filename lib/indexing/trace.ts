/** A trace of a run: a JSON line for each batch, for those who ask where the time goes. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { LookbookError, reasonOf } from '../errors.js';
import type { TraceLine } from '../types.js';
import { countedTo, Lap } from './lap.js';

/**
 * Follows pictures from their reading to their storing. What no batch had a part in (the listing, pictures that were known
 * or are none, places) is told by a line of its own, so that the lines of a run add up to its report.
 */
export class Trace<Picture extends object> {
  readonly #file: number | undefined;
  readonly #laps = new WeakMap<Picture, Lap>();
  /** Of pictures that come to nothing, and of the end. */
  readonly #rest = new Lap();
  #batch = 0;
  #reading = 0;
  #ready = 0;
  #underWay = 0;
  /** Why lines are missing. */
  broken: string | undefined;

  /** @param path undefined: nothing is written. @throws LookbookError when the file cannot be written. */
  constructor(path: string | undefined) {
    if (path) this.#file = open(path);
  }

  /** The reading of one picture. */
  async picture(work: () => Promise<Picture | null>): Promise<Picture | null> {
    const lap = new Lap();
    this.#reading++;
    try {
      const picture = await countedTo(lap, work);
      if (picture) {
        this.#laps.set(picture, lap);
        this.#ready++;
      } else this.#rest.add(lap);
      return picture;
    } finally {
      this.#reading--;
    }
  }

  async batch(
    round: TraceLine['round'],
    pictures: readonly Picture[],
    work: () => Promise<void>,
  ): Promise<void> {
    const lap = new Lap();
    for (const picture of pictures) {
      const own = this.#laps.get(picture);
      if (own) lap.add(own);
    }
    this.#ready -= pictures.length;
    this.#underWay++;
    try {
      await countedTo(lap, work);
    } finally {
      this.#underWay--;
      this.#write(round, lap, { batch: ++this.#batch, pictures: pictures.length });
    }
  }

  /** What belongs to no batch. */
  aside<Result>(work: () => Promise<Result>): Promise<Result> {
    return countedTo(this.#rest, work);
  }

  /** @param scanMs of the listing, and of the comparison with what is stored. */
  list(scanMs: number): void {
    const lap = new Lap();
    lap.ms.scan = scanMs;
    this.#write('list', lap, { batch: 0, pictures: 0 });
  }

  end(): void {
    this.#write('end', this.#rest, { batch: this.#batch + 1, pictures: 0 });
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #write(round: TraceLine['round'], { ms, rows }: Lap, counts: { batch: number; pictures: number }): void {
    if (this.#file === undefined) return;
    const line: TraceLine = {
      time: new Date().toISOString(),
      round,
      ...counts,
      rows,
      ms: {
        list: tenths(ms.scan),
        read: tenths(ms.read),
        decode: tenths(ms.decode - ms.read),
        segment: tenths(ms.segment),
        encode: tenths(ms.encode),
        masks: tenths(ms.masks),
        upsert: tenths(ms.store - ms.masks),
      },
      queues: { reading: this.#reading, ready: this.#ready, underWay: this.#underWay },
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    };
    try {
      writeSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (error) {
      this.broken ??= reasonOf(error); // a full disk: the run itself goes on
    }
  }
}

function tenths(ms: number): number {
  return Math.round(Math.max(0, ms) * 10) / 10;
}

function open(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  } catch (cause) {
    throw new LookbookError('trace', {
      what: 'the trace cannot be written',
      got: reasonOf(cause),
      expected: 'a file that may be written',
      mend: `Name another file than ${path} for the trace, or none.`,
      cause,
    });
  }
}
