import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import type { Siege } from './kill-campaigns.js';
import { endKernels } from './kill-kernels.js';
import { openKillRoom, stateOf } from './kill-room.js';
import { finish } from './kill-runs.js';

const PICTURES = 160;

let siege: Siege;
beforeAll(async () => {
  const room = await openKillRoom(PICTURES);
  const place = room.place();
  await finish(place, PICTURES);
  siege = { room, whole: await stateOf(place), random: seeded(4) };
}, 120_000);
afterAll(() => siege.room.clear());

it('a kernel that is restarted or dies while it indexes loses nothing and leaves nothing behind', async () => {
  expect(await endKernels(siege, ['restart', 'death'])).toMatchObject({ tries: 2, losses: [], hangs: 0 });
}, 180_000);
