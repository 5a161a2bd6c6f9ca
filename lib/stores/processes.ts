/** Looking at and ending a process that another process started: never by its number alone. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isRunning } from '../process-lock.js';

const politeMs = 4000;

/** Whether the process runs and its command line holds all of these words. */
export async function runsWith(pid: number, words: readonly string[]): Promise<boolean> {
  if (!isRunning(pid)) return false;
  const line = await commandLine(pid);
  return words.every((word) => line.includes(word));
}

/** SIGINT, then SIGKILL; returns when it is gone. */
export async function endProcess(pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  const deadline = performance.now() + politeMs;
  while (isRunning(pid) && performance.now() < deadline) await sleep(20);
  if (isRunning(pid)) signal(pid, 'SIGKILL');
  while (isRunning(pid) && performance.now() < deadline + politeMs) await sleep(20);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

/** Empty where it cannot be told, so that nothing is ended on a guess. */
async function commandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }));
    return stdout;
  }
}
