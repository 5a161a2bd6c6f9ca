/** An exclusive lock as a file, between processes of one machine; it outlives no process that held it. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, readFile, stat, unlink } from 'node:fs/promises';

interface Holder {
  pid: number;
  /** When the process started, where the system tells: pids are used again, above all in containers. */
  started: string;
  token: string;
}

export interface ProcessLock {
  release(): Promise<void>;
}

/** A clearing takes microseconds; one of this age was killed in the middle. */
const clearingMs = 10_000;
const writingMs = 1000;

/** Takes the lock, or gives the pid of the living process that holds it (0 where that cannot be told). */
export async function takeLock(path: string): Promise<ProcessLock | number> {
  const mine: Holder = { pid: process.pid, started: startOf(process.pid), token: randomUUID() };
  const lock = { release: () => release(path, mine) };
  if (await create(path, mine)) return lock;
  const holder = await readHolder(path);
  if (holder && isAlive(holder)) return pidOf(holder);
  // Gone or stale. Only one process at a time may clear it away, or it could clear the next one's lock.
  const clearing = `${path}.clear`;
  if (await create(clearing, mine)) {
    const now = await readHolder(path);
    if (!now || !isAlive(now)) await unlink(path).catch(() => undefined);
    await release(clearing, mine);
  } else if (await isOlder(clearing, clearingMs)) {
    await unlink(clearing).catch(() => undefined);
  }
  return (await create(path, mine)) ? lock : pidOf(await readHolder(path));
}

/** The pid of the living process that holds the lock (0 where that cannot be told), undefined when it is free. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const holder = await readHolder(path);
  return holder && isAlive(holder) ? pidOf(holder) : undefined;
}

/** Whether a process of that number runs; one of another user counts. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(holder)).finally(() => file.close());
    } catch (error) {
      // An empty lock, of a full disk, would hold off others for a while.
      await unlink(path);
      throw error;
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function release(path: string, { token }: Holder): Promise<void> {
  const holder = await readHolder(path);
  if (typeof holder === 'object' && holder.token === token) await unlink(path).catch(() => undefined);
}

function pidOf(holder: Holder | 'unclear' | undefined): number {
  return typeof holder === 'object' ? holder.pid : 0;
}

/** 'unclear' while another process is about to write it, which takes it microseconds. */
async function readHolder(path: string): Promise<Holder | 'unclear' | undefined> {
  try {
    return parseHolder(await readFile(path, 'utf8'));
  } catch {
    return (await isOlder(path, writingMs)) ? undefined : 'unclear';
  }
}

function parseHolder(text: string): Holder {
  const { pid, started, token }: Partial<Holder> = JSON.parse(text);
  if (typeof pid !== 'number' || typeof token !== 'string') throw new Error('not a lock');
  return { pid, started: String(started), token };
}

function isAlive(holder: Holder | 'unclear'): boolean {
  return holder === 'unclear' || (isRunning(holder.pid) && startOf(holder.pid) === holder.started);
}

/** Field 22 of /proc/<pid>/stat, ticks since boot; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** A time to come counts as old too: the clock was set back, and nobody is about to do anything there. */
async function isOlder(path: string, ms: number): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  return facts === undefined || Math.abs(Date.now() - facts.mtimeMs) > ms;
}
