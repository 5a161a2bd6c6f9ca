import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { evaluationTable, type Lookbook } from '#lib/index.js';
import { projectPath } from '#lib/paths.js';
import { openRoom, type Room } from '../../indexing/pictures.js';
import { drawColours } from './discs.js';

let room: Room;
let book: Lookbook;
beforeAll(async () => {
  room = await openRoom();
  await drawColours(room);
  await room.draw('grey.png', '#808080');
  book = await room.open({ segmenter: null });
  await book.index();
}, 120_000);
afterAll(async () => {
  await book.close();
  await room.clear();
});

async function put(name: string, content: unknown): Promise<string> {
  const path = join(room.folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('an evaluation by classes', () => {
  it('takes the names of folders, and leaves out what lies in none', async () => {
    const { labels, notes, pictures, queries, edits } = await book.evaluate({ k: 2 });
    expect(pictures).toBe(10);
    expect(labels).toMatchObject({ from: 'the names of folders', queries: 9, chance: 2 / 8 });
    expect(labels!.precision.mean).toBeGreaterThan(0.8);
    expect(labels!.averagePrecision.mean).toBeGreaterThan(0.8);
    expect(labels!.classes.map(({ label, pictures: of }) => [label, of]).sort()).toEqual([
      ['blue', 3],
      ['green', 3],
      ['red', 3],
    ]);
    expect(notes).toEqual([
      '1 picture in no folder of a class was left out.',
      '3 classes of fewer than 16 pictures cannot reach a score of 100, which takes fifteen right neighbours, nor those of k or fewer a full precision.',
    ]);
    expect({ queries, edits }).toEqual({ queries: undefined, edits: undefined });
  });

  it('reads them from JSON, from CSV and from a table alike', async () => {
    const table = Object.fromEntries(
      ['red', 'green', 'blue'].flatMap((colour) =>
        [0, 1, 2].map((at) => [`${colour}/${at}.png`, colour === 'red' ? 'warm' : 'cold']),
      ),
    );
    const lines = Object.entries(table).map(([path, label]) => `${path},${label}`);
    const byTable = await book.evaluate({ labels: table });
    const byJson = await book.evaluate({ labels: await put('labels.json', table) });
    const byCsv = await book.evaluate({
      labels: await put('labels.csv', ['path,class', ...lines].join('\n')),
    });
    const absolute = Object.fromEntries(
      Object.entries(table).map(([path, label]) => [join(room.images, path), label]),
    );
    const byAbsolute = await book.evaluate({ labels: absolute });
    const figures = [byTable, byJson, byCsv, byAbsolute].map(({ labels }) => ({ ...labels, from: '' }));
    for (const one of figures) expect(one).toEqual(figures[0]);
    expect(byTable.labels!.classes.map(({ label }) => label).sort()).toEqual(['cold', 'warm']);
  });

  it('tells in one sentence how many files of a table are missing, with the first three', async () => {
    const labels = {
      'red/0.png': 'a',
      'gone-1.png': 'a',
      'gone-2.png': 'b',
      'gone-3.png': 'b',
      'gone-4.png': 'b',
    };
    const file = await put('missing.json', labels);
    await expect(book.evaluate({ labels: file })).rejects.toThrow(
      `[evaluate] ${file} does not fit the pictures: got 4 missing files, the first: gone-1.png, gone-2.png, gone-3.png, expected paths of indexed pictures, each with a class. Index these pictures first, or take their lines out.`,
    );
  });

  it('refuses labels that tell nothing apart, and files that hold none', async () => {
    await expect(book.evaluate({ labels: { 'red/0.png': 'a', 'red/1.png': 'a' } })).rejects.toThrow(
      /tell no pictures apart: got 1 class/,
    );
    await expect(book.evaluate({ labels: await put('list.json', '[1]') })).rejects.toThrow(
      /no object at its top/,
    );
    await expect(book.evaluate({ labels: await put('half.json', '{"a') })).rejects.toThrow(/cannot be read/);
    await expect(book.evaluate({ labels: await put('other.csv', 'file,kind\na,b') })).rejects.toThrow(
      /columns are file, kind/,
    );
    await expect(book.evaluate({ labels: join(room.folder, 'none.csv') })).rejects.toThrow(/cannot be read/);
  });

  it('names every option that is none at once', async () => {
    const wrong = { metric: 'hamming' as 'cosine', k: 0, edits: -1 };
    await expect(book.evaluate(wrong)).rejects.toThrow(/metric is "hamming".*; k is 0.*; edits is -1/);
  });
});

describe('an evaluation by words', () => {
  it('finds what it should, and lists what it does not with what came first', async () => {
    const queries = {
      'red circle': ['red/0.png', 'red/1.png', 'red/2.png'],
      'green circle': ['blue/0.png'],
    };
    const { queries: figures, labels } = await book.evaluate({ labels: null, queries, k: 3 });
    expect(labels).toBeUndefined();
    expect(figures!.queries).toBe(2);
    const [worst] = figures!.worst;
    expect(worst).toMatchObject({ text: 'green circle', wanted: 1, found: 0 });
    expect(worst!.rank).toBeGreaterThan(3);
    expect(worst!.first[0]!.path).toMatch(/green\/\d\.png$/);
    expect(worst!.first[0]!.right).toBe(false);
    expect(figures!.recall.mean).toBeCloseTo(0.5, 12);
    expect(figures!.reciprocalRank.mean).toBeCloseTo((1 + 1 / worst!.rank!) / 2, 12);
  });

  it('reads a table with a line for each path', async () => {
    const csv = await put('queries.csv', 'text,path\n"blue circle",blue/0.png\n"blue circle",blue/1.png\n');
    const { queries } = await book.evaluate({ labels: null, queries: csv });
    expect(queries).toMatchObject({ from: csv, queries: 1, recall: { mean: 1 } });
  });

  it('tells everything that is wrong with the queries at once', async () => {
    const file = await put('bad.json', { ' ': ['red/0.png'], sea: [], dog: ['dog.jpg', 'cat.jpg'] });
    await expect(book.evaluate({ queries: file })).rejects.toThrow(
      /2 queries without words or paths: \(no words\), sea; 2 missing files: dog\.jpg, cat\.jpg/,
    );
    await expect(book.evaluate({ queries: {} })).rejects.toThrow(/no query at all/);
  });

  it('writes a page that holds its figures and pictures, and nothing from elsewhere', async () => {
    const report = join(room.folder, 'reports', 'evaluation.html');
    const queries = { 'green circle <img src=x onerror=boom()>': ['blue/0.png'] };
    const evaluation = await book.evaluate({ queries, report });
    const page = await readFile(report, 'utf8');
    expect(page).toContain('By words');
    expect(page).toContain('By example');
    expect(page).toContain('data:image/jpeg;base64,');
    expect(page).not.toContain('<img src=x');
    expect(page).not.toMatch(/https?:\/\//);
    expect(evaluationTable(evaluation)).not.toContain('data:image/jpeg');
    await rm(report);
  });
});

describe('an evaluation without labels', () => {
  it('edits pictures, which must find themselves', async () => {
    // Pictures of what the model knows: of bare discs it is as unsure after the edit as before.
    const scenes = await openRoom();
    for (const name of ['0001.jpg', '0002.jpg', '0003.jpg', '0004.jpg', '0005.jpg'])
      await scenes.write(name, await readFile(projectPath(`images/park/${name}`)));
    const drawn = await scenes.open({ segmenter: null });
    onTestFinished(() => drawn.close().then(() => scenes.clear()));
    await drawn.index();
    const { edits, labels } = await drawn.evaluate({ labels: null, edits: 4 });
    expect(labels).toBeUndefined();
    expect(edits!.map(({ edit }) => edit)).toEqual(['crop', 'flipped', 'brighter', 'recompressed']);
    for (const { pictures, first, reciprocalRank, cosine } of edits!) {
      expect(pictures).toBe(4);
      expect(first.mean).toBeLessThanOrEqual(reciprocalRank.mean);
      expect(cosine.mean).toBeLessThanOrEqual(1 + 1e-6);
    }
    const recompressed = edits!.at(-1)!;
    expect(recompressed.cosine.mean).toBeGreaterThan(0.8);
    expect(await drawn.evaluate({ labels: null, edits: 4 })).toMatchObject({ edits });
  });

  it('stops when it is called off, and tells how far it is', async () => {
    await expect(book.evaluate({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const shares: number[] = [];
    await book.evaluate({ labels: null, edits: 6, onProgress: (share) => shares.push(share) });
    expect(shares.length).toBeGreaterThan(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)!).toBeLessThanOrEqual(1);
  });
});

describe('too few pictures', () => {
  it('are told in one sentence', async () => {
    const few = await openRoom();
    await few.draw('one.png', '#c00');
    await few.index({ segmenter: null });
    const alone = await few.open({ segmenter: null });
    await expect(alone.evaluate()).rejects.toThrow(
      'there is nothing to compare: got 1 picture, expected two or more',
    );
    await alone.close();
    await few.clear();
  }, 60_000);
});
