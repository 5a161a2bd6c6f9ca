import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ownRoom, send, serve, weights } from '../hub/hub-server.js';
import { downloadOnFullDisk, indexOnFullDisk, type Place } from './disk.js';
import { wayToSmallDisk } from './disk-small.js';
import { type KillRoom, openKillRoom, type State } from './kill-room.js';
import { wholeState } from './two-at-once.js';

const PICTURES = 16;
const { way, reason } = wayToSmallDisk();
if (way === null)
  console.warn(`SKIPPED: no disk can be made small here, full disks are not tried: ${reason}`);
if (way === 'limit')
  console.warn(`No disk can be mounted here (${reason}): files are limited in size instead.`);

describe.skipIf(way === null)('a disk that fills', () => {
  let room: KillRoom;
  let whole: State;
  beforeAll(async () => {
    room = await openKillRoom(PICTURES);
    whole = await wholeState(room, 'flat');
  });
  afterAll(() => room.clear());

  /** Red without the `rm` of lib/whole-file.ts (parts are left behind) and without `unusable` in lib/stores/flat.ts. */
  it.each<[Place, number]>([
    ['store', 60_000],
    ['masks', 30_000],
  ])(
    'under the %s is told in a sentence, and with room again the run goes on from where it was',
    async (at, most) => {
      const full = { way: way!, free: [0, most], size: '8m' };
      const tally = await indexOnFullDisk({ room, whole, kind: 'flat' }, at, full);
      expect(tally).toMatchObject({ tries: 2, losses: [], hangs: 0 });
      expect(tally.refused).toBeGreaterThan(0);
    },
    120_000,
  );

  it('under a download keeps the bytes that came', async () => {
    const own = ownRoom();
    const { bytes, file } = weights();
    const hub = await serve((request, response) => send(request, response, { bytes, etag: '"one"' }));
    vi.stubEnv('HF_ENDPOINT', hub.url);
    try {
      const full = { way: way!, free: [0, 1000, 100_000], size: '2m' };
      const tally = await downloadOnFullDisk({ folder: own.folder, file, seen: hub.seen }, full);
      expect(tally).toMatchObject({ tries: 3, losses: [], hangs: 0 });
      expect(tally.refused).toBeGreaterThan(1);
    } finally {
      own.clear();
      await hub.close();
    }
  }, 60_000);
});
