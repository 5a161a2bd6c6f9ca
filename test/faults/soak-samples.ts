import { familyOf, type Kin, type Role } from './soak-family.js';

/** What a family of processes held at one time; memory, descriptors and threads by role, of several the sum. */
export interface Sample {
  /** Since the first sample. */
  minutes: number;
  rss: Partial<Record<Role, number>>;
  descriptors: Partial<Record<Role, number>>;
  threads: Partial<Record<Role, number>>;
  processes: Partial<Record<Role, number>>;
  zombies: number[];
}

export function sampleOf(pid: number, minutes: number): Sample {
  const family = familyOf(pid);
  const zombies = family.filter(({ isZombie }) => isZombie).map((kin) => kin.pid);
  const living = family.filter(({ isZombie }) => !isZombie);
  const sum = (of: (kin: Kin) => number): Partial<Record<Role, number>> => {
    const sums: Partial<Record<Role, number>> = {};
    for (const kin of living) sums[kin.role] = (sums[kin.role] ?? 0) + of(kin);
    return sums;
  };
  return {
    minutes,
    rss: sum(({ rss }) => rss),
    descriptors: sum(({ descriptors }) => descriptors),
    threads: sum(({ threads }) => threads),
    processes: sum(() => 1),
    zombies,
  };
}

/** Least squares: by how much y grows while x grows by one. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const along = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return along / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** What is the same by the minute over the samples after the warm-up, for one role. */
export interface Trend {
  /** MB a minute. */
  rss: number;
  /** A minute, of all processes of the role. */
  descriptors: number;
  threads: number;
  processes: number;
  /** At the end of the warm-up and at the end, means of a tenth of the samples. */
  firstMb: number;
  lastMb: number;
  mostDescriptors: number;
}

export function trendOf(samples: readonly Sample[], role: Role): Trend {
  const series = (of: 'rss' | 'descriptors' | 'threads' | 'processes'): [number, number][] =>
    samples.map((sample) => [sample.minutes, sample[of][role] ?? 0]);
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const mean = (part: [number, number][]): number => part.reduce((sum, [, y]) => sum + y, 0) / part.length;
  const rss = series('rss');
  return {
    rss: slopeOf(rss),
    descriptors: slopeOf(series('descriptors')),
    threads: slopeOf(series('threads')),
    processes: slopeOf(series('processes')),
    firstMb: mean(rss.slice(0, tenth)),
    lastMb: mean(rss.slice(-tenth)),
    mostDescriptors: Math.max(...series('descriptors').map(([, y]) => y)),
  };
}

/** Zombies that two samples one after the other saw: one that has just ended is about to be waited for. */
export function lastingZombies(samples: readonly Sample[]): number[] {
  const lasting = samples.flatMap(({ zombies }, at) =>
    zombies.filter((pid) => samples[at - 1]?.zombies.includes(pid)),
  );
  return [...new Set(lasting)];
}
