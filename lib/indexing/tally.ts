/** What a run comes to: its report, counted as things happen. */
import { withoutPassword } from '../fetching.js';
import type { IndexReport } from '../types.js';
import type { Settlement } from './ledger.js';
import type { Meter } from './meter.js';
import type { Plan } from './plan.js';

/** Pictures kept for the contact sheet. */
const SAMPLE = 12;
/** From this share of photographs on, a model made for drawings says so. */
const MANY_PHOTOGRAPHS = 0.3;

export class Tally {
  readonly #meter: Meter;
  readonly #report: IndexReport = emptyReport();
  readonly #start = performance.now();
  readonly #new: string[] = [];
  #photographs = 0;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Rows of pictures that this run has written, moved or removed. */
  get changed(): number {
    const { moved, removed } = this.#report;
    return this.#new.length + moved + removed;
  }

  begin(skipped: IndexReport['skipped'], kept: number): void {
    this.#report.skipped = skipped;
    this.#report.kept = kept;
  }

  fail(path: string, reason: string): void {
    this.#report.failed.push({ path: withoutPassword(path), reason });
    this.#meter.failed++;
  }

  note(sentence: string): void {
    this.#report.notes.push(sentence);
  }

  /** A file whose content stands in the store at this place already. */
  keep(): void {
    this.#report.kept++;
  }

  /** A picture counts when it stands in the store, not before. @param kind why it was read; undefined where only its segments were missing. */
  store(imageId: string, kind: Plan['read'][number]['kind'] | undefined, isPhotograph: boolean): void {
    this.#new.push(imageId);
    if (isPhotograph) this.#photographs++;
    if (kind === 'update') this.#report.updated++;
    else if (kind === 'add') this.#report.added++;
    else this.#report.kept++;
  }

  addSegments(count: number): void {
    this.#report.segments += count;
  }

  settle({ movedFiles, copies, lost, doubt }: Settlement): void {
    this.#report.moved = movedFiles;
    this.#report.added += copies;
    this.#report.removed = lost;
    if (doubt !== null) this.note(doubt);
  }

  /** @param advice what a model made for drawings says where photographs come. */
  close(interrupted: boolean, advice: string | undefined): IndexReport {
    const report = this.#report;
    report.seconds = (performance.now() - this.#start) / 1000;
    report.imagesPerSecond = this.#new.length / report.seconds;
    report.stages = this.#meter.stages;
    report.interrupted = interrupted;
    report.sample = spread(this.#new, SAMPLE);
    if (interrupted) this.note('Interrupted at the edge of a batch; run again to go on from there.');
    const [photographs, all] = [this.#photographs, this.#new.length];
    if (advice && photographs > 0 && photographs >= MANY_PHOTOGRAPHS * all)
      this.note(`${photographs} of ${all} new pictures look like photographs. ${advice}`);
    return report;
  }
}

/** Some items from the whole length of a list. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, n) => items[Math.floor((n * items.length) / count)]!);
}

export function emptyReport(): IndexReport {
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
