import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { derivedPath } from '#lib/paths.js';
import { type PictureTable, pictureTable } from '#lib/picture-table/table.js';
import { pictureRow, placesRow, segmentsDone, segmentsUndone } from '#lib/rows.js';
import { openStore } from '#lib/stores/open-store.js';
import type { NewRecord, VectorCollection, VectorStore } from '#lib/types.js';
import { removeFolder, tempFolder } from '../stores/server-kit.js';

/** As many as are worth a file, and some. */
const ROWS = 2050;
const SEGMENTS = 'made-by-some-segmenter';
/** More than a few that are looked at to believe a file, far less than all. */
const FEW = 100;

let folder: string;
let store: VectorStore;
let pictures: VectorCollection;

function record(n: number): NewRecord {
  const facts = {
    width: 600 + n,
    height: 400,
    format: 'jpeg',
    bytes: 1000 + n,
    orientation: 'landscape' as const,
    photograph: n % 2 === 0,
    taken: new Date(1e12 + n * 1e6).toISOString(),
    ...(n % 3 ? { camera: 'Leica "M3"\n' } : {}),
    ...(n % 5 ? {} : { place: { latitude: n / 100, longitude: -n / 50 } }),
  };
  const places = [
    { root: '/pictures', path: `folder ${n % 7}/${n} "é".jpg` },
    ...(n % 4 ? [] : [{ root: '/copies', path: `${n}.jpg` }]),
  ];
  const { width, ...others } = pictureRow(facts, places);
  const known = n === 50 ? others : { width: width!, ...others }; // a row of an older index knows less
  return {
    id: `picture-${n}`,
    vector: Float32Array.of(Math.cos(n), Math.sin(n)),
    metadata: { ...known, placed: '2020-01-01T00:00', [segmentsDone(SEGMENTS)]: n % 6 },
  };
}

/** The collection as another process meets it, and how many rows it reads with their facts. */
function another(from: VectorCollection = pictures): {
  collection: VectorCollection;
  rowsRead: () => number;
} {
  let rows = 0;
  const collection: VectorCollection = {
    name: from.name,
    fingerprint: from.fingerprint,
    dimension: from.dimension,
    ...(from.identity === undefined ? {} : { identity: from.identity }),
    have: (ids) => from.have(ids),
    upsert: (records) => from.upsert(records),
    setMetadata: (changes) => from.setMetadata(changes),
    remove: (ids) => from.remove(ids),
    query: (vector, k, options) => from.query(vector, k, options),
    count: (where) => from.count(where),
    async get(ids, options) {
      const found = await from.get(ids, options);
      rows += found.length;
      return found;
    },
    async *pages(options) {
      for await (const page of from.pages(options)) {
        if (options?.metadata !== false) rows += page.length;
        yield page;
      }
    },
  };
  return { collection, rowsRead: () => rows };
}

/** What the store holds now, read without any file. */
function truth(): Promise<PictureTable> {
  const { identity: _, ...withoutName } = another().collection;
  return pictureTable(withoutName, SEGMENTS);
}

/** What another process has in its table, and how many rows it read for it. */
async function metByAnother(): Promise<{ table: PictureTable; read: number }> {
  const { collection, rowsRead } = another();
  const table = await pictureTable(collection, SEGMENTS);
  return { table, read: rowsRead() };
}

async function tableFile(): Promise<string> {
  const names = (await readdir(derivedPath('tables'))).filter((name) => /^[0-9a-f]{24}\./.test(name));
  expect(names).toHaveLength(1);
  return join(derivedPath('tables'), names[0]!);
}

beforeAll(async () => {
  folder = tempFolder();
  vi.stubEnv('LOOKBOOK_DERIVED', join(folder, 'derived'));
  store = await openStore(join(folder, 'store'));
  pictures = await store.open({ name: 'table.pictures', dimension: 2, fingerprint: 'two-numbers' });
  await pictures.upsert(Array.from({ length: ROWS }, (_, n) => record(n)));
}, 60_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await store.close();
  await removeFolder(folder);
});

