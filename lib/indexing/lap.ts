/** What one picture or one batch costs, counted along its way without a word to those who work on it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Stage } from './meter.js';

/** Stages as the report has them, and the parts of two of them: reading is a part of decode, masks one of store. */
export type Step = Stage | 'read' | 'masks';

/** Milliseconds by step; what goes on side by side counts each. */
export class Lap {
  readonly ms: Record<Step, number> = {
    scan: 0,
    read: 0,
    decode: 0,
    segment: 0,
    encode: 0,
    masks: 0,
    store: 0,
  };
  /** Written to the store. */
  rows = 0;

  add(other: Lap): void {
    for (const step of Object.keys(this.ms) as Step[]) this.ms[step] += other.ms[step];
    this.rows += other.rows;
  }
}

const current = new AsyncLocalStorage<Lap>();

/** Has all that the work times and writes counted to this lap. */
export function countedTo<Result>(lap: Lap, work: () => Promise<Result>): Promise<Result> {
  return current.run(lap, work);
}

export function countMs(step: Step, ms: number): void {
  const lap = current.getStore();
  if (lap) lap.ms[step] += ms;
}

export function countRows(rows: number): void {
  const lap = current.getStore();
  if (lap) lap.rows += rows;
}

/** Counts the time of a part of a stage. */
export async function partOf<Result>(step: 'read' | 'masks', work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    countMs(step, performance.now() - start);
  }
}
