/** A disk of a few megabytes, truly full when it is: a tmpfs in a mount namespace of one process, gone with it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a process gets it: by mounting, or where that is forbidden a limit on the size of its files. */
export type Way = 'mount' | 'limit';

const MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"';

/** What this machine allows; null where it allows neither, with the reason. */
export function wayToSmallDisk(): { way: Way | null; reason: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lookbook-disk-'));
  try {
    execFileSync('unshare', [...namespace(), 'sh', '-c', MOUNT, 'sh', '1m', folder, 'true'], {
      stdio: 'pipe',
    });
    return { way: 'mount', reason: '' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    try {
      execFileSync('prlimit', ['--version'], { stdio: 'pipe' });
      return { way: 'limit', reason };
    } catch {
      return { way: null, reason };
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts a script of Node with the folder as a small disk. */
export function spawnOnSmallDisk(
  way: Way,
  options: { disk: string; size: string; script: string; task: string; env?: NodeJS.ProcessEnv },
): ChildProcess {
  const { disk, size, script, task, env = process.env } = options;
  const command = [process.execPath, script, task];
  const [first = '', ...rest] =
    way === 'mount' ? ['unshare', ...namespace(), 'sh', '-c', MOUNT, 'sh', size, disk, ...command] : command;
  return spawn(first, rest, { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

function namespace(): string[] {
  return process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
}
