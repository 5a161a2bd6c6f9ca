import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clustersOf,
  clustersTable,
  coverageTable,
  type Lookbook,
  outliersGallery,
  selection,
} from '#lib/index.js';
import { openRoom, type Room } from '../indexing/pictures.js';

const demo = new URL('../../images/', import.meta.url).pathname;
const TAKEN = [
  'park/0001.jpg',
  'kitchen/0001.jpg',
  'travel/0001.jpg',
  'sea/0003.jpg',
  'home/0001.jpg',
  'sea/0001.jpg',
];

let room: Room;
let book: Lookbook;

beforeAll(async () => {
  room = await openRoom();
  for (const path of TAKEN) await copyFile(join(demo, path), join(room.images, path.replace('/', '-')));
  book = await room.open();
  await book.index();
}, 120_000);
afterAll(async () => {
  await book.close();
  await room.clear();
});

describe('coverage', () => {
  it('says which words have a picture, and what comes nearest where none answers', async () => {
    const shares: number[] = [];
    const found = await book.coverage(['fox', 'municipal bond yield', 'pizza'], {
      onProgress: (share) => shares.push(share),
    });
    const [fox, bonds, pizza] = found.lines;
    expect(fox).toMatchObject({ word: 'fox', best: { path: join(room.images, 'park-0001.jpg') } });
    expect(pizza!.best!.path).toBe(join(room.images, 'kitchen-0001.jpg'));
    expect(fox!.answers).toBeGreaterThan(0);
    expect(bonds).toMatchObject({ answers: 0, best: { relevance: expect.any(Number) } });
    expect(fox!.best!.relevance).toBeGreaterThan(bonds!.best!.relevance);
    expect(shares.at(-1)).toBe(1);
    const cards = await book.cards(found);
    expect(cards.map(({ path }) => path)).toEqual(found.lines.map(({ best }) => best!.path));
    expect(Math.max(...cards.map(({ width, height }) => Math.max(width, height)))).toBe(144);
    const table = coverageTable(found, cards);
    expect(table).toContain('1 word of 3 has no picture here.');
    expect(table.indexOf('municipal')).toBeLessThan(table.indexOf('>fox<'));
  });

  it('is not asked of no words, blank ones or the same twice: one sentence', async () => {
    await expect(book.coverage([])).rejects.toThrow(/an empty list/);
    await expect(book.coverage(['fox', ' ', 'fox'])).rejects.toThrow(
      /1 of 3 that are blank.*; fox more than once/,
    );
    await expect(book.coverage(['fox'], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});

describe('cards of what is named by ids', () => {
  it('are whole pictures, or pictures with the one segment drawn on them; what has gone is grey', async () => {
    const view = await book.explore({ of: 'segments', page: false });
    const { ids } = selection(
      view.points
        .slice(0, 2)
        .map(({ title, id }) => `${title} #${id}`)
        .join('\n'),
      view,
    );
    const cards = await book.cards({ ids: [...ids, ids[0]!.split(':')[0]!, 'gone'] });
    expect(cards.map(({ outlines }) => outlines.length)).toEqual([1, 1, 0, 0]);
    expect(cards[0]!.width).toBeGreaterThan(144);
    expect(cards[3]!.path).toBe('gone');
  });

  it('are small for clusters, and of a segment they are what its box holds', async () => {
    const view = await book.explore({ of: 'segments', page: false });
    const [point] = view.points;
    const clusters = [{ name: 'all', ids: [point!.id], examples: [point!.id] }];
    const [card] = await book.cards({ clusters, scattered: [], ids: [point!.id] });
    expect(Math.max(card!.width, card!.height)).toBeLessThanOrEqual(144);
    expect(card!.path).toBe(point!.title);
    expect(clustersTable({ clusters, scattered: [], ids: [point!.id] }, [card!])).toContain(
      'data:image/jpeg',
    );
    expect(clustersTable(clustersOf(view))).toContain('No clusters');
  });

  it('of outliers stand in a gallery with how far they are', async () => {
    const lonely = await book.outliers({ most: 2 });
    const markup = outliersGallery(lonely, await book.cards(lonely));
    expect(markup).toContain('2 pictures like no other');
    expect(markup).toContain(`distance ${lonely.outliers[0]!.distance.toFixed(2)}`);
  });
});
