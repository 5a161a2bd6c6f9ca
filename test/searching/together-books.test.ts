import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Lookbook,
  type LookbookConfig,
  LookbookError,
  openLookbook,
  type Query,
  together,
} from '#lib/index.js';
import { projectPath } from '#lib/paths.js';
import { installColourWords } from '../highlighters/colour-words.js';
import { drawing } from '../indexing/pictures.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-together-'));
const before = process.env.LOOKBOOK_MODELS;
/** The park with its segments; park, kitchen and a blue disc as whole pictures, with a highlighter. */
let park: Lookbook;
let both: Lookbook;

async function filled(config: LookbookConfig): Promise<Lookbook> {
  const book = await openLookbook({ chroma: 'memory:', masks: join(folder, 'masks'), ...config });
  await book.index();
  return book;
}

beforeAll(async () => {
  const models = join(folder, 'models');
  await installColourWords(models, 'colour-words');
  process.env.LOOKBOOK_MODELS = models;
  const discs = join(folder, 'discs');
  await mkdir(discs);
  await writeFile(join(discs, 'blue.png'), await drawing('#00f'));
  park = await filled({ name: 'park', images: 'images/park' });
  both = await filled({
    name: 'both',
    images: ['images/park', 'images/kitchen', discs],
    segmenter: null,
    highlighter: 'colour-words',
  });
}, 120_000);
afterAll(async () => {
  await Promise.all([park?.close(), both?.close()]);
  if (before === undefined) delete process.env.LOOKBOOK_MODELS;
  else process.env.LOOKBOOK_MODELS = before;
  rmSync(folder, { recursive: true });
});

describe('several lookbooks', () => {
  it.each<[unknown, string]>([
    [null, 'it is no text and no object'],
    [{ all: 5 }, 'all is 5, expected a list'],
    [{ terms: [null] }, 'terms[0] is null'],
    [{ text: 'fox', without: [7], k: 0 }, 'k is 0'],
    [{ txt: 'fox' }, 'unknown fields txt'],
  ])('refuse %j with the sentence of one', async (query, reason) => {
    const refused = await together([park, both])
      .search(query as Query)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LookbookError);
    expect(String(refused)).toContain(reason);
  });

  it.each<[Query, string]>([
    [{ like: 'abc' }, 'like, an id of one index'],
    [{ all: ['fox', { like: 'abc' }] }, 'like, an id of one index'],
    [{ text: 'fox', without: [{ like: 'abc' }] }, 'like, an id of one index'],
    [{ text: 'fox', offset: 3 }, 'offset, a place in the list of one index'],
  ])('do not know %j, which means something in one index alone', async (query, reason) => {
    await expect(together([park, both]).search(query)).rejects.toThrow(reason);
  });

  it('show a picture that two of them hold once, where it answers best', async () => {
    const found = await together([park, both]).search({ text: 'fox', minRelevance: 0, offset: 0 }, { k: 48 });
    const ids = found.hits.map(({ imageId }) => imageId);
    expect(new Set(ids).size).toBe(ids.length);
    const [alone, whole] = await Promise.all([
      park.search({ text: 'fox', minRelevance: 0, k: 48 }),
      both.search({ text: 'fox', minRelevance: 0, k: 48 }),
    ]);
    for (const { imageId, relevance } of found.hits) {
      const each = [...alone.hits, ...whole.hits].filter((hit) => hit.imageId === imageId);
      expect(relevance).toBe(Math.max(...each.map((hit) => hit.relevance)));
    }
  });

  it('keep what the card of each says, behind its source', async () => {
    const asked = together([park, both]);
    const found = await asked.search({ text: 'blue', minRelevance: 0 }, { k: 49 });
    const cards = await asked.cards(found);
    expect(cards.map(({ rank }) => rank)).toEqual(found.hits.map((_, index) => index + 1));
    for (const [index, { why }] of cards.entries())
      expect(why!.startsWith(`${found.hits[index]!.source}: ${found.hits[index]!.why}`)).toBe(true);
    const pointed = cards.filter(({ why }) => why!.includes('drawn is where "blue" may be meant'));
    expect(pointed.length).toBeGreaterThan(0);
    expect(pointed.every(({ why }) => why!.startsWith('both · pictoclip: '))).toBe(true);
  });

  it('show what a preparation made of the query picture, once', async () => {
    const image = projectPath('images/park/0003.jpg');
    const { prepared } = await together([park, both]).search({ image, prepare: { enhance: true }, k: 2 });
    expect(prepared).toHaveLength(1);
    expect(prepared![0]!.before).not.toEqual(prepared![0]!.after);
  });
});
