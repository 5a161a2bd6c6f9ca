import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { normalise } from '#lib/arithmetic/vectors.js';
import { type MapSources, mapView } from '#lib/exploring/map-view.js';
import { openStore } from '#lib/stores/open-store.js';
import type { MapView, NewRecord, SearchResult, VectorCollection, VectorStore } from '#lib/types.js';
import { openRoom, type Room } from '../indexing/pictures.js';

const COUNT = 120;
const DIMENSION = 24;

let room: Room;
let store: VectorStore;
let pictures: VectorCollection;
let kept: string;

/** Picture n of group n % 5; ids come in another order than the numbers. */
function recordOf(n: number): NewRecord {
  const centre = seeded(1 + (n % 5));
  const own = seeded(1000 + n);
  const vector = Float32Array.from({ length: DIMENSION }, () => centre() - 0.5 + (own() - 0.5) * 0.25);
  const id = `${((n * 7919) % 1009).toString(16).padStart(4, '0')}${String(n).padStart(4, '0')}`;
  return { id, vector: normalise(vector), metadata: {} };
}

const records = (from: number, to: number): NewRecord[] =>
  Array.from({ length: to - from }, (_, n) => recordOf(from + n));

beforeEach(async () => {
  room = await openRoom();
  kept = join(room.folder, 'maps', 'a.json');
  store = await openStore('memory:');
  pictures = await store.open({ name: 'pictures', dimension: DIMENSION, fingerprint: 'f' });
  await pictures.upsert(records(0, COUNT));
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
    mostTiles: 0,
    kept,
    allowPrivateUrls: false,
    locate: ({ path }) => path,
    ...more,
  });

type Places = Map<string, string>;

/** Where each point lies, to the last bit. */
const placesOf = ({ points }: MapView): Places => new Map(points.map(({ id, x, y }) => [id, `${x} ${y}`]));

const question = (n: number): SearchResult => ({
  query: { text: 'x' },
  title: 'x',
  vector: recordOf(n).vector,
  hits: [],
  timings: { encode: 0, query: 0, evidence: 0, total: 0 },
});

const queryPlace = ({ points }: MapView): string => {
  const { x, y } = points.find(({ kind }) => kind === 'query')!;
  return `${x} ${y}`;
};

const without = (places: Places, gone: readonly { id: string }[]): Places => {
  const ids = new Set(gone.map(({ id }) => id));
  return new Map([...places].filter(([id]) => !ids.has(id)));
};

async function changeFile(change: (file: Record<string, unknown>) => unknown): Promise<void> {
  await writeFile(kept, JSON.stringify(change(JSON.parse(await readFile(kept, 'utf8')))));
}

