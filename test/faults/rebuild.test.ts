import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineConfig } from '#lib/config.js';
import { rebuild } from '#lib/health/rebuild.js';
import { openStore } from '#lib/stores/open-store.js';
import { type KillPlace, type KillRoom, openKillRoom, type State } from './kill-room.js';
import { openWhole, problemsOf, spoilAndRebuild } from './rebuild.js';
import { damages } from './rebuild-damages.js';

const PICTURES = 60;
/** A cut of test/long/rebuild.test.ts. */
const TRIED = ['a block in the vectors of the index is zeros', 'the SQLite file is deleted'];

let room: KillRoom;
let whole: { place: KillPlace; state: State };
beforeAll(async () => {
  room = await openKillRoom(PICTURES);
  whole = await openWhole(room);
}, 120_000);
afterAll(() => room.clear());

/**
 * What turns it red: in lib/health/saved-rows.ts no `forget` (pictures keep a marker for segments that are lost); in
 * lib/stores/chroma-salvage.ts no `vectorProblem` (vectors of zeros are copied); in lib/stores/chroma-child.ts no
 * `refuseTornFolder` (a store that lost its SQLite file looks new and empty).
 */
describe('a damaged store', () => {
  for (const damage of damages.filter(({ name }) => TRIED.includes(name)))
    it(`is found out, and rebuilt on request to what it was: ${damage.name}`, async () => {
      const rebuilding = await spoilAndRebuild(room, whole, damage);
      expect(problemsOf(rebuilding, damage, PICTURES)).toEqual([]);
      expect(await readdir(rebuilding.rebuilt.aside)).not.toEqual([]);
    }, 180_000);

  it('is not rebuilt under those who use it, and a store elsewhere not at all', async () => {
    const { config, folder } = room.place();
    const settings = defineConfig(config);
    const store = await openStore(settings.chroma, { graceMs: 100 });
    await expect(rebuild(settings)).rejects.toThrow(/the store is in use: got a server for it, process \d+/);
    await store.close();
    for (const chroma of ['http://127.0.0.1:9', 'memory:', `flat:${folder}`, `${folder}-that-is-not-there`])
      await expect(rebuild({ ...settings, chroma })).rejects.toThrow(/there is no store folder to rebuild/);
  });
});
