import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { killBoth, killIndexer, killRuns, killServers, type Siege, signal } from './kill-campaigns.js';
import { endKernels } from './kill-kernels.js';
import { openKillRoom, stateOf } from './kill-room.js';
import { finish } from './kill-runs.js';

const PICTURES = 80;

let siege: Siege;
beforeAll(async () => {
  const room = await openKillRoom(PICTURES);
  const place = room.place();
  await finish(place, PICTURES);
  siege = { room, whole: await stateOf(place), random: seeded(9) };
}, 120_000);
afterAll(() => siege.room.clear());

/**
 * A cut of test/long/kill.test.ts. What turns it red: in lib/indexing/indexer.ts the progress told before the work
 * (`advance` above `await work(batch)`: more is acknowledged than stands).
 */
describe('kill -9 in the middle of indexing', () => {
  it('of the indexer, also with its server and watchdog, loses nothing that stood; the next run makes the store whole', async () => {
    const strikes = [killIndexer, killBoth, signal('SIGTERM')];
    const tally = await killRuns(siege, 3, { perStore: 3, strikes });
    expect(tally).toMatchObject({ tries: 3, losses: [], hangs: 0 });
  }, 180_000);

  it('of the server alone does not even end the run', async () => {
    expect(await killServers(siege, 2, 2)).toMatchObject({ losses: [], hangs: 0, stops: 0 });
  }, 180_000);

  it('of the kernel of a notebook loses nothing, and leaves nothing behind', async () => {
    expect(await endKernels(siege, ['death'])).toMatchObject({ tries: 1, losses: [], hangs: 0 });
  }, 180_000);
});