describe('a map that is kept', () => {
  it('is the same when it is made twice from nothing, in whatever order the pictures came', async () => {
    const first = placesOf(await look());
    expect(placesOf(await look({ again: true }))).toEqual(first);
    const other = await store.open({ name: 'other', dimension: DIMENSION, fingerprint: 'g' });
    await other.upsert(records(0, COUNT).reverse());
    expect(placesOf(await look({ pictures: other, kept: undefined }))).toEqual(first);
  });

  it('is read and neither computed nor written again while the pictures are the same', async () => {
    const first = await look();
    expect(first.note).toBeUndefined();
    // A point that the file moves is moved: nothing is computed.
    await changeFile((file) => {
      const points = new Float32Array(new Uint8Array(Buffer.from(String(file.points), 'base64')).buffer);
      points[0] = 0.123;
      return { ...file, points: Buffer.from(points.buffer).toString('base64') };
    });
    const long = new Date('2020-01-01');
    await utimes(kept, long, long);
    const again = await look();
    const [moved] = again.points;
    expect(moved!.x).toBeCloseTo(0.123, 6);
    expect(without(placesOf(again), [moved!])).toEqual(without(placesOf(first), [moved!]));
    expect((await stat(kept)).mtimeMs).toBe(long.getTime());
  });

  it('places new pictures among their kind and moves no other by any bit', async () => {
    const first = placesOf(await look());
    const added = records(COUNT, COUNT + 6);
    await pictures.upsert(added);
    const grown = await look();
    expect(grown.note).toBe('6 new pictures joined the map; no other point moved.');
    expect(without(placesOf(grown), added)).toEqual(first);
    const at = new Map(grown.points.map((point) => [point.id, point]));
    for (const [n, { id }] of added.entries()) {
      const point = at.get(id)!;
      const [nearest] = grown.points
        .filter((other) => !added.some((one) => one.id === other.id))
        .sort((a, b) => Math.hypot(a.x - point.x, a.y - point.y) - Math.hypot(b.x - point.x, b.y - point.y));
      expect(Number(nearest!.id.slice(4)) % 5).toBe((COUNT + n) % 5);
    }
    const again = await look();
    expect(placesOf(again)).toEqual(placesOf(grown));
    expect(again.note).toBeUndefined();
  });

  it('shows a question where it showed it before', async () => {
    const first = await look({ query: question(777) });
    const again = await look({ query: question(777) });
    expect(queryPlace(again)).toBe(queryPlace(first));
  });

  it('leaves out pictures that have gone, and forgets them', async () => {
    const first = placesOf(await look());
    const gone = records(0, 20);
    await pictures.remove(gone.map(({ id }) => id));
    expect(placesOf(await look())).toEqual(without(first, gone));
    const text = await readFile(kept, 'utf8');
    for (const { id } of gone) expect(text).not.toContain(id);
    await pictures.upsert(gone.slice(0, 3));
    const back = await look();
    expect(without(placesOf(back), gone)).toEqual(without(first, gone));
    expect(back.note).toBe('3 new pictures joined the map; no other point moved.');
  });

  it('is laid out anew when too many have come since, also little by little, and says so', async () => {
    const first = placesOf(await look());
    let count = COUNT;
    let view = await look();
    for (const more of [20, 20, 20]) {
      await pictures.upsert(records(count, count + more));
      count += more;
      view = await look();
      const old = without(placesOf(view), records(COUNT, count));
      if (count - COUNT <= 0.3 * count) expect(old).toEqual(first);
      else expect(old).not.toEqual(first);
    }
    expect(view.note).toBe(
      'The map was laid out anew and all points moved: 60 of 180 pictures had come since the last time.',
    );
    expect((await look()).note).toBeUndefined();
  });

  it('of a share of the pictures keeps those it has when others come', async () => {
    const shown = placesOf(await look({ mostPoints: 80 }));
    expect(shown.size).toBe(80);
    await pictures.upsert(records(COUNT, COUNT + 6));
    const grown = await look({ mostPoints: 80 });
    expect(grown.note).toMatch(/^80 of 126 pictures are on this map: a fixed share, and every hit\./);
    const both = [...placesOf(grown)].filter(([id]) => shown.has(id));
    expect(both.length).toBeGreaterThanOrEqual(74);
    for (const [id, place] of both) expect(place).toBe(shown.get(id));
  });

  it('of vectors of another fingerprint is none', async () => {
    await look();
    const other = await store.open({ name: 'other', dimension: DIMENSION, fingerprint: 'g' });
    await other.upsert(records(0, 30));
    const view = await look({ pictures: other });
    expect(view.points).toHaveLength(30);
    expect(view.note).toBeUndefined();
  });

  it.each<[string, (text: string) => unknown, string]>([
    ['text', (text) => text.slice(0, 99), 'JSON'],
    ['a list', () => [1], 'it holds no map'],
    ['ids that are none', (text) => ({ ...JSON.parse(text), ids: [1, 2] }), 'its ids are none'],
    ['a row twice', (text) => ({ ...JSON.parse(text), ids: ['a', 'a'] }), 'it names a row twice'],
    ['too few points', (text) => ({ ...JSON.parse(text), points: 'AAAAAAAAAAA=' }), 'its points are none'],
    ['half a number', (text) => ({ ...JSON.parse(text), points: 'AAAA' }), 'its numbers are cut short'],
    [
      'points of no number',
      (text) => ({ ...JSON.parse(text), points: nan(2 * COUNT) }),
      'its points are none',
    ],
    ['no scale', (text) => ({ ...JSON.parse(text), size: 0 }), 'its scale is none'],
    ['more rows than it has', (text) => ({ ...JSON.parse(text), laid: 1e9 }), 'its number of rows is none'],
    [
      'rows to place by that are none',
      (text) => ({ ...JSON.parse(text), fitted: nan(3) }),
      'its layout is none',
    ],
  ])('is laid out anew from a broken file: %s', async (_, change, reason) => {
    const first = placesOf(await look());
    const broken = change(await readFile(kept, 'utf8'));
    await writeFile(kept, typeof broken === 'string' ? broken : JSON.stringify(broken));
    const view = await look();
    expect(view.note).toContain('The kept map could not be read (');
    expect(view.note).toContain(reason);
    expect(placesOf(view)).toEqual(first);
    expect((await look()).note).toBeUndefined();
  });

  it('is shown though it cannot be kept', async () => {
    await writeFile(join(room.folder, 'maps'), 'a file where a folder should be');
    const view = await look();
    expect(view.points).toHaveLength(COUNT);
    expect(view.note).toContain('The map could not be kept for the next time: ');
  });
});

function nan(count: number): string {
  return Buffer.from(new Float32Array(count).fill(Number.NaN).buffer).toString('base64');
}
