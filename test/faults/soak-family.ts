import { readdirSync, readFileSync } from 'node:fs';

/** A process and what it holds, as /proc tells it (Linux only). */
export interface Kin {
  pid: number;
  role: Role;
  /** Ended, and not waited for by its parent. */
  isZombie: boolean;
  /** MB of memory that is in use. */
  rss: number;
  descriptors: number;
  threads: number;
}

export type Role = 'lookbook' | 'decoder' | 'watchdog' | 'chroma' | 'other';

const PAGE = 4096;

/** A process and everything that descends from it. A process that ends while it is looked at is left out. */
export function familyOf(root: number): Kin[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').map(Number).filter(Boolean)) {
    const parent = Number(fieldsOf(pid)?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const family: Kin[] = [];
  const queue = [root];
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    const kin = kinOf(pid, pid === root);
    if (kin) family.push(kin);
    queue.push(...(children.get(pid) ?? []));
  }
  return family;
}

function kinOf(pid: number, isRoot: boolean): Kin | null {
  const fields = fieldsOf(pid);
  if (!fields) return null;
  if (fields[0] === 'Z') return { pid, role: 'other', isZombie: true, rss: 0, descriptors: 0, threads: 0 };
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return {
      pid,
      role: isRoot ? 'lookbook' : roleOf(command),
      isZombie: false,
      rss: (pages * PAGE) / 1e6,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      threads: Number(fields[17]),
    };
  } catch {
    return null;
  }
}

function roleOf(command: string): Role {
  if (command.includes('decoder-child')) return 'decoder';
  if (command.includes('chroma-watchdog')) return 'watchdog';
  return /cli\.mjs\0run/.test(command) ? 'chroma' : 'other';
}

/** What follows the name in /proc/<pid>/stat: state, parent … (the name itself may hold spaces and brackets). */
function fieldsOf(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  } catch {
    return null;
  }
}
