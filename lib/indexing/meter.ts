import type { IndexProgress, StageSeconds } from '../types.js';
import { countMs } from './lap.js';

export type Stage = keyof StageSeconds;

/** Seconds of work by stage, and how far the run is. */
export class Meter {
  readonly stages: StageSeconds = { scan: 0, decode: 0, segment: 0, encode: 0, store: 0 };
  done = 0;
  total = 0;
  failed = 0;
  round: IndexProgress['round'] = 'pictures';
  #roundStart = performance.now();
  readonly #report: ((progress: IndexProgress) => void) | undefined;
  #lastReport = 0;

  constructor(report?: (progress: IndexProgress) => void) {
    this.#report = report;
  }

  /** Counts the time that the work takes toward a stage. */
  async time<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      const ms = performance.now() - start;
      this.stages[stage] += ms / 1000;
      countMs(stage, ms);
    }
  }

  /** A new round over the pictures: all but failures and stages counts from here. */
  begin(round: IndexProgress['round'], pictures: number): void {
    this.round = round;
    this.#roundStart = performance.now();
    this.total = pictures;
    this.done = 0;
    this.tell(true);
  }

  advance(pictures: number): void {
    this.done += pictures;
    this.tell(this.done >= this.total);
  }

  /** Kernels drop bursts of output: at most four reports a second, and the last one always. */
  tell(always: boolean): void {
    const now = performance.now();
    if (!this.#report || (!always && now - this.#lastReport < 250)) return;
    this.#lastReport = now;
    const seconds = (now - this.#roundStart) / 1000;
    const imagesPerSecond = seconds > 0 ? this.done / seconds : 0;
    this.#report({
      round: this.round,
      done: this.done,
      total: this.total,
      failed: this.failed,
      imagesPerSecond,
      secondsLeft: imagesPerSecond > 0 ? (this.total - this.done) / imagesPerSecond : 0,
      stages: { ...this.stages },
    });
  }
}
