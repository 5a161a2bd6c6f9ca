import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { edited } from '#lib/decoders/image.js';
import { duplicates } from '#lib/exploring/duplicates.js';
import { duplicatesTable } from '#lib/index.js';
import { openEncoder } from '#lib/models/families.js';
import { openStore } from '#lib/stores/open-store.js';
import type { Duplicates, Encoder, VectorCollection, VectorStore } from '#lib/types.js';
import { openRoom, type Room } from '../indexing/pictures.js';

const demo = new URL('../../images/', import.meta.url).pathname;
const DIFFERENT = ['home/0001.jpg', 'home/0003.jpg', 'kitchen/0001.jpg', 'park/0001.jpg'];

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.clear());

async function takeDemo(...paths: string[]): Promise<void> {
  for (const path of paths) await copyFile(join(demo, path), join(room.images, path.replace('/', '-')));
}

async function edit(from: string, to: string, how: Parameters<typeof edited>[1]): Promise<void> {
  await room.write(to, await edited(await readFile(join(room.images, from)), how));
}

async function look(): Promise<Duplicates> {
  const book = await room.open({ segmenter: null });
  try {
    await book.index();
    return await book.duplicates();
  } finally {
    await book.close();
  }
}

function names({ groups }: Duplicates): string[][] {
  return groups.map(({ pictures }) =>
    pictures.flatMap(({ paths }) => paths.map((path) => path.slice(room.images.length + 1))),
  );
}

describe('duplicates', () => {
  it('of different pictures are none', async () => {
    await takeDemo(...DIFFERENT);
    const found = await look();
    expect(found).toMatchObject({ groups: [], pictures: DIFFERENT.length, notes: [] });
  });

  it('hold equal files as one picture with its paths, and what their copies take', async () => {
    await takeDemo(...DIFFERENT);
    await copyFile(join(room.images, 'home-0001.jpg'), join(room.images, 'again.jpg'));
    const { groups } = await look();
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ kind: 'exact', spare: groups[0]!.pictures[0]!.facts.bytes });
    expect(groups[0]!.pictures[0]!.paths).toHaveLength(2);
    expect(groups[0]!.keep).toBe(groups[0]!.pictures[0]!.paths[0]);
  });

  it('hold a picture with its edits, the largest to keep, and nothing else', async () => {
    await takeDemo(...DIFFERENT);
    await edit('home-0001.jpg', 'half.png', { scale: 0.5 });
    await edit('home-0001.jpg', 'cut.jpg', { crop: { share: 0.95 }, quality: 90 });
    await edit('park-0001.jpg', 'warm.jpg', { gains: [1.1, 1, 0.9], quality: 40 });
    const found = await look();
    const groups = names(found).map((group) => [group[0], ...group.slice(1).sort()]);
    expect(groups.sort()).toEqual([
      ['home-0001.jpg', 'cut.jpg', 'half.png'],
      ['park-0001.jpg', 'warm.jpg'],
    ]);
    for (const { kind, pictures, keep } of found.groups) {
      expect(kind).toBe('near');
      expect(keep).toBe(pictures[0]!.paths[0]);
      const centres = pictures.filter(({ distance }) => distance!.bits === 0 && distance!.cosine === 1);
      expect(centres.length).toBeGreaterThan(0);
      for (const { distance } of pictures) {
        expect(distance!.bits).toBeLessThanOrEqual(found.limits.bits);
        expect(distance!.cosine).toBeGreaterThanOrEqual(found.limits.cosine);
      }
    }
  });

  it('have cards in the order of their pictures, and a table', async () => {
    await takeDemo(...DIFFERENT);
    await edit('home-0001.jpg', 'half.png', { scale: 0.5 });
    const book = await room.open({ segmenter: null });
    await book.index();
    const found = await book.duplicates({ kind: 'near' });
    const cards = await book.cards(found);
    await book.close();
    expect(cards.map(({ path }) => path.split('/').at(-1))).toEqual(['home-0001.jpg', 'half.png']);
    expect(duplicatesTable(found, cards).match(/<img /g)).toHaveLength(2);
  });

  it('cannot be looked for with limits that are none: all are named at once', async () => {
    const book = await room.open({ segmenter: null });
    await expect(book.duplicates({ bits: 65, cosine: Number.NaN })).rejects.toThrow(
      /bits is 65, expected 0 to 64; cosine is NaN, expected −1 to 1/,
    );
    expect(await book.duplicates()).toMatchObject({ groups: [], pictures: 0 });
    await book.close();
  });
});

describe('an index from before there were hashes', () => {
  let encoder: Encoder;
  let store: VectorStore;
  let pictures: VectorCollection;
  const find = (options = {}): Promise<Duplicates> =>
    duplicates(
      { encoder, pictures, allowPrivateUrls: false, locate: ({ root, path }) => join(root, path) },
      options,
    );
  const hashes = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const page of pictures.pages()) found.push(...page.map(({ metadata }) => metadata.phash));
    return found;
  };

  beforeEach(async () => {
    await takeDemo(...DIFFERENT);
    await edit('home-0001.jpg', 'half.png', { scale: 0.5 });
    const book = await room.open({ segmenter: null });
    await book.index();
    const [collection] = (await book.collections()).filter(({ facts }) => facts.of === 'pictures');
    await book.close();
    encoder = await openEncoder('pictoclip', { device: 'cpu' });
    store = await openStore(room.config.chroma!);
    pictures = await store.open(collection!);
  });
  afterEach(async () => {
    await Promise.all([encoder.close(), store.close()]);
  });

  it('gets the same hashes from its files, once', async () => {
    const before = await hashes();
    const ids: string[] = [];
    for await (const page of pictures.pages()) ids.push(...page.map(({ id }) => id));
    const asBefore = await find();
    await pictures.setMetadata(ids.map((id) => ({ id, metadata: { phash: null } })));
    expect(await hashes()).toEqual(ids.map(() => undefined));
    expect(await find()).toEqual(asBefore);
    expect(asBefore.groups).toHaveLength(1);
    expect(await hashes()).toEqual(before);
    await rm(room.images, { recursive: true });
    expect(await find()).toEqual(asBefore); // nothing is read again
  });

  it('says how many pictures have gone or changed since, and compares the others', async () => {
    const ids: string[] = [];
    for await (const page of pictures.pages()) ids.push(...page.map(({ id }) => id));
    await pictures.setMetadata(ids.map((id) => ({ id, metadata: { phash: null } })));
    await rm(join(room.images, 'park-0001.jpg'));
    await copyFile(join(room.images, 'half.png'), join(room.images, 'home-0003.jpg'));
    const { groups, notes } = await find();
    expect(groups).toHaveLength(1);
    expect(notes).toEqual(['2 pictures could not be compared: indexed without a hash, and gone since.']);
  });

  it('is left as it is when the search is called off', async () => {
    await expect(find({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('of an encoder that nobody measured is compared more strictly, and says so', async () => {
    const { duplicates: _, ...unmeasured } = encoder;
    encoder = { ...unmeasured, embed: encoder.embed.bind(encoder), close: encoder.close.bind(encoder) };
    const { limits, notes } = await find();
    expect(limits.bits).toBeLessThan(16);
    expect(notes[0]).toMatch(/Nobody has measured/);
  });
});
