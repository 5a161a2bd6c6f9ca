import { access, constants, mkdir, readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { Settings } from '../config.js';
import { LookbookError } from '../errors.js';
import { derivedPath, shownPath } from '../paths.js';
import { bytes, counted } from '../words.js';
import type { Check } from './check.js';

const LEAST_NODE = [20, 19] as const;
const LEAST_FREE_BYTES = 2 ** 30;
/** What makes products of 8-bit or 16-bit numbers fast, as Linux names it. */
const FAST_PRODUCTS =
  /\b(?:avx2|avx512f|avx512_vnni|avx_vnni|amx_int8|amx_bf16|avx512_bf16|asimddp|i8mm|bf16)\b/g;

/** What every lookbook stands on. */
export function machineChecks({ masks }: Settings): Check[] {
  return [
    { name: 'Node', look: node },
    { name: 'Processor', look: processor },
    { name: 'Memory', look: async () => `${bytes(totalmem())}, ${bytes(freemem())} of them free` },
    { name: 'Folders', look: () => folders([derivedPath(), masks]) },
    { name: 'Disk', look: () => disk([derivedPath(), masks]) },
  ];
}

async function node(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]))
    return `${process.version} on ${process.platform} ${process.arch}`;
  throw new LookbookError('doctor', {
    what: 'Node is too old',
    got: process.version,
    expected: `${LEAST_NODE.join('.')} or newer`,
    mend: 'Install the current long-term release of Node.',
  });
}

async function processor(): Promise<string> {
  const name = cpus()[0]?.model.trim() || arch();
  // Only Linux says it in a file; elsewhere the name must do.
  const facts = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const line = /^(?:flags|Features)\s*:.*$/m.exec(facts)?.[0] ?? '';
  const fast = [...new Set(line.match(FAST_PRODUCTS))];
  return `${name}, ${counted(availableParallelism(), 'thread')}${fast.length ? `, ${fast.join(' ')}` : ''}`;
}

async function folders(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  }
  return `${paths.map(shownPath).join(', ')} can be written`;
}

/** Each may lie on a disk of its own. */
async function disk(paths: readonly string[]): Promise<string[]> {
  const free = await Promise.all(
    paths.map(async (path) => {
      const { bavail, bsize } = await statfs(path);
      return { path, bytes: bavail * bsize };
    }),
  );
  const full = free.filter((place) => place.bytes < LEAST_FREE_BYTES);
  if (full.length) {
    throw new LookbookError('doctor', {
      what: 'the disk is nearly full',
      got: full.map((place) => `${bytes(place.bytes)} free at ${shownPath(place.path)}`).join(', '),
      expected: `${bytes(LEAST_FREE_BYTES)} or more`,
      mend: 'Make room: store and masks grow with the pictures.',
    });
  }
  const told = free.map((place) => `${bytes(place.bytes)} free at ${shownPath(place.path)}`);
  return [told.join(', ')];
}
