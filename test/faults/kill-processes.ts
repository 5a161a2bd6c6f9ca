/** What a process has started, so that nothing of it is left when it is gone (Linux; elsewhere none are seen). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface Running {
  pid: number;
  parent: number;
  /** Ticks since boot: numbers are used again. */
  started: string;
  line: string;
}

/** All that this process has started, and what those have started. */
export function descendantsOf(pid: number): Running[] {
  const all = running();
  const found: Running[] = [];
  let parents = new Set([pid]);
  while (parents.size) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Whether it runs still, and is not another one of the same number. */
export function stillRuns({ pid, started }: Running): boolean {
  return factsOf(String(pid))?.started === started;
}

function running(): Running[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => factsOf(name) ?? []);
}

/** undefined for what is gone, or only waits for its parent to hear of its end. */
function factsOf(pid: string): Running | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return { pid: Number(pid), parent: Number(fields[1]), started: fields[19] ?? '', line };
  } catch {
    return undefined;
  }
}
