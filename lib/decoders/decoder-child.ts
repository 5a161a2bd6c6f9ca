/**
 * A process of its own that decodes pictures, one at a time: what a hostile file does to libvips, it does here. It
 * holds no secret (its environment is a list of harmless names) and ends with the process that owns it, however that ends.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { LookbookError, reasonOf } from '../errors.js';
import { allowanceFor } from './allowances.js';
import { guard } from './guard.js';
import type { Source } from './libvips.js';
import { ANSWERS_FD, lineOf, ORDERS_FD, wordReader } from './lines.js';
import { KEPT_BYTES, layDown, readInto, SLATE_FD } from './slate.js';
import { perform, type Result, type Task } from './tasks.js';
import type { Answer, Laid, Limits, Order } from './words.js';

type Refusal =
  | Omit<Extract<Answer, { kind: 'refused' }>, 'memory'>
  | Omit<Extract<Answer, { kind: 'undelivered' }>, 'memory'>;

/** The one argument. */
const given: Limits = JSON.parse(process.argv[2] ?? '');
/** Not process.exit: it would wait for the threads of libvips, which may never come back. */
const die = (): void => void process.kill(process.pid, 'SIGKILL');
const watch = guard((over) => {
  watch.end();
  say({ kind: 'over', ...over });
  die();
});
let desk = new Uint8Array();
let go: () => void = () => undefined;

// Ctrl-C and a closed terminal reach the whole group: its owner decides what they mean.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
const orders = new Socket({ fd: ORDERS_FD });
orders.on('close', die);
orders.on('error', die);
orders.on(
  'data',
  wordReader((word) => {
    const order = word as Order; // its owner's, which is as it was written
    if (order.kind === 'go') go();
    else void work(order.task, order.bytes);
  }),
);
offerToTheKernel();
say({ kind: 'ready' });

async function work(task: Task, length: number): Promise<void> {
  watch.begin(allowanceFor(null, given).limits);
  try {
    const result = await perform(task, readInto(room(length), SLATE_FD), proceed);
    say({ kind: 'done', laid: lay(result), memory: process.memoryUsage.rss() });
  } catch (error) {
    say({ ...refusalOf(error), memory: process.memoryUsage.rss() });
  } finally {
    watch.end();
  }
}

/** Memory that has been used before is faster than new memory; that of a large picture is not kept. */
function room(length: number): Uint8Array {
  if (length > KEPT_BYTES) return new Uint8Array(length);
  if (length > desk.length) desk = new Uint8Array(Math.min(KEPT_BYTES, 2 * length));
  return desk.subarray(0, length);
}

async function proceed(source: Source): Promise<void> {
  const { limits, isLarge } = allowanceFor(source, given);
  if (isLarge) {
    watch.end();
    await new Promise<void>((resolve) => {
      go = resolve;
      say({ kind: 'large', seconds: limits.seconds });
    });
  }
  watch.begin(limits);
}

function lay({ parts, ...rest }: Result): Laid {
  layDown(
    SLATE_FD,
    parts.map(({ data }) => data),
  );
  return { ...rest, parts: parts.map(({ data, width, height }) => ({ bytes: data.length, width, height })) };
}

/** What is wrong with a picture is a LookbookError; all else met it on its way. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof LookbookError)) return { kind: 'undelivered', reason: reasonOf(error) };
  const { cause: _, ...facts } = error.facts;
  return { kind: 'refused', facts };
}

function say(answer: Answer): void {
  try {
    writeSync(ANSWERS_FD, lineOf(answer));
  } catch {
    die(); // nobody hears it
  }
}

/** Where memory runs out all the same, Linux is to take this process and not the notebook. */
function offerToTheKernel(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Other systems choose for themselves.
  }
}
