import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { BATCH, openKillRoom, stateOf } from './kill-room.js';
import { finish } from './kill-runs.js';
import { behindProxy, isUpsert, type ServerRoom, thrownBy } from './server-attacks.js';
import type { Fate } from './server-proxy.js';

const PICTURES = 40;
/** All tries of one call, of a server that refuses at once; a busy machine takes longer. */
const BOUND_SECONDS = 20;

let own: ServerRoom;
beforeAll(async () => {
  const room = await openKillRoom(PICTURES);
  const place = room.place();
  await finish(place, PICTURES);
  own = { room, whole: await stateOf(place) };
});
afterAll(() => own.room.clear());

/** Each turns red when withRetries gives up at once (`const waits = []` in lib/stores/chroma-retry.ts). */
describe('a server that misbehaves while pictures are indexed', () => {
  for (const fate of ['fail', 'lose'] satisfies Fate[])
    it(`is asked again, and nothing is lost or there twice: ${fate}`, () =>
      behindProxy(own, async ({ proxy, index, differences }) => {
        const random = seeded(3);
        proxy.fateOf = () => (random() < 0.25 ? fate : 'pass');
        expect(await index()).toMatchObject({ added: PICTURES, failed: [] });
        proxy.fateOf = () => 'pass';
        expect(await differences()).toEqual([]);
      }));

  it('is waited for when it is slow', () =>
    behindProxy(own, async ({ proxy, index, differences }) => {
      proxy.slowMs = 40;
      expect(await index()).toMatchObject({ added: PICTURES, failed: [] });
      proxy.slowMs = 0;
      expect(await differences()).toEqual([]);
    }));

  it('and comes back after it was gone is met again', () =>
    behindProxy(own, async ({ proxy, index, differences }) => {
      let back: Promise<void> | undefined;
      const report = await index((done) => {
        if (done === 0 || back) return;
        back = proxy.vanish().then(() => new Promise((resolve) => setTimeout(resolve, 400)));
        back = back.then(() => proxy.comeBack());
      });
      await back;
      expect(report).toMatchObject({ added: PICTURES, failed: [] });
      expect(await differences()).toEqual([]);
    }));

  it('and stays away ends the run with a sentence, at the edge of a batch; the next run goes on from there', () =>
    behindProxy(own, async ({ proxy, index, standing, differences }) => {
      let writes = 0;
      // Segments, then pictures: the third batch is half written.
      proxy.fateOf = (path) => (isUpsert(path) && ++writes > 5 ? 'drop' : 'pass');
      const { error, seconds } = await thrownBy(() => index());
      expect(error).toMatch(
        /does not do its work after 8 tries: got no connection.* run again: what was acknowledged/,
      );
      expect(seconds).toBeLessThan(BOUND_SECONDS);
      proxy.fateOf = () => 'pass';
      const { pictures, halves } = await standing();
      expect(pictures.size % BATCH).toBe(0);
      expect(pictures.size).toBeGreaterThan(0);
      expect(halves.size).toBeLessThanOrEqual(BATCH);
      expect(await index()).toMatchObject({
        added: PICTURES - pictures.size,
        kept: pictures.size,
        failed: [],
      });
      expect(await differences()).toEqual([]);
    }));
});

describe('what is no server of ours', () => {
  it('one that is not there is told from one that is, within a bounded time', () =>
    behindProxy(own, async ({ proxy, index }) => {
      await proxy.vanish();
      const { error, seconds } = await thrownBy(() => index());
      expect(error).toMatch(/does not do its work after 4 tries: got no connection/);
      expect(seconds).toBeLessThan(BOUND_SECONDS);
    }));

  it('an older Chroma is refused by name; a newer one that keeps its words serves, in calls as large as it takes', () =>
    behindProxy(own, async ({ proxy, index, differences }) => {
      proxy.fateOf = () => ({ status: 404, body: '{"detail":"Not Found"}' });
      expect((await thrownBy(() => index())).error).toMatch(
        /is no Chroma server of this kind.*expected Chroma 1.0 or newer/,
      );
      let largest = 0;
      proxy.fateOf = (path) => {
        if (path.endsWith('/version')) return { body: '"9.9.9"' };
        if (path.endsWith('/pre-flight-checks'))
          return { body: '{"max_batch_size":3,"supports_base64_encoding":false}' };
        if (isUpsert(path)) largest++;
        return 'pass';
      };
      expect(await index()).toMatchObject({ added: PICTURES, failed: [] });
      // Two collections of 40 rows in threes.
      expect(largest).toBeGreaterThanOrEqual(Math.ceil(PICTURES / 3));
      expect(await differences()).toEqual([]);
    }));
});
