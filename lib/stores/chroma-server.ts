/** The embedded Chroma server of a store folder, as a client sees it: found or started, and held by a lease. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, realpath, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LookbookError, reasonOf } from '../errors.js';
import { lockHolder } from '../process-lock.js';
import type { ChromaPlace } from './chroma.js';
import type { WatchdogTask, WatchdogWord } from './chroma-watchdog.js';
import { dataPath, lockPath, logPath, readServer, serverFormat, TABLES } from './server-file.js';
import { type Lease, takeLease } from './server-lease.js';

export interface ChromaServerOptions {
  /** Milliseconds that the server lives on after the last lease; default 1500, so that the next step of a script finds it. */
  graceMs?: number;
  /** Milliseconds until a starting server must answer; default 30,000. */
  startMs?: number;
}

const pollMs = 50;

/**
 * The server of this folder, shared by all processes of the machine; every open place is one lease of it.
 * @throws when the folder cannot be written or the server cannot be started.
 */
export async function openChromaServer(
  folder: string,
  options: ChromaServerOptions = {},
): Promise<ChromaPlace> {
  const root = await prepare(folder);
  const place = new EmbeddedServer(root, options);
  await place.ensure();
  return place;
}

class EmbeddedServer implements ChromaPlace {
  readonly comesBack = true;
  readonly #root: string;
  readonly #options: ChromaServerOptions;
  #lease: Lease | undefined;
  #acquiring: Promise<void> | undefined;
  #closed = false;

  constructor(root: string, options: ChromaServerOptions) {
    this.#root = root;
    this.#options = options;
  }

  get url(): string {
    return this.#lease?.url ?? '';
  }

  /** Takes a new lease where the old one was lost with its watchdog. */
  ensure(): Promise<void> {
    if (this.#closed || this.#lease?.isOpen()) return Promise.resolve();
    this.#acquiring ??= acquire(this.#root, this.#options)
      .then((lease) => {
        if (this.#closed) lease.close();
        this.#lease = lease;
      })
      .finally(() => {
        this.#acquiring = undefined;
      });
    return this.#acquiring;
  }

  /** A store that was restored or copied lies in another inode. */
  async identity(): Promise<string> {
    const tables = `${dataPath(this.#root)}/${TABLES}`;
    const { ino } = await stat(tables).catch((error) => {
      throw new LookbookError('store', {
        what: 'the store has lost its tables while it is served',
        got: reasonOf(error),
        expected: tables,
        mend: 'Put the file back, or run npm run doctor -- --rebuild to begin anew from what can be read.',
        cause: error,
      });
    });
    return `${this.#root} ${ino}`;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#lease?.close();
  }
}

async function acquire(root: string, options: ChromaServerOptions): Promise<Lease> {
  const { graceMs = 1500, startMs = 30_000 } = options;
  // A start and the end of the server before it.
  const waitMs = startMs + 10_000;
  const deadline = performance.now() + waitMs;
  // A derived folder may be deleted at any time, also under an open store.
  await prepare(root);
  while (performance.now() < deadline) {
    const lease = await join(root);
    if (lease) return lease;
    // A living watchdog without an answer is starting or ending: wait. The next one must find the lock free.
    if ((await lockHolder(lockPath(root))) === undefined) {
      const { error } = await launch({ root, graceMs, startMs });
      if (error) throw new LookbookError('chroma server', error);
    } else await sleep(pollMs);
  }
  const holder = await lockHolder(lockPath(root));
  throw new LookbookError('chroma server', {
    what: `the server of ${root} neither answers nor ends`,
    got: holder ? `a watchdog with process number ${holder}` : 'servers that are gone at once',
    expected: `an answer within ${waitMs / 1000} s`,
    mend: holder ? `End process ${holder}, then open the lookbook again.` : `Look at ${logPath(root)}.`,
  });
}

async function join(root: string): Promise<Lease | undefined> {
  const facts = await readServer(root);
  if (!facts) return undefined;
  const lease = await takeLease(facts);
  if (!lease || facts.format === serverFormat) return lease;
  lease.close();
  throw new LookbookError('chroma server', {
    what: `another version of lookbook serves ${root}`,
    got: `format ${facts.format} by process ${facts.pid}`,
    expected: `format ${serverFormat}`,
    mend: 'Close the notebooks that use the other version, then open the lookbook again.',
  });
}

/** Starts the watchdog in a session of its own and waits for its one word. */
async function launch(task: WatchdogTask): Promise<WatchdogWord> {
  const log = openSync(logPath(task.root), 'a', 0o600);
  // Options meant for this process, such as a debugger's port, are not meant for that one.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const entry = fileURLToPath(new URL('./chroma-watchdog.js', import.meta.url));
  const child = spawn(process.execPath, [entry, JSON.stringify(task)], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
    cwd: task.root,
    env,
    windowsHide: true,
  });
  closeSync(log);
  try {
    return await firstWord(child);
  } finally {
    child.stdout?.destroy();
    child.unref();
  }
}

async function firstWord(child: ChildProcess): Promise<WatchdogWord> {
  let heard = '';
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const lines = (async () => {
    for await (const chunk of child.stdout ?? []) {
      heard += String(chunk);
      if (heard.includes('\n')) break;
    }
  })();
  try {
    await Promise.race([lines, failed]);
    if (!heard) throw new Error('no word from it');
    return JSON.parse(heard);
  } catch (error) {
    const what = 'the watchdog of the server does not start';
    return {
      serves: false,
      error: { what, got: reasonOf(error), mend: 'Look at server.log in the store folder.' },
    };
  }
}

/** The real path of the folder, made where it is missing: two spellings of one folder are one server. */
async function prepare(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    const root = await realpath(folder);
    await mkdir(dataPath(root), { recursive: true });
    closeSync(openSync(logPath(root), 'a', 0o600));
    return root;
  } catch (error) {
    throw new LookbookError('chroma server', {
      what: 'the store folder cannot be used',
      got: reasonOf(error),
      expected: 'a folder that can be made and written',
      mend: `Choose another folder than ${folder}, or make it writable; a full disk needs free space.`,
      cause: error,
    });
  }
}
