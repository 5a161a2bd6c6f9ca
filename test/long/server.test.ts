import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { openStore } from '#lib/stores/open-store.js';
import { randomRows } from '../contracts/store.js';
import { openKillRoom, stateOf } from '../faults/kill-room.js';
import { finish } from '../faults/kill-runs.js';
import { type Behind, behindProxy, isUpsert, type ServerRoom, thrownBy } from '../faults/server-attacks.js';
import type { Fate } from '../faults/server-proxy.js';
import { record } from '../faults/table.js';
import { removeFolder, serversOf, tempFolder, until } from '../stores/server-kit.js';

const PICTURES = 200;
const SEEDS = 10;
const HANG_SECONDS = 120;
const ROWS = 20_000;
const ASKED = 500;
const BUSY = 3_600_000;

/** As in test/faults/server.test.ts, where the mutations that turn it red stand. */
describe('a server that misbehaves under the indexer', () => {
  let own: ServerRoom;
  beforeAll(async () => {
    const room = await openKillRoom(PICTURES);
    const place = room.place();
    await finish(place, PICTURES);
    own = { room, whole: await stateOf(place) };
  });
  afterAll(() => own.room.clear());

  /** Attacks once a seed; what is left after a run more must be what an undisturbed run leaves. */
  async function campaign(
    attack: string,
    spoil: (behind: Behind, random: () => number) => Promise<void>,
  ): Promise<void> {
    const losses: string[] = [];
    const seconds: number[] = [];
    for (let seed = 0; seed < SEEDS; seed++)
      await behindProxy(own, async (behind) => {
        const { proxy, index, differences } = behind;
        const tried = await thrownBy(() => spoil(behind, seeded(seed)));
        seconds.push(tried.seconds);
        if (tried.error !== undefined) losses.push(tried.error);
        Object.assign(proxy, { fateOf: () => 'pass', slowMs: 0 });
        await index();
        losses.push(...(await differences()));
      });
    const hangs = seconds.filter((each) => each > HANG_SECONDS).length;
    await record({ attack, tries: SEEDS, losses: losses.length, hangs, worst_s: Math.max(...seconds) });
    expect(losses).toEqual([]);
    expect(hangs).toBe(0);
  }

  for (const fate of ['fail', 'lose', 'halve', 'drop'] satisfies Fate[])
    it(
      `one call in four: ${fate}`,
      () =>
        campaign(`server: one call in four ends as “${fate}”`, async ({ proxy, index }, random) => {
          proxy.fateOf = () => (random() < 0.25 ? fate : 'pass');
          expect(await index()).toMatchObject({ added: PICTURES, failed: [] });
        }),
      BUSY,
    );

  it(
    'slow answers',
    () =>
      campaign('server: each answer up to 400 ms late', async ({ proxy, index }, random) => {
        proxy.fateOf = () => {
          proxy.slowMs = random() * 400;
          return 'pass';
        };
        expect(await index()).toMatchObject({ added: PICTURES, failed: [] });
      }),
    BUSY,
  );

  it(
    'away for good at some write: the run ends in a bounded time, with a sentence',
    () =>
      campaign('server: gone for good in the middle', async ({ proxy, index, standing }, random) => {
        const last = 1 + Math.floor(random() * 40);
        let writes = 0;
        proxy.fateOf = (path) => (isUpsert(path) && ++writes > last ? 'drop' : 'pass');
        const { error } = await thrownBy(() => index());
        expect(error).toMatch(
          /does not do its work after 8 tries: .*run again: what was acknowledged is kept/,
        );
        proxy.fateOf = () => 'pass';
        const { pictures, halves } = await standing();
        expect(pictures.size).toBe(Math.floor(last / 2) * 8);
        expect(halves.size).toBeLessThanOrEqual(8);
      }),
    BUSY,
  );
});

/** Rows that a restart may lose: chroma#7090. */
it(
  'after a restart and after kill -9 each of 20,000 rows is there, and each of 500 finds itself',
  async () => {
    const folder = tempFolder();
    const spec = { name: 'wide', dimension: 512, fingerprint: 'f'.repeat(32) };
    const records = randomRows(ROWS, spec.dimension, seeded(20_000));
    const asked = records.filter((_, n) => n % (ROWS / ASKED) === 0);
    const losses: string[] = [];
    const seconds: number[] = [];
    const look = async (act: () => Promise<void>): Promise<void> => {
      await act();
      const started = performance.now();
      const store = await openStore(folder, { graceMs: 100 });
      const rows = await store.open(spec);
      const there = await rows.have(records.map(({ id }) => id));
      losses.push(...records.filter(({ id }) => !there.has(id)).map(({ id }) => `${id} is gone`));
      for (const { id, vector } of asked)
        if ((await rows.query(vector, 1, { metadata: false }))[0]?.id !== id)
          losses.push(`${id} is not found`);
      await store.close();
      seconds.push((performance.now() - started) / 1000);
    };
    const atRest = (): Promise<void> => until(() => serversOf(folder).length === 0, 20_000);
    try {
      await look(async () => {
        const store = await openStore(folder, { graceMs: 100 });
        await (await store.open(spec)).upsert(records);
        await store.close();
        await atRest();
      });
      await look(async () => {
        for (const pid of serversOf(folder)) process.kill(pid, 'SIGKILL');
      });
      await look(atRest);
    } finally {
      await removeFolder(folder);
    }
    const worst = Math.max(...seconds);
    const hangs = seconds.filter((each) => each > HANG_SECONDS).length;
    const attack = 'restart with 20,000 rows, kill -9, restart: all there, 500 find themselves';
    await record({ attack, tries: 3, losses: losses.length, hangs, worst_s: worst });
    expect(losses).toEqual([]);
  },
  BUSY,
);
