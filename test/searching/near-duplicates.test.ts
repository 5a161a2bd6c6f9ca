import { copyFile, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edited } from '#lib/decoders/image.js';
import type { Hit, Lookbook, Query } from '#lib/index.js';
import { projectPath } from '#lib/paths.js';
import { openRoom, type Room } from '../indexing/pictures.js';

let room: Room;
let book: Lookbook;

beforeAll(async () => {
  room = await openRoom();
  for (const name of ['0001.jpg', '0002.jpg', '0003.jpg', '0004.jpg', '0005.jpg'])
    await copyFile(projectPath(`images/park/${name}`), join(room.images, name));
  await room.write('half.jpg', await edited(await readFile(join(room.images, '0003.jpg')), { scale: 0.5 }));
  book = await room.open();
  await book.index();
});
afterAll(async () => {
  await book.close();
  await room.clear();
});

const ask = async (query: Query): Promise<Hit[]> => (await book.search({ minRelevance: 0, ...query })).hits;
const nameOf = ({ paths }: Pick<Hit, 'paths'>): string => basename(paths[0]!);

describe('the same picture at two sizes', () => {
  it('is one hit that names the other', async () => {
    const hits = await ask({ text: 'fox', k: 6 });
    expect(hits).toHaveLength(5);
    const together = hits.flatMap((hit) =>
      hit.copies ? [[nameOf(hit), ...hit.copies.map(nameOf)].sort()] : [],
    );
    expect(together).toEqual([['0003.jpg', 'half.jpg']]);
  });

  it('is two hits where it is not to be put together', async () => {
    const hits = await ask({ text: 'fox', k: 6, collapse: false });
    expect(hits).toHaveLength(6);
    expect(hits.map(nameOf)).toEqual(expect.arrayContaining(['0003.jpg', 'half.jpg']));
    expect(hits.every(({ copies }) => copies === undefined)).toBe(true);
  });

  it('takes no place of another picture, whatever the number of hits', async () => {
    for (const k of [1, 2, 3, 5]) {
      const hits = await ask({ text: 'fox', k });
      expect(hits).toHaveLength(k);
      const named = hits.flatMap((hit) => [nameOf(hit), ...(hit.copies ?? []).map(nameOf)]);
      expect(new Set(named).size).toBe(named.length);
    }
  });

  it('tells its card how many stand behind it', async () => {
    const cards = await book.cards(await book.search({ text: 'fox', k: 6, minRelevance: 0 }));
    expect(cards.flatMap(({ copies }) => copies ?? [])).toEqual([1]);
  });
});
