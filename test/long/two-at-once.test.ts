import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KillRoom, openKillRoom, type State } from '../faults/kill-room.js';
import { record } from '../faults/table.js';
import { askedMeanwhile, racingIndexers, secondIsRefused, wholeState } from '../faults/two-at-once.js';

const PICTURES = 600;
const RACES = 10;
const INDEXERS = 4;

let attack: { room: KillRoom; whole: State };
beforeAll(async () => {
  const room = await openKillRoom(PICTURES);
  attack = { room, whole: await wholeState(room, 'chroma') };
});
afterAll(() => attack.room.clear());

/** As in test/faults/two-at-once.test.ts, where the mutations that turn them red stand. */
it('four indexers that begin at once, ten times', async () => {
  const { tries, losses, hangs, worstSeconds } = await racingIndexers(attack, {
    races: RACES,
    indexers: INDEXERS,
  });
  losses.push(...(await secondIsRefused(attack)));
  await record({
    attack: `${INDEXERS} indexers at once on one store`,
    tries: tries + 1,
    losses: losses.length,
    hangs,
    worst_s: worstSeconds,
  });
  expect(losses).toEqual([]);
  expect(hangs).toBe(0);
}, 3_600_000);

it('20 questions at a time from another kernel while the index is made', async () => {
  const { tries, losses, hangs, worstSeconds, busyP95, idleP95 } = await askedMeanwhile(attack, {
    idleRounds: 20,
  });
  const ratio = busyP95 / idleP95;
  const figures = { 'two_at_once.p95_busy_ms': busyP95, 'two_at_once.p95_idle_ms': idleP95 };
  console.log(JSON.stringify({ ...figures, 'two_at_once.p95_ratio': ratio }));
  await record({
    attack: '20 questions at a time from another kernel while the index is made',
    tries,
    losses: losses.length,
    hangs,
    worst_s: worstSeconds,
    note: `p95 ${ratio.toFixed(1)} × idle: ${Math.round(busyP95)} against ${Math.round(idleP95)} ms`,
  });
  expect(losses).toEqual([]);
  expect(hangs).toBe(0);
}, 3_600_000);
