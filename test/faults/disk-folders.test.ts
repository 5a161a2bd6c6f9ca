import { expect, it } from 'vitest';
import { clockThatJumps } from './disk-clock.js';
import { readOnlyFolders } from './disk-read-only.js';
import { wayToSmallDisk } from './disk-small.js';
import { vanishing } from './disk-vanishing.js';

const { way, reason } = wayToSmallDisk();
if (way !== 'mount') console.warn(`SKIPPED: nothing can be mounted here, so nothing is unmounted: ${reason}`);

/** Red without `unusable` in lib/stores/flat.ts (openFolder), and with `writeWhole` for `keepForLater` in lib/thumbnails.ts. */
it('a folder that may not be written is named in a sentence; pictures may lie in one, and are shown from one', async () => {
  expect(await readOnlyFolders()).toEqual([]);
}, 120_000);

/** Red without `#vanished` in lib/indexing/preparing.ts (a line for each file). */
it('a folder that vanishes while it is read loses nothing and is one sentence', async () => {
  expect(await vanishing({ pictures: 40, tries: 1, seed: 3, way })).toMatchObject({ losses: [], hangs: 0 });
}, 120_000);

/**
 * Red without `changedMs` in lib/indexing/plan.ts (another file of the same size and time is missed), without `clockWasSet`
 * in lib/picture-table/table.ts, and without `Math.abs` in lib/process-lock.ts.
 */
it('a clock that jumps and times that cannot be hide no change and have nothing encoded twice', async () => {
  expect(await clockThatJumps({ jumps: 3, seed: 5 })).toMatchObject({ losses: [] });
}, 120_000);
