import { expect, it, vi } from 'vitest';
import { downloadOnFullDisk, type FullDisk, indexOnFullDisk, type Tally, upTo } from '../faults/disk.js';
import { clockThatJumps } from '../faults/disk-clock.js';
import { wayToSmallDisk } from '../faults/disk-small.js';
import { vanishing } from '../faults/disk-vanishing.js';
import { openKillRoom } from '../faults/kill-room.js';
import { record } from '../faults/table.js';
import { wholeState } from '../faults/two-at-once.js';
import { ownRoom, send, serve, weights } from '../hub/hub-server.js';

const BUSY = 3_600_000;
const { way, reason } = wayToSmallDisk();
if (way === null)
  console.warn(`SKIPPED: no disk can be made small here, full disks are not tried: ${reason}`);

async function tell(attack: string, tally: Omit<Tally, 'refused'> & { refused?: number }): Promise<void> {
  const { tries, losses, hangs, worstSeconds, refused } = tally;
  const row = { attack, tries, losses: losses.length, hangs, worst_s: worstSeconds };
  await record(refused === undefined ? row : { ...row, note: `${refused} found it full, by ${way}` });
  expect(losses).toEqual([]);
  expect(hangs).toBe(0);
}

/** As in test/faults/disk.test.ts, where the mutations that turn them red stand. */
it.skipIf(way === null)(
  'a disk that fills at 40 places of each run, under the exact store and under Chroma',
  async () => {
    const room = await openKillRoom(60);
    try {
      const flat = { room, whole: await wholeState(room, 'flat'), kind: 'flat' } as const;
      const full = (most: number, count: number, size = '16m'): FullDisk => ({
        way: way!,
        free: upTo(most, count),
        size,
      });
      await tell('disk full under the exact store', await indexOnFullDisk(flat, 'store', full(400_000, 40)));
      await tell('disk full under the masks', await indexOnFullDisk(flat, 'masks', full(300_000, 40)));
      await tell('disk full under .lookbook', await indexOnFullDisk(flat, 'derived', full(30_000, 20)));
      if (way !== 'mount') return;
      const chroma = { room, whole: await wholeState(room, 'chroma'), kind: 'chroma' } as const;
      const tally = await indexOnFullDisk(chroma, 'store', full(3_000_000, 12, '64m'));
      await tell('disk full under Chroma', tally);
    } finally {
      await room.clear();
    }
  },
  BUSY,
);

it.skipIf(way === null)(
  'a disk that fills at 60 places of a download',
  async () => {
    const own = ownRoom();
    const { bytes, file } = weights();
    const hub = await serve((request, response) => send(request, response, { bytes, etag: '"one"' }));
    vi.stubEnv('HF_ENDPOINT', hub.url);
    try {
      const full = { way: way!, free: upTo(280_000, 60), size: '2m' };
      await tell(
        'disk full under a download',
        await downloadOnFullDisk({ folder: own.folder, file, seen: hub.seen }, full),
      );
    } finally {
      own.clear();
      await hub.close();
    }
  },
  BUSY,
);

it(
  'a folder that vanishes at 20 moments, renamed and unmounted',
  async () => {
    await tell(
      'folder of pictures vanishes in the middle',
      await vanishing({ pictures: 150, tries: 20, seed: 30, way }),
    );
  },
  BUSY,
);

it(
  'a clock that jumps 40 times over files whose times cannot be',
  async () => {
    await tell('clock jumps, mtimes of 1969, 1970 and 2099', {
      ...(await clockThatJumps({ jumps: 40, seed: 50 })),
      hangs: 0,
    });
  },
  BUSY,
);
