import { createHash } from 'node:crypto';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MapSources, mapView } from '#lib/exploring/map-view.js';
import { pictureRow, segmentRow } from '#lib/rows.js';
import { openStore } from '#lib/stores/open-store.js';
import type {
  Hit,
  MapField,
  MapView,
  NewRecord,
  PictureFacts,
  SearchResult,
  StoredRecord,
  VectorCollection,
  VectorStore,
} from '#lib/types.js';
import { openRoom, type Room } from '../indexing/pictures.js';

const COUNT = 24;
const DIMENSION = 4;

let room: Room;
let store: VectorStore;
let pictures: VectorCollection;
let ids: string[];

const vectorOf = (n: number): Float32Array => {
  const vector = Float32Array.from({ length: DIMENSION }, (_, axis) => Math.cos(n * 0.26 + axis) + 2);
  return vector.map((value) => value / Math.hypot(...vector));
};

const factsOf = (n: number): PictureFacts => ({
  width: 32,
  height: 32,
  format: n % 2 ? 'png' : 'jpeg',
  bytes: 1000 + n,
  orientation: 'square',
  photograph: n < 6,
  ...(n % 3 ? { taken: `201${n % 3}-05-01T00:00:00.000Z` } : {}),
});

const folderAt = (n: number): string => (n % 2 ? 'trip/sea' : 'trip/hills');

async function recordOf(n: number): Promise<NewRecord> {
  const path = `${folderAt(n)}/${n}.png`;
  const colour = { r: n * 10, g: 0, b: 200 };
  const bytes = await sharp({ create: { width: 32, height: 32, channels: 3, background: colour } })
    .png()
    .toBuffer();
  await room.write(path, bytes);
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const metadata = {
    ...pictureRow(factsOf(n), [{ root: room.images, path }]),
    'segments.abc': n % 4,
    added: 0,
  };
  return { id, vector: vectorOf(n), metadata };
}

beforeEach(async () => {
  room = await openRoom();
  store = await openStore('memory:');
  pictures = await store.open({ name: 'pictures', dimension: DIMENSION, fingerprint: 'f' });
  const records: NewRecord[] = [];
  for (let n = 0; n < COUNT; n++) records.push(await recordOf(n));
  await pictures.upsert(records);
  ids = records.map(({ id }) => id);
});
afterEach(async () => {
  await store.close();
  await room.clear();
});

const look = (more: Partial<MapSources> = {}): Promise<MapView> =>
  mapView({
    of: 'pictures',
    pictures,
    segments: null,
    allowPrivateUrls: false,
    locate: ({ root, path }) => join(root, path),
    ...more,
  });

/** An answer with these pictures as its hits. */
const answer = (hits: readonly number[]): SearchResult => ({
  query: { text: 'sea' },
  title: 'sea',
  vector: vectorOf(3),
  timings: { encode: 0, query: 0, evidence: 0, total: 0 },
  hits: hits.map(
    (n, index): Hit => ({
      imageId: ids[n]!,
      paths: [],
      facts: factsOf(n),
      score: 1,
      relevance: 0.9 - index / 10,
      evidence: { segments: [] },
      why: '',
    }),
  ),
});

const byId = (rows: readonly { id: string }[]): MapField => ({
  name: 'cluster',
  kind: 'category',
  values: rows.map(({ id }) => id.slice(0, 1)),
});

const valuesOf = (view: MapView, name: string): (string | number | null)[] =>
  view.points
    .filter(({ kind }) => kind !== 'query')
    .map((_, index) => view.fields!.find((field) => field.name === name)!.values[index] ?? null);

