import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { decode } from '#lib/decoders/image.js';
import { LookbookError } from '#lib/errors.js';
import type { Preprocessing } from '#lib/types.js';
import type { Mutant } from './pictures-mutated.js';

const clip: Preprocessing = {
  resize: 'shortest',
  size: 96,
  interpolation: 'bicubic',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

/** What a run with segments and crops asks of a picture: a small form, a large one, a working copy. */
export const WANTED = {
  preprocessings: [clip, { ...clip, resize: 'longest', size: 512 } as const],
  workingPx: 256,
};

/** The decoder processes of a process; none are seen where there is no /proc. */
export function decodersOf(owner: number): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
        return parent === owner && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('decoder-child');
      } catch {
        return false; // no process, or one that has just ended
      }
    });
}

/** Bytes of memory of this process and its decoders. */
function memoryNow(): number {
  return decodersOf(process.pid).reduce((sum, pid) => {
    try {
      return sum + 4096 * Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    } catch {
      return sum;
    }
  }, process.memoryUsage.rss());
}

export interface Campaign {
  /** By name: null when it was read, else the reason. */
  reasons: Map<string, string | null>;
  /** Answers that are neither pixels of the right shape nor a LookbookError of the decoder with a reason. */
  wrong: string[];
  /** Milliseconds of the slowest, and its name. */
  slowest: { name: string; ms: number };
  /** How many took more than five seconds of the clock; on a busy machine that says little. */
  slow: number;
  /** Bytes beyond those at the start, at most. */
  memory: number;
  /** Decoder processes that were seen: those at work, and the replacements of those that ended. */
  decoders: number;
}

/** Decodes them all, one for each core at a time as an index run does, and keeps an eye on what it costs. */
export async function campaign(files: Iterable<Mutant>): Promise<Campaign> {
  const before = memoryNow();
  const seen = new Set<number>();
  const result: Campaign = {
    reasons: new Map(),
    wrong: [],
    slowest: { name: '', ms: 0 },
    slow: 0,
    memory: 0,
    decoders: 0,
  };
  const look = (): void => {
    result.memory = Math.max(result.memory, memoryNow() - before);
    for (const pid of decodersOf(process.pid)) seen.add(pid);
  };
  const timer = setInterval(look, 50);
  const iterator = files[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      const { name, bytes } = next.value;
      const start = performance.now();
      const answer = await read(bytes);
      const ms = performance.now() - start;
      result.reasons.set(name, answer.reason);
      if (answer.wrong !== undefined) result.wrong.push(`${name}: ${answer.wrong}`);
      if (ms > 5000) result.slow++;
      if (ms > result.slowest.ms) result.slowest = { name, ms };
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 8) }, worker));
  look();
  clearInterval(timer);
  return { ...result, decoders: seen.size };
}

async function read(bytes: Buffer): Promise<{ reason: string | null; wrong?: string }> {
  try {
    const { facts, inputs, working } = await decode(bytes, WANTED);
    const forms = [...inputs, working!];
    const isWhole = forms.every(
      ({ data, width, height }) => data.length === width * height * 3 && data.length > 0,
    );
    const isRight = isWhole && inputs[0]!.width === 96 && facts.width > 0 && facts.height > 0;
    return isRight ? { reason: null } : { reason: null, wrong: JSON.stringify(facts) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isNamed = error instanceof LookbookError && error.where === 'decode' && /got \S/.test(reason);
    return isNamed ? { reason } : { reason, wrong: reason };
  }
}