/** Red without `write` in pictureTable, with a field left out of metadataOf, and with Number for numberOf. */
it('what one process has read of the store, the next one has without reading it again', async () => {
  const first = await metByAnother();
  expect(first.read).toBe(ROWS);
  const second = await metByAnother();
  expect(second.read).toBeLessThan(FEW);
  expect(second.table).toEqual(first.table);
  expect(second.table.get('picture-40')).toMatchObject({
    width: 640,
    taken: 1e12 + 40e6,
    place: { latitude: 0.4, longitude: -0.8 },
    places: [
      { root: '/pictures', path: 'folder 5/40 "é".jpg' },
      { root: '/copies', path: '40.jpg' },
    ],
    segments: new Map([[SEGMENTS, 4]]),
  });
});

/** Red without `moved` among the wanted rows, without `compared`, and without `placed` in segmentsUndone. */
it('what has come, moved, gone or been taken back since is as it stands now', async () => {
  await pictures.remove(['picture-3', 'picture-4']);
  const { metadata, ...added } = record(ROWS);
  await pictures.upsert([
    { ...added, metadata: { ...metadata, ...placesRow([{ root: '/pictures', path: 'new.jpg' }]) } },
  ]);
  await pictures.setMetadata([
    { id: 'picture-5', metadata: placesRow([{ root: '/pictures', path: 'moved.jpg' }]) },
    { id: 'picture-6', metadata: segmentsUndone(SEGMENTS) },
  ]);
  const { table, read } = await metByAnother();
  expect(read).toBeLessThan(FEW);
  expect(table).toEqual(await truth());
  expect(table.has('picture-3')).toBe(false);
  expect(table.get(`picture-${ROWS}`)?.places).toEqual([{ root: '/pictures', path: 'new.jpg' }]);
  expect(table.get('picture-5')?.places).toEqual([{ root: '/pictures', path: 'moved.jpg' }]);
  expect(table.get('picture-6')?.segments.size).toBe(0);
});

/** Red when isOfThisStore is always true: the older copy has as many rows, and none of them says that it changed. */
it('a store that was put back from an older copy is read anew', async () => {
  const ids = Array.from({ length: ROWS - 10 }, (_, n) => `picture-${n + 10}`);
  const before = ids.map((id) => ({
    id,
    metadata: { places: JSON.stringify([['/pictures', `before/${id}.jpg`]]) },
  }));
  await pictures.setMetadata(before);
  const { table, read } = await metByAnother();
  expect(read).toBeGreaterThanOrEqual(ROWS - 1);
  expect(table).toEqual(await truth());
});

/** Red without `rows.size === head.rows`, and without the comparison of identities. */
it('a file that is cut short, no table, or of another store is not believed', async () => {
  const path = await tableFile();
  const whole = await readFile(path, 'utf8');
  const lines = whole.split('\n');
  const damages = [
    lines.slice(0, -200).join('\n'),
    whole.slice(0, -30),
    '',
    'null\n',
    whole.replace(pictures.identity!, 'another store'),
  ];
  for (const damaged of damages) {
    await writeFile(path, damaged);
    const { table, read } = await metByAnother();
    expect(read).toBeGreaterThanOrEqual(ROWS - 1);
    expect(table).toEqual(await truth());
  }
}, 60_000);

/** Red without `removeOld`, and where it removes whatever it meets. */
it('tables that nobody has read for weeks do not stay on the disk', async () => {
  const [old, recent] = ['old', 'recent'].map((name) => join(derivedPath('tables'), `${name}.jsonl`));
  await writeFile(old!, 'a table of a store that is gone');
  await writeFile(recent!, 'a table of another store');
  const longAgo = new Date(Date.now() - 20 * 24 * 60 * 60_000);
  await utimes(old!, longAgo, longAgo);
  await writeFile(await tableFile(), 'no table');
  await metByAnother();
  expect(await readdir(derivedPath('tables'))).not.toContain('old.jsonl');
  expect(await readFile(recent!, 'utf8')).toBe('a table of another store');
});
