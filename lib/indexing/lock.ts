import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LookbookError } from '../errors.js';

interface Owner {
  pid: number;
  token: string;
  /** Tells a process from a later one of the same number, where the system says when it began. */
  began: string | null;
  since: string;
}

/**
 * Takes the right to index, alone. A lock whose process has ended, however it ended, is taken over.
 * @returns the release.
 * @throws LookbookError naming the process that indexes.
 */
export async function takeIndexLock(path: string, name: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const me: Owner = { pid: process.pid, token: randomUUID(), began: await beganAt(process.pid), since: new Date().toISOString() };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(path, me)) {
      return async () => {
        if ((await ownerOf(path))?.token === me.token) await rm(path, { force: true });
      };
    }
    const owner = await ownerOf(path);
    if (owner && (await isAlive(owner))) {
      throw new LookbookError('index', {
        what: `another run is indexing ${name}`,
        got: `process ${owner.pid}, since ${owner.since}`,
        expected: 'one indexer at a time; questions can be asked meanwhile',
        mend: 'Wait for it, or interrupt it in its notebook.',
      });
    }
    await moveAside(path, owner, me);
  }
  throw new LookbookError('index', {
    what: 'the right to index could not be taken',
    got: path,
    expected: 'a lock file that can be written',
    mend: 'Delete the file when no other run is indexing.',
  });
}

/** The lock appears whole or not at all: a link to a finished file. */
async function create(path: string, owner: Owner): Promise<boolean> {
  const part = `${path}.${owner.token}.part`;
  await writeFile(part, JSON.stringify(owner));
  try {
    await link(part, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(part, { force: true });
  }
}

/** Takes a dead lock away. Of two that found it, the slower one may move the faster one's new lock: it puts it back. */
async function moveAside(path: string, dead: Owner | null, me: Owner): Promise<void> {
  const aside = `${path}.${me.token}.dead`;
  await rename(path, aside).catch(() => undefined); // gone already: the next attempt finds out
  const moved = await ownerOf(aside);
  if (moved && moved.token !== dead?.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function ownerOf(path: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null; // gone meanwhile, or written by something else: nobody's
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const began = await beganAt(owner.pid);
  return owner.began === null || began === null || began === owner.began;
}

/** Start time of a process in clock ticks (Linux, proc(5) field 22); null elsewhere. */
async function beganAt(pid: number): Promise<string | null> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return status?.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
