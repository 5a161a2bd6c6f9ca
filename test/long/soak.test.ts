import { describe, expect, it } from 'vitest';
import { derivedPath } from '#lib/paths.js';
import { type Soak, soak } from '../faults/soak.js';
import { lastingZombies, type Trend, trendOf } from '../faults/soak-samples.js';
import { record } from '../faults/table.js';

const MINUTES = Number(process.env.LOOKBOOK_SOAK_MINUTES ?? 60);
/** Heaps, arenas and page caches fill during the first quarter: it is left out of the slopes. */
const WARM_UP = 0.25;
const MOST_MB_A_MINUTE = 1;
/** Over the whole time: some are open or not as a sample happens to fall. */
const MOST_DESCRIPTORS = 4;
const ROLES = ['lookbook', 'decoder', 'chroma', 'watchdog'] as const;

function grown({ samples }: Soak, warmUp: number): [string, Trend][] {
  const last = samples.at(-1)!.minutes;
  const after = samples.filter(({ minutes }) => minutes > warmUp * last);
  return ROLES.map((role) => [role, trendOf(after, role)]);
}

function said(trends: [string, Trend][]): string {
  return trends
    .map(([role, { rss, firstMb, lastMb, descriptors }]) => {
      const memory = `${rss.toFixed(2)} MB/min (${firstMb.toFixed(0)} to ${lastMb.toFixed(0)} MB)`;
      return `${role} ${memory}, ${descriptors.toFixed(2)} descriptors/min`;
    })
    .join('; ');
}

describe.skipIf(process.platform !== 'linux')(
  'an hour of work in one process (looked at in /proc: on Linux only)',
  () => {
    /**
     * Mutation: with `keep: true` the process keeps the HTML of every gallery (an array in soak-once.mjs), and grows by 8 MB a
     * minute; the measuring itself is put to the test in test/faults/soak.test.ts.
     */
    it('grows by 1 MB a minute at most, and by no descriptor, thread, process or zombie', {
      timeout: (MINUTES + 10) * 60_000,
    }, async () => {
      const run = await soak({ minutes: MINUTES, log: derivedPath('soak.jsonl') });
      const trends = grown(run, WARM_UP);
      const zombies = lastingZombies(run.samples);
      const span = MINUTES * (1 - WARM_UP);
      const leaks = trends.flatMap(([role, { rss, descriptors, threads, processes }]) => [
        ...(rss > MOST_MB_A_MINUTE ? [`${role}: memory`] : []),
        ...(descriptors * span > MOST_DESCRIPTORS ? [`${role}: descriptors`] : []),
        ...(threads * span > MOST_DESCRIPTORS ? [`${role}: threads`] : []),
        ...(processes * span > 1 ? [`${role}: processes`] : []),
      ]);
      console.log(`${run.rounds} rounds; ${said(trends)}`);
      await record({
        attack: `soak, ${MINUTES} minutes`,
        tries: run.rounds,
        losses: run.wrong.length + leaks.length + zombies.length,
        hangs: 0,
        worst_s: run.slowestRoundMs / 1000,
        note: said(trends),
      });
      expect(run.wrong).toEqual([]);
      expect(zombies).toEqual([]);
      expect(leaks).toEqual([]);
    });
  },
);
