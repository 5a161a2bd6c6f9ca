import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hit, type Lookbook, openLookbook, type Query, together } from '#lib/index.js';
import { projectPath } from '#lib/paths.js';

const truth: { pictures: { path: string; objects: { label: string }[] }[] } = JSON.parse(
  await readFile(projectPath('test/fixtures/demo-truth.json'), 'utf8'),
);
const folder = mkdtempSync(join(tmpdir(), 'lookbook-search-'));
let book: Lookbook;

/** The path below images/, for the truth. */
const pathOf = (hit: Hit | undefined): string => hit?.paths[0]?.split('/').slice(-2).join('/') ?? 'nothing';
const labelsIn = (hit: Hit | undefined): string[] =>
  truth.pictures.find(({ path }) => path === pathOf(hit))?.objects.map(({ label }) => label) ?? [];
const ask = async (query: string | Query): Promise<Hit[]> => (await book.search(query)).hits;

beforeAll(async () => {
  book = await openLookbook({
    name: 'ways-of-asking',
    images: ['images/park', 'images/sea'],
    chroma: 'memory:',
    masks: join(folder, 'masks'),
  });
  await book.index();
}, 120_000);

afterAll(async () => {
  await book.close();
  rmSync(folder, { recursive: true });
});

describe('asking', () => {
  it('all: different segments of one picture answer each thing, and say which', async () => {
    const hits = await ask({ all: ['fox', 'mushroom'] });
    expect(pathOf(hits[0])).toBe('park/0003.jpg');
    const [fox, mushroom] = hits[0]!.evidence.segments;
    expect([fox!.answers, mushroom!.answers]).toEqual(['fox', 'mushroom']);
    expect(fox!.segmentId).not.toBe(mushroom!.segmentId);
    expect(hits[0]!.why).toMatch(/^fox: .*; mushroom: /);
  });

  it('a relation holds of the boxes of what answers, and the other way round finds others', async () => {
    const all = ['fox', 'mushroom'];
    const sides = await Promise.all(
      (['left of', 'right of'] as const).map((relation) => ask({ all, relation, minRelevance: 0 })),
    );
    for (const [side, hits] of sides.entries()) {
      for (const { evidence } of hits) {
        const [first, second] = evidence.segments.map(({ bbox }) => bbox.x + bbox.width / 2);
        expect(Math.sign(first! - second!)).toBe(side === 0 ? -1 : 1);
      }
    }
    const right = sides.map((hits) => hits.findIndex((hit) => pathOf(hit) === 'park/0003.jpg'));
    expect(right.filter((index) => index === 0)).toHaveLength(1);
  });

  it('without: what holds it is left out, and the rest stays', async () => {
    const plain = await ask('bicycle');
    const without = await ask({ text: 'bicycle', without: ['umbrella'] });
    expect(plain.map(pathOf)).toContain('park/0024.jpg');
    expect(without.map(pathOf)).not.toContain('park/0024.jpg');
    expect(labelsIn(without[0])).toContain('bicycle');
    expect(without[0]!.explanation).toBeUndefined();
  });

  it('like: a picture finds itself first, a segment the same thing elsewhere', async () => {
    const [fox] = await ask('fox');
    expect((await ask({ like: fox!.imageId }))[0]!.imageId).toBe(fox!.imageId);
    const parts = await ask({ like: fox!.evidence.segments[0]!.segmentId, match: 'partial' });
    expect(parts[0]!.evidence.segments[0]!.segmentId).toBe(fox!.evidence.segments[0]!.segmentId);
    expect(labelsIn(parts[1])).toContain('fox');
  });

  it('a region asks for what it shows and not for what stands beside it', async () => {
    const image = projectPath('images/park/0003.jpg');
    const [fox] = await ask({ text: 'fox', where: { name: '0003.jpg' } });
    const { x, y, width, height } = fox!.evidence.segments[0]!.bbox;
    const box = await ask({ image, region: { x, y, width, height } });
    const corners = [
      [x, y],
      [x + width, y],
      [x + width, y + height],
      [x, y + height],
    ] as const;
    const polygon = await ask({ like: fox!.imageId, region: { polygon: corners } });
    for (const hits of [box, polygon])
      expect(hits.slice(0, 2).map(pathOf)).toEqual(['park/0003.jpg', 'park/0001.jpg']);
  });

  it('the region of a picture that EXIF turns is counted on the upright picture', async () => {
    const bytes = await readFile(projectPath('images/park/0003.jpg'));
    const turned = await sharp(bytes)
      .rotate(-90)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer();
    const { autoOrient } = await sharp(turned).metadata();
    const { width: full } = await sharp(bytes).metadata();
    expect(autoOrient.width).toBe(full);
    const [fox] = await ask({ text: 'fox', where: { name: '0003.jpg' } });
    const region = fox!.evidence.segments[0]!.bbox;
    const [upright] = [await ask({ image: bytes, region })];
    expect((await ask({ image: turned, region })).slice(0, 3).map(pathOf)).toEqual(
      upright.slice(0, 3).map(pathOf),
    );
  });

  it('several terms pull together by their weights, and against each other below 0', async () => {
    const both = await ask({ terms: [{ text: 'fox' }, { text: 'rabbit' }], minRelevance: 0 });
    const heavy = await ask({ terms: [{ text: 'fox', weight: 5 }, { text: 'rabbit' }], minRelevance: 0 });
    const against = await ask({
      terms: [{ text: 'rabbit' }, { text: 'fox', weight: -1 }],
      minRelevance: 0,
    });
    const place = (hits: readonly Hit[], label: string): number =>
      hits.findIndex((hit) => labelsIn(hit).includes(label));
    expect(place(both, 'fox')).toBe(0);
    expect(heavy.slice(0, 2).every((hit) => labelsIn(hit).includes('fox'))).toBe(true);
    expect(labelsIn(against[0])).toContain('rabbit');
    expect(against.slice(0, 5).some((hit) => labelsIn(hit).join() === 'fox')).toBe(false);
    const words = await ask({ terms: ['fox', 'rabbit'], minRelevance: 0 });
    expect(words.map(pathOf)).toEqual(both.map(pathOf));
    await expect(ask({ terms: [{ text: 'fox' }, { text: 'fox', weight: -1 }] })).rejects.toThrow(
      '[search] the terms cancel each other out',
    );
  });

  it.each<Query>([
    { text: 'animal' },
    { text: 'animal', fusion: { picture: 0.5 } },
    { text: 'animal', fusion: 'regions' },
    { text: 'animal', match: 'full' },
    { text: 'animal', without: ['tree'] },
    { all: ['animal', 'plant'] },
    { image: 'images/park/0003.jpg' },
  ])('pages of %j follow each other without a gap or a repeat', async (query) => {
    const rest = { minRelevance: 0, collapse: false };
    const whole = await ask({ ...query, ...rest, k: 24 });
    const pages: Hit[][] = [];
    for (const offset of [0, 6, 12, 18]) pages.push(await ask({ ...query, ...rest, k: 6, offset }));
    expect(pages.flat().map(pathOf)).toEqual(whole.map(pathOf));
  });

  it('nonsense finds nothing and says so, and what comes nearest; minRelevance: 0 shows it all the same', async () => {
    const nothing = await book.search('municipal bond yield');
    expect(nothing.hits).toEqual([]);
    const nearest = await ask({ text: 'municipal bond yield', minRelevance: 0 });
    const named = `the nearest is images/${pathOf(nearest[0]!)}, at ${nearest[0]!.relevance.toFixed(2)}`;
    expect(nothing.note).toMatch(`Nothing here answers well enough: ${named}. `);
    expect(nearest).toHaveLength(10);
    expect(nearest.every(({ relevance }) => relevance < 0.5)).toBe(true);
  });

  it('full and partial matches have lines of their own', async () => {
    const full = await ask({ text: 'fox', match: 'full', minRelevance: 0 });
    expect(full.every(({ evidence }) => evidence.segments.length === 0)).toBe(true);
    const partial = await ask({ text: 'fox', match: 'partial', minRelevance: 0 });
    expect(partial.every(({ evidence }) => evidence.picture === undefined)).toBe(true);
    const strict = await ask({ text: 'fox', minRelevance: { full: 1, partial: 0.5 } });
    expect(strict.length).toBeGreaterThan(0);
    expect(strict.length).toBeLessThan(partial.length);
  });

  it('explain tells the numbers that make the score', async () => {
    const [hit] = await ask({ text: 'fox', explain: true, without: ['car'] });
    const { segment, picture, formula, without } = hit!.explanation!;
    expect(formula).toBe('the best segment');
    expect(segment!.cosine).toBeCloseTo(hit!.evidence.segments[0]!.score, 4);
    expect(hit!.relevance).toBeCloseTo(1 / (1 + Math.exp(-Math.max(segment!.logit, picture!.logit))), 6);
    expect(segment!.background.rivals).toBeGreaterThan(segment!.background.mean);
    expect(without).toEqual([{ title: 'car', logit: expect.any(Number) }]);
  });

  it('each fusion can be named, and by regions many parts count', async () => {
    for (const fusion of ['best part', 'best of both', 'regions', { picture: 0.5 }] as const)
      expect(labelsIn((await ask({ text: 'fox', fusion }))[0])).toContain('fox');
    const [balloons] = await ask({ text: 'balloon', fusion: 'regions' });
    expect(pathOf(balloons)).toBe('park/0019.jpg');
  });

  it('filters go with every way of asking', async () => {
    const sea = await ask({ text: 'animal', where: { folder: projectPath('images/sea') }, minRelevance: 0 });
    expect(sea.length).toBeGreaterThan(0);
    expect(sea.every((hit) => pathOf(hit).startsWith('sea/'))).toBe(true);
    const none = await book.search({
      all: ['fox', 'mushroom'],
      where: { folder: projectPath('images/sea') },
    });
    expect(none.hits.map(pathOf)).not.toContain('park/0003.jpg');
    expect((await book.search({ text: 'fox', where: { camera: 'Leica' } })).note).toContain('camera');
  });

  it('two lookbooks are asked as one, merged by relevance, each hit naming its source', async () => {
    const other = await openLookbook({
      name: 'kitchen-alone',
      images: 'images/kitchen',
      chroma: 'memory:',
      masks: join(folder, 'kitchen'),
    });
    await other.index();
    const both = together([book, other]);
    const found = await both.search('fox', { k: 6 });
    expect(found.hits.map(({ relevance }) => relevance)).toEqual(
      found.hits.map(({ relevance }) => relevance).sort((a, b) => b - a),
    );
    expect(found.hits[0]!.source).toMatch(/^ways-of-asking · pictoclip/);
    const pizza = await both.search('pizza', { k: 4 });
    expect(pizza.hits[0]!.source).toMatch(/^kitchen-alone/);
    const cards = await both.cards(pizza);
    expect(cards.map(({ path }) => path.split('/').slice(-2).join('/'))).toEqual(pizza.hits.map(pathOf));
    await expect(both.search({ like: 'abc' })).rejects.toThrow('like, an id of one index');
    expect(() => together([book, book])).toThrow('cannot be asked together');
    await other.close();
  }, 60_000);
});

