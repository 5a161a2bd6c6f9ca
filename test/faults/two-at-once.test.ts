import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KillRoom, openKillRoom, type State } from './kill-room.js';
import { askedMeanwhile, secondIsRefused, wholeState } from './two-at-once.js';

const PICTURES = 32;

let attack: { room: KillRoom; whole: State };
beforeAll(async () => {
  const room = await openKillRoom(PICTURES);
  attack = { room, whole: await wholeState(room, 'chroma') };
}, 120_000);
afterAll(() => attack.room.clear());

/** The long forms, with races of several indexers and the times of the answers, stand in test/long/two-at-once.test.ts. */
describe('two at one store', () => {
  /** Red with the lock below the derived folder in lib/book/own-places.ts (indexLockPath), as two projects have two. */
  it('the second indexer is refused in a sentence that names the first, which makes the index whole', async () => {
    expect(await secondIsRefused(attack)).toEqual([]);
  }, 120_000);

  /** Red without `damageTries` in lib/stores/chroma-retry.ts: a collection's first rows look like damaged files for a moment. */
  it('another kernel asks 20 questions at a time meanwhile, and each is answered', async () => {
    const asked = await askedMeanwhile(attack, { idleRounds: 1 });
    expect(asked).toMatchObject({ losses: [], hangs: 0 });
    expect(asked.tries).toBeGreaterThan(0);
  }, 120_000);
});
