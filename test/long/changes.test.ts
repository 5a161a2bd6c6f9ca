import { expect, it } from 'vitest';
import { disturb } from '../faults/changes.js';
import { record } from '../faults/table.js';

const ROUNDS = 20;

/** As in test/faults/changes.test.ts, where the mutations that turn it red stand. */
it('20 runs over 200 files that another process changes all the while', async () => {
  const { wrong, changes, torn, hangs, worstSeconds } = await disturb({
    rounds: ROUNDS,
    pictures: 200,
    seed: 800,
  });
  await record({
    attack: 'files renamed, replaced, swapped, copied, deleted, added, forbidden while the index is made',
    tries: ROUNDS,
    losses: wrong.length,
    hangs,
    worst_s: worstSeconds,
    note: `${changes} changes; ${torn} pictures read half written, right in the next run`,
  });
  expect(wrong).toEqual([]);
  expect(hangs).toBe(0);
}, 3_600_000);
