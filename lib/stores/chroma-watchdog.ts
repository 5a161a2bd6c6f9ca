/**
 * Owns the embedded Chroma server of one store folder: a process of its own session, started by a client. It
 * holds the folder's lock for life, so there is never a second one. Each client's open connection is its
 * lease, which the system closes however the client ends. After the last one the server ends, then this process.
 */
import { randomBytes } from 'node:crypto';
import { stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorFacts, LookbookError, reasonOf } from '../errors.js';
import { type ProcessLock, takeLock } from '../process-lock.js';
import { type ChromaChild, startChroma } from './chroma-child.js';
import { type LeaseGate, openLeaseGate } from './lease-gate.js';
import { endProcess, runsWith } from './processes.js';
import {
  dataPath,
  lockPath,
  logPath,
  readServer,
  serverFormat,
  serverPath,
  writeServer,
} from './server-file.js';
import { openServerLog } from './server-log.js';

/** The one argument, as JSON. */
export interface WatchdogTask {
  /** The store folder's real path. */
  root: string;
  /** Milliseconds without a lease until the end. */
  graceMs: number;
  startMs: number;
}

/** The one line that its starter reads: it serves now, another one does, or why it cannot. */
export interface WatchdogWord {
  serves: boolean;
  error?: Pick<ErrorFacts, 'what' | 'got' | 'expected' | 'mend'>;
}

/** Its starter may have died: without a first lease it ends too. */
const firstLeaseMs = 15_000;
const beatMs = 2000;
/** server.json of another machine, touched longer ago than this, is a leftover. */
const staleBeatMs = 30_000;
const maxRestarts = 5;
const restartsWithinMs = 600_000;

const task: WatchdogTask = JSON.parse(process.argv[2] ?? '{}');
const { root, graceMs, startMs } = task;
const token = randomBytes(24).toString('hex');
const log = openServerLog(logPath(root));
const crashes: number[] = [];
let ending = false;
let timer: NodeJS.Timeout | undefined;
let child: Promise<ChromaChild> | undefined;

// Jupyter interrupts whole process groups and terminals hang up: neither is meant for the server.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.stdout.on('error', () => undefined);

const identity = await identityOf(root);
await takeLock(lockPath(root)).then(
  (lock) => (typeof lock === 'number' ? say({ serves: false }) : serve(lock)),
  (error: unknown) => say({ serves: false, error: wordsOf(error) }),
);

async function serve(held: ProcessLock): Promise<void> {
  const finish = (): void => void end(held);
  process.on('SIGTERM', finish);
  process.on('uncaughtException', (error) => {
    log.write(`watchdog: ${error.stack}\n`);
    finish();
  });
  try {
    const port = await clearLeftovers();
    const gate = await openLeaseGate({
      token,
      welcome: async () => ({ url: urlOf(await child) }),
      isEnding: () => ending,
      onChange: () => endWithout(gate, graceMs, finish),
    });
    child = startChroma({ data: dataPath(root), log, startMs, port });
    watch(await child, gate, finish);
    await announce(gate);
    endWithout(gate, firstLeaseMs, finish);
    setInterval(() => void beat(gate, finish), beatMs);
    say({ serves: true });
  } catch (error) {
    say({ serves: false, error: wordsOf(error) });
    finish();
  }
}

/**
 * Two servers on one folder would spoil it: one whose watchdog was killed is ended first. Returns its port, so
 * that clients which still know it find the new one there.
 */
async function clearLeftovers(): Promise<number> {
  const old = await readServer(root);
  if (!old) return 0;
  if (old.host !== hostname()) {
    const { mtimeMs } = await stat(serverPath(root));
    if (Date.now() - mtimeMs > staleBeatMs) return 0;
    throw new LookbookError('chroma server', {
      what: 'the store folder is served by another machine',
      got: `"${old.host}"`,
      expected: `"${hostname()}"`,
      mend: `Close it there (or wait half a minute after it ended), or choose another folder than ${root}.`,
    });
  }
  if (await runsWith(old.chromaPid, ['cli.mjs', 'run', dataPath(root)])) await endProcess(old.chromaPid);
  return old.port;
}

/** A server that died under its clients comes back, on the same port where that is still free. */
function watch(running: ChromaChild, gate: LeaseGate, finish: () => void): void {
  void running.ended.then(async () => {
    if (ending) return;
    const now = Date.now();
    while (now - (crashes[0] ?? now) > restartsWithinMs) crashes.shift();
    crashes.push(now);
    log.write(`watchdog: the server ended by itself, ${crashes.length} times in ten minutes\n`);
    if (crashes.length > maxRestarts) return finish();
    child = startChroma({ data: dataPath(root), log, startMs, port: running.port });
    const next = await child;
    watch(next, gate, finish);
    await announce(gate);
    gate.tell({ url: urlOf(next) });
  });
}

async function announce(gate: LeaseGate): Promise<void> {
  const running = await child;
  if (!running || ending) return;
  const ports = { port: running.port, leasePort: gate.port };
  const pids = { pid: process.pid, chromaPid: running.pid };
  await writeServer(root, { format: serverFormat, ...pids, ...ports, token, host: hostname() });
}

function endWithout(gate: LeaseGate, ms: number, finish: () => void): void {
  clearTimeout(timer);
  if (gate.count() === 0) timer = setTimeout(finish, ms);
}

/**
 * The server first, then the file that names it, then the lock: who comes meanwhile waits, and the next server
 * starts on data that nobody else has open.
 */
async function end(held: ProcessLock): Promise<void> {
  if (ending) return;
  ending = true;
  const running = await Promise.race([
    child?.catch(() => undefined),
    sleep(startMs, undefined, { ref: false }),
  ]);
  await running?.stop();
  if ((await readServer(root))?.token === token) await unlink(serverPath(root)).catch(() => undefined);
  await held.release();
  process.exit();
}

/** Keeps server.json fresh, and ends where the folder was deleted or the file names another server. */
async function beat(gate: LeaseGate, finish: () => void): Promise<void> {
  const facts = await readServer(root);
  if ((await identityOf(root)) !== identity || (facts && facts.token !== token)) return finish();
  if (!facts) return announce(gate);
  const now = new Date();
  await utimes(serverPath(root), now, now).catch(() => undefined);
}

async function identityOf(folder: string): Promise<string> {
  const facts = await stat(folder).catch(() => undefined);
  return facts ? `${facts.dev}:${facts.ino}` : 'gone';
}

function urlOf(running: ChromaChild | undefined): string {
  return `http://127.0.0.1:${running?.port ?? 0}`;
}

function wordsOf(error: unknown): NonNullable<WatchdogWord['error']> {
  if (!(error instanceof LookbookError))
    return { what: 'the server cannot be started', got: reasonOf(error), mend: `Look at ${logPath(root)}.` };
  const { what, got, expected, mend } = error.facts;
  return {
    what,
    mend,
    ...(got === undefined ? {} : { got }),
    ...(expected === undefined ? {} : { expected }),
  };
}

function say(word: WatchdogWord): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}
