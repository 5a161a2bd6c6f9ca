import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KillPlace, type KillRoom, openKillRoom, type State } from '../faults/kill-room.js';
import { openWhole, problemsOf, spoilAndRebuild } from '../faults/rebuild.js';
import { damages } from '../faults/rebuild-damages.js';
import { record } from '../faults/table.js';

const PICTURES = 300;
const HANG_SECONDS = 300;

let room: KillRoom;
let whole: { place: KillPlace; state: State };
beforeAll(async () => {
  room = await openKillRoom(PICTURES);
  whole = await openWhole(room);
});
afterAll(() => room.clear());

/** As in test/faults/rebuild.test.ts, where the mutations that turn it red stand. */
it('a store that is damaged in eight ways is found out, and rebuilt on request to what it was', async () => {
  const losses: string[] = [];
  const seconds: number[] = [];
  for (const damage of damages) {
    const rebuilding = await spoilAndRebuild(room, whole, damage);
    const { told = 0, read = 0 } = rebuilding.rebuilt.collections.find(({ of }) => of === 'pictures') ?? {};
    console.log(`${damage.name}: ${read} of ${told} pictures read, ${rebuilding.encoded} encoded`);
    losses.push(...problemsOf(rebuilding, damage, PICTURES).map((problem) => `${damage.name}: ${problem}`));
    seconds.push(rebuilding.seconds);
  }
  await record({
    attack: 'damaged store folder, rebuilt on request',
    tries: damages.length,
    losses: losses.length,
    hangs: seconds.filter((each) => each > HANG_SECONDS).length,
    worst_s: Math.max(...seconds),
  });
  expect(losses).toEqual([]);
}, 3_600_000);
