import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRunFacts } from '#lib/notebook/run-facts.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-facts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const leave = (name: string, value: unknown): Promise<void> =>
  writeFile(join(folder, name), JSON.stringify(value));
const stages = { scan: 1, decode: 2, segment: 3, encode: 4, store: 5 };
const index = { report: { imagesPerSecond: 12, stages }, pictures: 3, segments: 7 };
const words = { query: { text: 'fox' }, title: 'fox', hits: [{ imageId: 'a' }] };
const picture = { query: { image: 'b.jpg' }, title: 'like b.jpg', hits: [{ imageId: 'b' }] };
const silent = { query: { text: 'fox' }, title: 'fox', hits: [] };

it('what an earlier run left is not of this one', async () => {
  await leave('last-index.json', index);
  const facts = createRunFacts(folder);
  facts.look();
  expect(facts.summary()).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  ['answers to words before answers to a picture', [words, picture], 'fox'],
  ['answers to a picture before words without answers', [silent, picture], 'like b.jpg'],
  ['words without answers before nothing', [silent], 'fox'],
])('tells %s', async (_, searches, title) => {
  const facts = createRunFacts(folder);
  await leave('last-index.json', index);
  for (const search of searches) {
    await leave('last-search.json', search);
    facts.look();
  }
  expect(facts.summary()).toMatchObject({
    pictures: 3,
    segments: 7,
    imagesPerSecond: 12,
    stages,
    query: title,
  });
});
