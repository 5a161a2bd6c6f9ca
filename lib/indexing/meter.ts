import type { IndexProgress, StageSeconds } from '../types.js';

export type Stage = keyof StageSeconds;

/** Seconds of work by stage, and how far the run is. */
export class Meter {
  readonly stages: StageSeconds = { scan: 0, decode: 0, segment: 0, encode: 0, store: 0 };
  done = 0;
  total = 0;
  failed = 0;
  #phaseStart = performance.now();
  #phaseDone = 0;
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
      this.stages[stage] += (performance.now() - start) / 1000;
    }
  }

  /** A new round of work: rate and time left count from here. */
  begin(pictures: number): void {
    this.total += pictures;
    this.#phaseStart = performance.now();
    this.#phaseDone = this.done;
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
    const seconds = (now - this.#phaseStart) / 1000;
    const done = this.done - this.#phaseDone;
    const imagesPerSecond = seconds > 0 ? done / seconds : 0;
    this.#report({
      done: this.done,
      total: this.total,
      failed: this.failed,
      imagesPerSecond,
      secondsLeft: imagesPerSecond > 0 ? (this.total - this.done) / imagesPerSecond : 0,
      stages: { ...this.stages },
    });
  }
}
