/** What the server tests share: temp folders that leave no process behind, and clients in their own processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export function tempFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'lookbook-server-')));
}

/** Command lines of running processes that name this folder (Linux; elsewhere none are seen). */
export function processesOf(folder: string): { pid: number; line: string }[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), line: lineOf(name) }))
    .filter(({ line }) => line.includes(folder));
}

export const watchdogsOf = (folder: string): number[] => pidsOf(folder, 'chroma-watchdog');
export const serversOf = (folder: string): number[] => pidsOf(folder, 'cli.mjs');

export async function until(holds: () => boolean, ms = 8000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`still not so after ${ms} ms: ${holds}`);
    await sleep(20);
  }
}

/** Waits until no process works for the folder, then removes it; what remains is ended and is a failure. */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await until(() => processesOf(folder).length === 0);
  } finally {
    for (const { pid } of processesOf(folder)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Client {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(folder: string, graceMs: number) {
    const script = fileURLToPath(new URL('./client.mjs', import.meta.url));
    this.process = spawn(process.execPath, [script, folder, String(graceMs)], {
      detached: true, // A process group of its own, as a kernel has.
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const output = this.process.stdout;
    if (!output) throw new Error('no output');
    this.#lines = createInterface({ input: output })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** The next thing that it tells. */
  async hear(): Promise<{ url?: string; count?: number; interrupted?: boolean }> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the client ended with ${this.process.exitCode}`);
    return JSON.parse(value);
  }

  say(word: string): void {
    this.process.stdin?.write(`${word}\n`);
  }

  async ended(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }
}

function pidsOf(folder: string, word: string): number[] {
  return processesOf(folder)
    .filter(({ line }) => line.includes(word))
    .map(({ pid }) => pid);
}

function lineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
