import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskArea } from '#lib/arithmetic/masks.js';
import { defineConfig } from '#lib/config.js';
import type { LookbookConfig, PictureCard } from '#lib/index.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { installColourWords } from './colour-words.js';

let room: Room;
const before = process.env.LOOKBOOK_MODELS;
beforeAll(async () => {
  room = await openRoom();
  const models = join(room.folder, 'models');
  await installColourWords(models, 'colour-words');
  process.env.LOOKBOOK_MODELS = models;
  await room.draw('one.png', '#f00');
  await room.draw('two.png', '#00f');
});
afterAll(async () => {
  if (before === undefined) delete process.env.LOOKBOOK_MODELS;
  else process.env.LOOKBOOK_MODELS = before;
  await room.clear();
});

describe('the config', () => {
  it('names no highlighter by default, and LOOKBOOK_HIGHLIGHTER wins over the cell', () => {
    expect(defineConfig({}, {}).highlighter).toBeNull();
    expect(defineConfig({ highlighter: 'a' }, { LOOKBOOK_HIGHLIGHTER: 'b' }).highlighter).toBe('b');
    expect(defineConfig({ highlighter: 'a' }, { LOOKBOOK_HIGHLIGHTER: 'none' }).highlighter).toBeNull();
    expect(() => defineConfig({ highlighter: '' }, {})).toThrow(
      /highlighter is "", expected a name in models/,
    );
  });
});

/** The card of the red disc, as an answer to a question. */
async function redCard(config: LookbookConfig): Promise<PictureCard> {
  await room.index(config);
  const book = await room.open(config);
  try {
    const cards = await book.cards(await book.search('red', { k: 2 }));
    return cards.find(({ path }) => path.endsWith('one.png'))!;
  } finally {
    await book.close();
  }
}

describe('the card of a hit', () => {
  it('shows where its words are meant when no segment was stored and a highlighter is named', async () => {
    const card = await redCard({ segmenter: null, highlighter: 'colour-words' });
    const [outline, ...others] = card.outlines;
    expect(others).toEqual([]);
    expect(outline!.label).toBe('red');
    expect([outline!.mask.width, outline!.mask.height]).toEqual([card.width, card.height]);
    // A disc of radius 30 on 96 × 96.
    expect(Math.abs(maskArea(outline!.mask) - (Math.PI * 30 ** 2) / 96 ** 2)).toBeLessThan(0.06);
    expect(card.why).toMatch(/; drawn is where "red" may be meant$/);
  });

  it('comes without a highlighter that does not open, and says why', async () => {
    const card = await redCard({ segmenter: null, highlighter: 'nobody' });
    expect(card.outlines).toEqual([]);
    expect(card.why).toMatch(/; nothing is pointed out: \[models\] no model of that name: got "nobody"/);
    // Where a stored segment answers there was nothing to point out.
    expect((await redCard({ highlighter: 'nobody' })).why).not.toContain('pointed out');
  });

  it('is not made once its lookbook is closed, which would open a highlighter that nobody closes', async () => {
    const config = { segmenter: null, highlighter: 'colour-words' };
    await room.index(config);
    const book = await room.open(config);
    const result = await book.search('red', { k: 2 });
    await book.close();
    await expect(book.cards(result)).rejects.toThrow('colour-words was closed with its lookbook');
  });

  it('shows nothing without one', async () => {
    const card = await redCard({ segmenter: null });
    expect(card.outlines).toEqual([]);
    expect(card.why).not.toMatch(/meant/);
  });

  it('shows the stored segment where one answers', async () => {
    const card = await redCard({ highlighter: 'colour-words' });
    expect(card.outlines.length).toBeGreaterThan(0);
    expect(card.why).not.toMatch(/meant/);
  });
});