describe('the view of a map', () => {
  it('can be coloured by every stored fact that tells pictures apart, and by no other', async () => {
    const view = await look();
    expect(view.fields!.map(({ name }) => name)).toEqual([
      'folder',
      'format',
      'file size',
      'photograph',
      'date taken',
      'number of segments',
    ]);
    const at = view.points.findIndex(({ id }) => id === ids[7]);
    expect(valuesOf(view, 'folder')[at]).toBe('trip/sea');
    expect(valuesOf(view, 'format')[at]).toBe('png');
    expect(valuesOf(view, 'photograph')[at]).toBe('no');
    expect(valuesOf(view, 'date taken')[at]).toBe(Date.UTC(2011, 4, 1));
    expect(valuesOf(view, 'number of segments')[at]).toBe(3);
    expect(valuesOf(view, 'date taken')[view.points.findIndex(({ id }) => id === ids[6])]).toBeNull();
  });

  it('takes what else is given first, a value a row, and colours by it unless another is asked for', async () => {
    const view = await look({
      colourBy: 'format',
      moreFields: async ({ rows, points }, { folderOf }) => {
        expect(points).toHaveLength(2 * rows.length);
        expect(rows.map(({ id }) => folderOf(id)).sort()).toEqual(ids.map((_, n) => folderAt(n)).sort());
        return [byId(rows)];
      },
    });
    expect(view.colourBy).toBe('format');
    expect(view.fields![0]!.name).toBe('cluster');
    expect((await look({ moreFields: async ({ rows }) => [byId(rows)] })).colourBy).toBe('cluster');
    expect(valuesOf(view, 'cluster')).toEqual(view.points.map(({ id }) => id.slice(0, 1)));
  });

  it('is coloured by folders under the name of label where that is all that folders are', async () => {
    await pictures.remove(ids);
    const rows: NewRecord[] = [];
    for (let n = 0; n < COUNT; n++) {
      const { id, vector, metadata } = await recordOf(n);
      const places = [{ root: room.images, path: `${n % 2 ? 'sea' : 'hills'}/${n}.png` }];
      rows.push({ id, vector, metadata: { ...metadata, ...pictureRow(factsOf(n), places) } });
    }
    await pictures.upsert(rows);
    const view = await look({ colourBy: 'folder' });
    expect(view.colourBy).toBe('label');
    expect(view.fields!.map(({ name }) => name)).not.toContain('folder');
    expect(new Set(view.points.map(({ label }) => label))).toEqual(new Set(['sea', 'hills']));
  });

  it('tells hits their relevance, and all others where it can be told', async () => {
    const hitsOnly = await look({ query: answer([5, 9]) });
    expect(hitsOnly.points.filter(({ relevance }) => relevance !== undefined)).toHaveLength(2);
    const all = await look({ query: answer([5, 9]), relevance: async (rows) => rows.map(() => 0.25) });
    expect(all.points.find(({ id }) => id === ids[5])).toMatchObject({
      kind: 'hit',
      rank: 1,
      relevance: 0.9,
    });
    expect(valuesOf(all, 'relevance to the query').filter((value) => value === 0.25)).toHaveLength(COUNT - 2);
    expect(all.points.at(-1)).toMatchObject({ kind: 'query', title: 'sea' });
  });

  it('of too many points keeps an even share and every hit; thumbnails go to the hits first', async () => {
    const view = await look({ query: answer([5, 9, 22]), mostPoints: 8, mostTiles: 4 });
    const shown = view.points.filter(({ kind }) => kind !== 'query');
    expect(shown.length).toBeGreaterThanOrEqual(8);
    expect(shown.length).toBeLessThanOrEqual(11);
    const hits = shown.filter(({ kind }) => kind === 'hit');
    expect(hits.map(({ id }) => id).sort()).toEqual([ids[5], ids[9], ids[22]].sort());
    expect(hits.every(({ tile }) => tile !== undefined)).toBe(true);
    expect(shown.filter(({ tile }) => tile !== undefined)).toHaveLength(4);
    expect(view.sprite!.count).toBe(4);
  });

  it('of segments is coloured by what is known of segments', async () => {
    const segments = await store.open({ name: 'segments', dimension: DIMENSION, fingerprint: 'f' });
    await segments.upsert(
      ids.slice(0, 10).map((id, n) => ({
        id: `${id}:0`,
        vector: vectorOf(n),
        metadata: segmentRow(
          {
            segmentId: `${id}:0`,
            bbox: { x: n, y: 0, width: 4, height: 4 },
            area: n / 20,
            score: 0.5,
            label: n % 2 ? 'boat' : 'hill',
          },
          factsOf(n),
        ),
      })),
    );
    const view = await look({ of: 'segments', segments });
    expect(view.points.map(({ label }) => label).sort()).toEqual([
      ...Array.from({ length: 5 }, () => 'boat'),
      ...Array.from({ length: 5 }, () => 'hill'),
    ]);
    const names = view.fields!.map(({ name }) => name);
    expect(names).toContain('share of the picture');
    expect(names).not.toContain('certainty'); // all are equal
    expect(names).not.toContain('x');
  });

  it('stops when it is called off', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(look({ signal: stop.signal })).rejects.toThrow('enough');
  });

  it('gives segments without a label the word that fits, and asks for no others', async () => {
    const segments = await store.open({ name: 'segments', dimension: DIMENSION, fingerprint: 'f' });
    const rowOf = (n: number): NewRecord => ({
      id: `${ids[n]}:0`,
      vector: vectorOf(n),
      metadata: n % 2 ? { label: 'boat' } : {},
    });
    await segments.upsert(ids.map((_, n) => rowOf(n)));
    const asked: string[] = [];
    const view = await look({
      of: 'segments',
      segments,
      words: async (rows) => {
        asked.push(...rows.map(({ id }) => id));
        return rows.map((_, at) => (at ? 'hill' : undefined));
      },
    });
    expect(asked).toHaveLength(COUNT / 2);
    const labels = view.points.map(({ label }) => label);
    expect(labels.filter((label) => label === 'boat')).toHaveLength(COUNT / 2);
    expect(labels.filter((label) => label === 'hill')).toHaveLength(COUNT / 2 - 1);
  });

  it('tells how far it is, from nothing to all', async () => {
    const told: number[] = [];
    await look({ onProgress: (share) => void told.push(share) });
    expect(told.length).toBeGreaterThan(5);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBeLessThanOrEqual(1);
  });
});

