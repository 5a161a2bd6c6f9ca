import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import {
  killBoth,
  killIndexer,
  killRuns,
  killServers,
  type Siege,
  signal,
  type Tally,
} from '../faults/kill-campaigns.js';
import { endKernels } from '../faults/kill-kernels.js';
import { openKillRoom, stateOf } from '../faults/kill-room.js';
import { finish } from '../faults/kill-runs.js';
import { record } from '../faults/table.js';

const PICTURES = 1000;
/** One store is killed and continued so often, at moments that are drawn evenly over its whole run. */
const PER_STORE = 40;
const BUSY = 5_400_000;

let siege: Siege;
beforeAll(async () => {
  const room = await openKillRoom(PICTURES);
  const place = room.place();
  await finish(place, PICTURES);
  siege = { room, whole: await stateOf(place), random: seeded(200) };
});
afterAll(() => siege.room.clear());

async function tell(attack: string, { tries, losses, hangs, worstSeconds, stops }: Tally): Promise<void> {
  const note = stops ? `${stops} runs stopped at a batch and were run again` : undefined;
  const line = { attack, tries, losses: losses.length, hangs, worst_s: worstSeconds };
  await record({ ...line, ...(note === undefined ? {} : { note }) });
  expect(losses).toEqual([]);
  expect(hangs).toBe(0);
}

/** As in test/faults/kill.test.ts, where the mutations that turn it red stand. */
describe('over 1,000 pictures', () => {
  it(
    'kill -9 of the indexer at 200 moments',
    async () => {
      await tell(
        'kill -9 of the indexer',
        await killRuns(siege, 200, { perStore: PER_STORE, strikes: [killIndexer] }),
      );
    },
    BUSY,
  );

  it(
    'kill -9 of the Chroma server at 50 moments',
    async () => {
      await tell('kill -9 of the Chroma server', await killServers(siege, 50, 10));
    },
    BUSY,
  );

  it(
    'kill -9 of indexer, server and watchdog at once, 50 times',
    async () => {
      await tell(
        'kill -9 of both and the watchdog',
        await killRuns(siege, 50, { perStore: 25, strikes: [killBoth] }),
      );
    },
    BUSY,
  );

  it(
    'SIGTERM, SIGINT and SIGHUP, 10 times each',
    async () => {
      const strikes = [signal('SIGTERM'), signal('SIGINT'), signal('SIGHUP')];
      await tell('SIGTERM, SIGINT, SIGHUP', await killRuns(siege, 30, { perStore: 15, strikes }));
    },
    BUSY,
  );

  it(
    'kernels that are interrupted, restarted or killed',
    async () => {
      const round = ['restart', 'death', 'interrupt'] as const;
      const tallies: Tally[] = [];
      for (let n = 0; n < 5; n++) tallies.push(await endKernels(siege, round));
      await tell('kernel restart, death, interrupt', {
        tries: tallies.reduce((sum, { tries }) => sum + tries, 0),
        losses: tallies.flatMap(({ losses }) => losses),
        hangs: tallies.reduce((sum, { hangs }) => sum + hangs, 0),
        worstSeconds: Math.max(...tallies.map(({ worstSeconds }) => worstSeconds)),
        stops: 0,
      });
    },
    BUSY,
  );
});
