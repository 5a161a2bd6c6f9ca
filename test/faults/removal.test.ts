import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IndexReport, type Lookbook, type LookbookConfig, openLookbook } from '#lib/index.js';
import { openRoom, type Room } from '../indexing/pictures.js';

const PICTURES = 24;

let room: Room;
let book: Lookbook;
beforeEach(async () => {
  room = await openRoom();
  for (let n = 0; n < PICTURES; n++)
    await room.draw(n < PICTURES / 2 ? `${n}.png` : `usb/${n}.png`, `hsl(${(n * 137) % 360}, 80%, 45%)`);
  book = await openLookbook({ ...room.config, segmenter: null });
  await book.index();
});
afterEach(async () => {
  await book.close();
  await room.clear();
});

async function remove(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++)
    await rm(join(room.images, n < PICTURES / 2 ? `${n}.png` : `usb/${n}.png`), { force: true });
}

async function standing(): Promise<number> {
  const [pictures] = await book.collections();
  return pictures!.count;
}

/** Removal is meant. */
async function indexAnyway(more: LookbookConfig = {}): Promise<IndexReport> {
  await book.close();
  book = await openLookbook({ ...room.config, segmenter: null, allowRemoval: true, ...more });
  return book.index();
}

/**
 * Beside the laws of test/indexing/indexing.test.ts. Each turns red without its part of lib/indexing/places.ts (doubtOf,
 * `>=` for half, `emptied`), the missing link without `andAbove` in lib/indexing/plan.ts.
 */
describe('nothing is removed that may only be away', () => {
  it('however many of the files are gone: less than half go, from half on none', async () => {
    await remove(0, 11);
    expect(await book.index()).toMatchObject({ removed: 11 });
    for (let n = 0; n < 11; n++) await room.draw(`${n}.png`, `hsl(${(n * 137) % 360}, 80%, 45%)`);
    await book.index();
    for (let gone = PICTURES / 2; gone <= PICTURES; gone += 4) {
      await remove(0, gone);
      expect(await book.index()).toMatchObject({ removed: 0, kept: PICTURES - gone });
      expect(await standing()).toBe(PICTURES);
    }
    expect(await indexAnyway()).toMatchObject({ removed: PICTURES });
    expect(await standing()).toBe(0);
  });

  it('from a folder below whose disk is not mounted: it is there, and empty', async () => {
    for (let n = 0; n < PICTURES; n++) await room.draw(`more-${n}.png`, `hsl(${n * 15}, 50%, 70%)`);
    await book.index();
    await remove(PICTURES / 2, PICTURES);
    const report = await book.index();
    expect(report).toMatchObject({ removed: 0 });
    expect(report.notes.join(' ')).toMatch(/usb is empty now, 10 pictures or more lay there/);
    expect(await indexAnyway()).toMatchObject({ removed: PICTURES / 2 });
  });

  it('from a link to a disk that is not there, even where removal is allowed', async () => {
    const away = join(room.folder, 'disk');
    await rename(join(room.images, 'usb'), away);
    await symlink(away, join(room.images, 'usb'));
    await book.index();
    await rename(away, `${away}-unplugged`);
    expect(await indexAnyway()).toMatchObject({ removed: 0, kept: PICTURES / 2 });
    expect(await standing()).toBe(PICTURES);
    await rename(`${away}-unplugged`, away);
    expect(await book.index()).toMatchObject({ added: 0, kept: PICTURES });
  });

  it('from a source that is missing beside one that is not, even where removal is allowed', async () => {
    const other = join(room.folder, 'other');
    await mkdir(other);
    await room.draw('../other/one.png', 'tomato');
    const images = [room.images, other];
    await indexAnyway({ images });
    await rename(room.images, `${room.images}-unplugged`);
    expect(await indexAnyway({ images })).toMatchObject({ removed: 0, kept: 1 });
    expect(await standing()).toBe(PICTURES + 1);
  });
});
