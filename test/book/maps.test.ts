import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Lookbook, LookbookError, type MapView, map } from '#lib/index.js';
import { derivedPath, projectPath } from '#lib/paths.js';
import { openRoom, type Room } from '../indexing/pictures.js';

let room: Room;
let book: Lookbook;

beforeAll(async () => {
  room = await openRoom('chroma');
  await cp(projectPath('images/park'), join(room.images, 'park'), { recursive: true });
  book = await room.open();
  await book.index();
}, 240_000);
afterAll(async () => {
  await book?.close();
  await room?.clear();
});
afterEach(() => {
  delete process.env.LOOKBOOK_RUN_FACTS;
});

const plain = ({ points }: MapView): MapView['points'] => points.filter(({ kind }) => kind !== 'query');

const places = (view: MapView): Map<string, string> =>
  new Map(plain(view).map(({ id, x, y }) => [id, `${x} ${y}`]));

/** The file that an address leads to from a folder. */
const fileAt = (folder: string, address: string | undefined): string =>
  resolve(folder, decodeURI(address ?? 'no address'));

const own = async (ending: string): Promise<string[]> =>
  (await readdir(derivedPath('maps')))
    .filter((name) => name.startsWith(`${room.config.name}-`) && name.endsWith(ending))
    .sort();

describe('the map of a lookbook', { timeout: 240_000 }, () => {
  it('shows every picture, or every segment, and colours by clusters at first, where there are any', async () => {
    const pictures = await book.explore({ page: false });
    expect(pictures.points).toHaveLength(24);
    expect(pictures.page).toBeUndefined();
    expect(pictures.sprite!.count).toBe(24);
    const segments = await book.explore({ of: 'segments', page: false });
    expect(segments.points.length).toBeGreaterThan(30);
    expect(segments.points.every(({ label }) => typeof label === 'string')).toBe(true);
    // Whether so few pictures form groups is the model's to say.
    for (const { colourBy, fields } of [pictures, segments])
      expect(colourBy).toBe(fields?.some(({ name }) => name === 'cluster') ? 'cluster' : undefined);
    expect([pictures.colourBy, segments.colourBy]).toContain('cluster');
    const sizes = await book.explore({ colourBy: 'file size', page: false });
    expect(sizes.colourBy).toBe('file size');
  });

  it.each<[string, object]>([
    ['words', { text: 'fox' }],
    ['several words', { terms: ['fox', { text: 'tree', weight: 0.5 }] }],
    ['a picture', { like: '' }],
  ])('tells of each picture the relevance that a search for %s tells', async (_, asked) => {
    const query = 'like' in asked ? { like: await book.example() } : asked;
    const all = await book.search({ ...query, match: 'full', minRelevance: 0, collapse: false }, { k: 100 });
    expect(all.hits).toHaveLength(24);
    const few = await book.search({ ...query, match: 'full', minRelevance: 0 }, { k: 1 });
    const view = await book.explore({ query: few, page: false });
    const told = new Map(view.points.map(({ id, relevance }) => [id, relevance]));
    for (const { imageId, relevance } of all.hits) expect(told.get(imageId)).toBeCloseTo(relevance, 4);
    expect(view.fields!.map(({ name }) => name)).toContain('relevance to the query');
  });

  it('has a page of its own that notebooks and their executed pages reach by its address', async () => {
    const view = await book.explore();
    const page = fileAt(projectPath('notebooks'), view.page);
    expect(page.startsWith(derivedPath('maps'))).toBe(true);
    const text = await readFile(page, 'utf8');
    expect(text).toContain('<title>24 pictures</title>');
    expect(map(view)).toContain(`href="${view.page}"`);
    expect(map(view).length).toBeLessThan(1e6);

    const folder = join(room.folder, 'deep', 'down', 'run');
    process.env.LOOKBOOK_RUN_FACTS = folder;
    const run = await book.explore();
    expect(run.page).toBe(relative(folder, page));
    const asked = await book.explore({ query: await book.search('fox') });
    expect(fileAt(folder, asked.page)).not.toBe(page);
  });

  it('writes its page where that is asked, and goes on without one that cannot be written', async () => {
    const path = join(room.folder, 'own', 'my map.html');
    const view = await book.explore({ page: path });
    expect((await stat(path)).size).toBeGreaterThan(1e6);
    expect(fileAt(projectPath('notebooks'), view.page)).toBe(path);
    await writeFile(join(room.folder, 'file'), '');
    const bare = await book.explore({ page: join(room.folder, 'file', 'map.html') });
    expect(bare.page).toBeUndefined();
    expect(bare.note).toContain("The map's own page could not be written: ");
    expect(bare.points).toHaveLength(24);
  });

  it('keeps the newest ten pages', async () => {
    for (let most = 100; most < 112; most++) await book.explore({ mostPoints: most, mostTiles: 0 });
    expect(await own('.html')).toHaveLength(10);
    const last = await book.explore({ mostPoints: 111, mostTiles: 0 });
    await expect(stat(fileAt(projectPath('notebooks'), last.page))).resolves.toBeDefined();
  });

  it('stays where it is when pictures come and go, in a session and after it', async () => {
    const first = places(await book.explore({ page: false }));
    await cp(projectPath('images/kitchen'), join(room.images, 'kitchen'), { recursive: true });
    const names = await readdir(join(room.images, 'kitchen'));
    for (const name of names.slice(2)) await rm(join(room.images, 'kitchen', name));
    await book.index();
    const grown = await book.explore({ page: false });
    expect(grown.note).toBe('2 new pictures joined the map; no other point moved.');
    for (const [id, place] of first) expect(places(grown).get(id)).toBe(place);
    await book.close();
    book = await room.open();
    expect(places(await book.explore({ page: false }))).toEqual(places(grown));
    await rm(join(room.images, 'kitchen'), { recursive: true });
    await mkdir(join(room.images, 'kitchen'));
    await book.index();
    expect(places(await book.explore({ page: false }))).toEqual(first);
    expect(await own('.json')).toHaveLength(2);
  });

  it('refuses what is no way to make a map, all of it at once', async () => {
    const wrong = { of: 'videos', query: '', mostPoints: 0, mostTiles: 1e6, page: 'a.png', color: 'red' };
    const refused = await book.explore(wrong as object).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LookbookError);
    expect(String(refused)).toBe(
      'LookbookError: [map] no map can be made so: got of is "videos", expected pictures or segments; query is "", expected what a search gave: await book.search(…); mostPoints is 0, expected 1 to 1000000; mostTiles is 1000000, expected 0 to 4096; page is "a.png", expected true, false, or a path that ends in .html; unknown fields color, expected an object of of, query, colourBy, mostPoints, mostTiles, page, again, signal, onProgress. Every part may be left out.',
    );
  });

  it('stops when it is called off', async () => {
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new Error('enough'));
    await expect(book.explore({ again: true, signal: stop.signal, onProgress })).rejects.toThrow('enough');
  });
});