describe('a map of what is no material for one', () => {
  /** The collection with other vectors in it, or fewer rows. */
  const changed = (change: (rows: StoredRecord[]) => StoredRecord[]): VectorCollection => ({
    ...pictures,
    name: pictures.name,
    fingerprint: pictures.fingerprint,
    dimension: pictures.dimension,
    get: (wanted, options) => pictures.get(wanted, options),
    count: () => pictures.count(),
    async *pages(options) {
      for await (const page of pictures.pages(options)) yield change(page);
    },
  });
  const few = (count: number): VectorCollection => changed((rows) => rows.slice(0, count));

  it('of nothing says what is missing', async () => {
    const empty = await store.open({ name: 'empty', dimension: DIMENSION, fingerprint: 'f' });
    expect(await look({ pictures: empty })).toEqual({
      title: '0 pictures',
      points: [],
      fields: [],
      note: 'Nothing is indexed yet: run 01-index with the same NAME, ENCODER and CHROMA first.',
    });
    expect((await look({ of: 'segments', segments: null })).note).toBe(
      'This lookbook has no segments: set SEGMENTER and index again.',
    );
    expect((await look({ of: 'segments', segments: empty })).note).toBe(
      'No segment was found in these pictures: index them again, or take another SEGMENTER.',
    );
  });

  it('of one picture, or of fewer than have neighbours, says so and shows them', async () => {
    const one = await look({ pictures: few(1) });
    expect(one.title).toBe('1 picture');
    expect(one.points).toMatchObject([{ x: 0.5, y: 0.5 }]);
    expect(one.note).toBe('One picture alone is no map: near and far need two or more.');
    const three = await look({ pictures: few(3), query: answer([1]) });
    expect(three.points).toHaveLength(4);
    for (const { x, y } of three.points) expect([x, y].every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(three.note).toBe('Of fewer than 8 pictures near and far say little: take it as a rough order.');
    // Fewer than the fifteen neighbours that a larger map asks of each point.
    const ten = await look({ pictures: few(10) });
    expect(new Set(ten.points.map(({ x, y }) => `${x} ${y}`)).size).toBe(10);
    expect(ten.note).toBeUndefined();
  });

  it('of equal vectors lays them on a ring and says that it means nothing', async () => {
    const equal = changed((rows) => rows.map((row) => (row.vector ? { ...row, vector: vectorOf(0) } : row)));
    const view = await look({ pictures: equal });
    expect(new Set(view.points.map(({ x, y }) => `${x} ${y}`)).size).toBe(COUNT);
    expect(view.note).toBe('All pictures have equal vectors: the ring that they lie on says only that.');
  });

  it('refuses a vector that holds no number, and names its picture', async () => {
    const broken = changed((rows) =>
      rows.map((row) =>
        row.id === ids[5] && row.vector ? { ...row, vector: new Float32Array([1, Number.NaN, 0, 0]) } : row,
      ),
    );
    await expect(look({ pictures: broken })).rejects.toThrow(
      `[map] a vector cannot be drawn: got NaN at place 1 of ${join(room.images, 'trip/sea/5.png')} (${ids[5]}), expected finite numbers.`,
    );
  });

  it('of a question without a vector of its own, or without an answer, says so', async () => {
    const several = await look({ query: { ...answer([2]), vector: null } });
    expect(several.points.filter(({ kind }) => kind === 'query')).toEqual([]);
    expect(several.note).toBe(
      '“sea” has no point of its own here: it is several things, or words that this encoder cannot read.',
    );
    expect((await look({ query: answer([]) })).note).toBe(
      'Nothing answers “sea” well enough to be numbered.',
    );
  });

  it('refuses to be coloured by what tells no points apart, and names what does', async () => {
    await expect(look({ colourBy: 'height in pixels' })).rejects.toThrow(
      'got colourBy "height in pixels", expected label, folder, format, file size, photograph, date taken, number of segments.',
    );
  });
});
