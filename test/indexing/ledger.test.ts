import { expect, it } from 'vitest';
import type { Catalogue } from '#lib/indexing/catalogue.js';
import { Ledger } from '#lib/indexing/ledger.js';
import type { Plan } from '#lib/indexing/plan.js';
import type { Scan, Source } from '#lib/indexing/scan.js';

const noCatalogue: Catalogue = {
  get: () => undefined,
  set: () => undefined,
  delete: () => undefined,
  close: async () => undefined,
};

function sourceAt(path: string): Source {
  return { root: '/pictures', path, location: `/pictures/${path}`, size: 1, mtimeMs: 0, changedMs: 0 };
}

/** Red without `#inOrder`: which of two equal files is read first is chance. */
it('the places of a picture stand in the order of the listing, whichever file was read first', async () => {
  const sources = ['b.png', 'a/twin.png', 'c.png'].map(sourceAt);
  const scan: Scan = {
    sources,
    skipped: {},
    failed: [],
    unclear: [],
    wholeRoots: new Set(['/pictures']),
    missingRoots: [],
    disks: new Map(),
    emptyFolders: [],
  };
  const plan: Plan = { read: [], keep: [], broken: [], gone: [] };
  const ledger = new Ledger(new Map(), noCatalogue);
  const [first, second, third] = sources as [Source, Source, Source];
  ledger.know(third, 'picture');
  ledger.store('picture', { root: third.root, path: third.path }, true);
  ledger.meet(second, 'picture');
  ledger.meet(first, 'picture');
  const options = { whole: true, allowRemoval: false, isStillSo: async () => true };
  const { moved } = await ledger.settle(scan, plan, options);
  expect(moved.map(({ places }) => places.map(({ path }) => path))).toEqual([
    ['b.png', 'a/twin.png', 'c.png'],
  ]);
});
