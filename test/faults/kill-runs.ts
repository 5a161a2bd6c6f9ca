/** Runs of the indexer in processes of their own, that are killed at moments spread over the whole run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { IndexReport } from '#lib/index.js';
import type { KillPlace } from './kill-room.js';

const script = fileURLToPath(new URL('./index-once.mjs', import.meta.url));
/** A run reports at most every quarter of a second. */
const REPORT_MS = 250;
/** Until a run has opened its models and begins. */
const OPENING_MS = 1200;

/** When to strike: once this share of all pictures stands, and a while later. Below 0: while the run opens. */
export interface Moment {
  share: number;
  laterMs: number;
}

/** Evenly spread over a run from its opening to its end, in their order. @param random from 0 to 1. */
export function moments(count: number, random: () => number): Moment[] {
  return Array.from({ length: count }, () => {
    const share = random() * 1.05 - 0.04;
    return { share, laterMs: random() * (share < 0 ? OPENING_MS : REPORT_MS) };
  }).sort((a, b) => a.share - b.share);
}

export class Run {
  readonly child: ChildProcess;
  readonly closed: Promise<void>;
  /** Pictures that stood when it began, and those that it has reported. */
  acknowledged = 0;
  report: IndexReport | undefined;
  error: string | undefined;
  isClosed = false;
  #heard = '';
  #listeners: (() => void)[] = [];

  constructor({ config }: KillPlace, pictures: number) {
    this.child = spawn(process.execPath, [script, JSON.stringify(config)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.#heard + chunk.toString()).split('\n');
      this.#heard = lines.pop() ?? '';
      for (const line of lines) this.#hear(line, pictures);
      for (const listener of this.#listeners) listener();
    });
    this.closed = new Promise((resolve) =>
      this.child.once('close', () => {
        this.isClosed = true;
        for (const listener of this.#listeners) listener();
        resolve();
      }),
    );
  }

  /** Waits for the moment. @returns false when the run ended before. */
  async reaches({ share, laterMs }: Moment, pictures: number): Promise<boolean> {
    if (share >= 0) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (this.isClosed || (this.#began && this.acknowledged >= Math.min(1, share) * pictures)) resolve();
        };
        this.#listeners.push(look);
        look();
      });
    }
    await sleep(laterMs);
    return !this.isClosed;
  }

  #began = false;

  #hear(line: string, pictures: number): void {
    const progress = /^done (\d+) of (\d+)$/.exec(line);
    if (progress) {
      this.#began = true;
      this.acknowledged = pictures - Number(progress[2]) + Number(progress[1]);
    } else if (line.startsWith('report ')) this.report = JSON.parse(line.slice('report '.length));
    else if (line.startsWith('error ')) this.error = line.slice('error '.length);
  }
}

/** The report of a run that is left alone. */
export async function finish(place: KillPlace, pictures: number): Promise<IndexReport> {
  const run = new Run(place, pictures);
  await run.closed;
  if (!run.report) throw new Error(`the run gave no report: ${run.error ?? run.child.signalCode}`);
  return run.report;
}
