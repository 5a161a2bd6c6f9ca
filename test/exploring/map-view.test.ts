import { createHash } from 'node:crypto';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MapSources, mapView } from '#lib/exploring/map-view.js';
import { pictureRow, segmentRow } from '#lib/rows.js';
import { openStore } from '#lib/stores/open-store.js';
import type {
  Hit,
  MapView,
  NewRecord,
  PictureFacts,
  SearchResult,
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

const folderOf = (n: number): string => (n % 2 ? 'trip/sea' : 'trip/hills');

async function recordOf(n: number): Promise<NewRecord> {
  const path = `${folderOf(n)}/${n}.png`;
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
    name: () => undefined,
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

  it('takes what else is given first, a value a row, and colours by it where that is asked', async () => {
    const view = await look({
      colourBy: 'cluster',
      moreFields: async ({ rows, points }) => {
        expect(points).toHaveLength(2 * rows.length);
        return [{ name: 'cluster', kind: 'category', values: rows.map(({ id }) => id.slice(0, 1)) }];
      },
    });
    expect(view.colourBy).toBe('cluster');
    expect(view.fields![0]!.name).toBe('cluster');
    expect(valuesOf(view, 'cluster')).toEqual(view.points.map(({ id }) => id.slice(0, 1)));
  });

  it('tells hits their relevance, and all others where it can be told', async () => {
    const hitsOnly = await look({ query: answer([5, 9]) });
    expect(hitsOnly.points.filter(({ relevance }) => relevance !== undefined)).toHaveLength(2);
    const all = await look({ query: answer([5, 9]), relevance: () => 0.25 });
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
});
