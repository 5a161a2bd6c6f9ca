import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '#lib/paths.js';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface RunningCommand {
  kill(signal: NodeJS.Signals): void;
  /** Resolves when its output so far matches; rejects when it ends before. */
  says(pattern: RegExp): Promise<void>;
  ended: Promise<Ended>;
}

/** Starts dist/commands/<name>.js as npm does. */
export function startCommand(
  name: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): RunningCommand {
  const child = spawn(process.execPath, [join(projectRoot, 'dist/commands', `${name}.js`), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    told.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    told.err += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]): Ended => ({ code, ...told }));
  return {
    kill: (signal) => void child.kill(signal),
    async says(pattern) {
      while (!pattern.test(told.out)) {
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${told.out}${told.err}`);
        await Promise.race([once(child.stdout, 'data'), ended]);
      }
    },
    ended,
  };
}

export function runCommand(
  name: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ended> {
  return startCommand(name, args, env).ended;
}
