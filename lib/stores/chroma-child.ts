/** One `chroma run` process: started on a free port, awaited until it answers, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LookbookError } from '../errors.js';
import { mendDamage } from './chroma-retry.js';
import { TABLES } from './server-file.js';
import type { ServerLog } from './server-log.js';

export interface ChromaChild {
  readonly pid: number;
  readonly port: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface ChromaStart {
  /** The folder for Chroma's own files. */
  data: string;
  log: ServerLog;
  /** Tried first; a free one is found where it is 0 or taken. */
  port: number;
  /** Milliseconds until the server must answer. */
  startMs: number;
}

const portTries = 4;
const pollMs = 20;
const stopMs = 4000;
/** A server of this age that lives and answers is ours even if a newer version words its banner otherwise. */
const silentMs = 2000;

const where = 'chroma server';

/** @throws when no port works, the process dies, or it does not answer in time. */
export async function startChroma(start: ChromaStart): Promise<ChromaChild> {
  await refuseTornFolder(start.data);
  for (let tried = 0; tried < portTries; tried++) {
    const port = tried === 0 && start.port > 0 ? start.port : await freePort();
    const child = await tryPort(start, port);
    if (child) return child;
  }
  throw new LookbookError(where, {
    what: `no free port was found in ${portTries} tries`,
    got: start.log.tail(),
    mend: 'Close programs that take many ports, or run a Chroma server yourself and give its URL.',
  });
}

/** Chroma would make an empty store beside the index of the lost one, and nobody would know that it was ever full. */
async function refuseTornFolder(data: string): Promise<void> {
  const names: string[] = await readdir(data).catch(() => []); // Chroma makes it
  const indexes = names.filter((name) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name));
  if (indexes.length === 0 || names.includes(TABLES)) return;
  throw new LookbookError(where, {
    what: `the store is damaged: its ${TABLES} is gone`,
    got: `${indexes.length} of its indexes without it in ${data}`,
    expected: 'both',
    mend: `Put the file back from a copy; else ${mendDamage}`,
  });
}

/** undefined when another program was quicker to take the port. */
async function tryPort({ data, log, startMs }: ChromaStart, port: number): Promise<ChromaChild | undefined> {
  // The fourth of its pipes: it closes when this process is gone.
  const tether = new URL('./chroma-tether.js', import.meta.url).href;
  const child = spawn(
    process.execPath,
    ['--import', tether, cliPath(), 'run', ...`--host 127.0.0.1 --port ${port} --path`.split(' '), data],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, RUST_BACKTRACE: '0' },
      windowsHide: true,
    },
  );
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-8000);
    log.write(chunk.toString());
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  child.stdio[3]?.on('error', () => undefined);
  // 'close' comes after the last output, 'exit' may come before it.
  const ended = once(child, 'close').then(
    () => undefined,
    () => undefined,
  );
  const started = performance.now();
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const age = performance.now() - started;
    // Another server on this port would answer too: ours is the one that lives and has printed its banner.
    const isOurs = /Connect to Chroma|Saving data/.test(said) || (age > silentMs && !isTaken(said));
    if (isOurs && (await answers(port)) && child.exitCode === null)
      return { pid: child.pid, port, ended, stop: () => stop(child, ended) };
    if (age > startMs) {
      await stop(child, ended);
      throw new LookbookError(where, {
        what: `the server does not answer within ${startMs / 1000} s`,
        got: log.tail() || 'silence',
        mend: 'Look at server.log in the store folder; on a slow disk try again.',
      });
    }
    await sleep(pollMs);
  }
  await ended;
  if (isTaken(said)) return undefined;
  throw deathOf(said, log);
}

function isTaken(said: string): boolean {
  return /not available|address (already )?in use/i.test(said);
}

async function answers(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v2/heartbeat`, {
      signal: AbortSignal.timeout(1000),
    });
    await answer.text();
    return answer.ok;
  } catch {
    return false; // Not yet; the caller's clock decides.
  }
}

/** Some versions do not heed SIGTERM. */
async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGINT');
  const dead = await Promise.race([ended.then(() => true), sleep(stopMs, false, { ref: false })]);
  if (!dead) child.kill('SIGKILL');
  await ended;
}

/** chromadb's `bin` lies beside its module, and its package.json is not exported. */
function cliPath(): string {
  return fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function deathOf(said: string, log: ServerLog): LookbookError {
  const remote =
    'or run a Chroma server elsewhere and give its URL, or use "flat:" with a folder for small sets';
  if (/ERR_DLOPEN_FAILED|GLIBC/.test(said))
    return new LookbookError(where, {
      what: "Chroma's native part does not load on this system",
      got: log.tail(),
      expected: 'a system with glibc 2.34 or newer',
      mend: `Run \`npm ci\` again so that the version fixed in package.json is installed, ${remote}.`,
    });
  if (/ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|Unsupported/.test(said))
    return new LookbookError(where, {
      what: "Chroma's native part is not installed for this system",
      got: log.tail(),
      mend: `Run \`npm ci\` (without --omit=optional), ${remote}.`,
    });
  if (/no space|disk is full/i.test(said))
    return new LookbookError(where, {
      what: 'the disk of the store is full',
      got: log.tail(),
      mend: 'Free some space, then run again: what was acknowledged is kept.',
    });
  if (/image is malformed|not a database/i.test(said))
    return new LookbookError(where, {
      what: 'the server ended while it started',
      got: log.tail(),
      mend: `Check that the folder holds a store; ${mendDamage}`,
    });
  return new LookbookError(where, {
    what: 'the server ended while it started',
    got: log.tail() || 'no output',
    mend: `Check that the store folder can be written and holds a store of this Chroma version, ${remote}.`,
  });
}