describe('bad input', () => {
  it.each<[Query, string]>([
    [{ like: 'f'.repeat(32) }, '[search] there is no picture or segment of that id: got ffff'],
    [{ like: `${'f'.repeat(32)}:3` }, 'there is no picture or segment of that id'],
    [{ like: 'f'.repeat(32), region: { x: 0, y: 0, width: 5, height: 5 } }, 'there is no picture or segment'],
    [
      { image: 'images/park/0001.jpg', region: { x: 90_000, y: 0, width: 5, height: 5 } },
      '[search] the region lies outside the picture: got {"x":90000',
    ],
    [
      {
        image: 'images/park/0001.jpg',
        region: {
          polygon: [
            [-9, -9],
            [-5, -9],
            [-5, -5],
          ],
        },
      },
      'the region lies outside the picture',
    ],
    [{ image: 'images/nowhere.jpg' }, '[read] the file cannot be read'],
    [{ image: new Uint8Array([255, 216, 255, 1, 2, 3]) }, '[decode] the picture cannot be read'],
    [{ image: new Uint8Array() }, 'the file is empty'],
    [{ text: 'fox', without: [{ image: 'images/nowhere.jpg' }] }, '[read] the file cannot be read'],
  ])('%j is one sentence', async (query, reason) => {
    await expect(book.search(query)).rejects.toThrow(reason);
  });
});
