import { expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { record } from '../faults/table.js';
import { attackUrls } from '../faults/urls-attack.js';

const ADDRESSES = 200_000;
const TIMEOUT_MS = 20_000;

/** As in test/faults/urls.test.ts, where the mutations that turn it red stand; with the time-out that people have. */
it('addresses that lead to this machine, never end, burst, lie or loop are refused or bounded', async () => {
  const attack = await attackUrls({ timeoutMs: TIMEOUT_MS, addresses: ADDRESSES, random: seeded(2) });
  await record({
    attack: 'hostile URLs',
    tries: attack.tries,
    losses: attack.wrong.length,
    hangs: attack.hangs.length,
    worst_s: attack.worstMs / 1000,
    note: `the limit is ${TIMEOUT_MS / 1000} s`,
  });
  expect(attack.wrong).toEqual([]);
  expect(attack.hangs).toEqual([]);
});
