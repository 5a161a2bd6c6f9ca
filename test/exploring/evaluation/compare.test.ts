import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, type ComparisonCell, compare, comparisonTable } from '#lib/index.js';
import { projectPath } from '#lib/paths.js';
import { openRoom, type Room } from '../../indexing/pictures.js';
import { CONVNET } from '../../tiny-convnet.js';
import { drawColours } from './discs.js';

let room: Room;
let models: string;
const before = process.env.LOOKBOOK_MODELS;
beforeAll(async () => {
  room = await openRoom();
  await drawColours(room);
  models = await mkdtemp(join(tmpdir(), 'lookbook-models-'));
  await mkdir(join(models, 'tiny-convnet'));
  const weights = projectPath('test/fixtures/golden/models/convnet/model.onnx');
  await copyFile(weights, join(models, 'tiny-convnet/model.onnx'));
  await writeFile(join(models, 'tiny-convnet.json'), JSON.stringify(CONVNET));
  process.env.LOOKBOOK_MODELS = models;
});
afterAll(async () => {
  if (before === undefined) delete process.env.LOOKBOOK_MODELS;
  else process.env.LOOKBOOK_MODELS = before;
  await rm(models, { recursive: true });
  await room.clear();
});

const names = ({ cells }: Comparison): string[] =>
  cells.map(({ encoder, layer, metric }) => [encoder, layer, metric].join(' '));

describe('a comparison on a labelled folder', () => {
  let found: Comparison;
  beforeAll(async () => {
    found = await compare(['pictoclip', { encoder: 'tiny-convnet', layers: 'all' }], {
      images: room.images,
      metrics: ['cosine', 'euclidean', 'minkowski'],
      k: 2,
      maps: true,
      onProgress: (share) => told.push(share),
    });
  }, 120_000);
  const told: number[] = [];
  const cell = (encoder: string, metric: string): ComparisonCell =>
    found.cells.find((one) => one.encoder === encoder && one.metric === metric)!;

  it('has a cell for each model, layer and metric, in this order', () => {
    const metrics = ['cosine', 'euclidean', 'minkowski'];
    expect(names(found)).toEqual([
      ...metrics.map((metric) => `pictoclip  ${metric}`),
      ...metrics.map((metric) => `tiny-convnet  ${metric}`),
      ...metrics.map((metric) => `tiny-convnet early ${metric}`),
    ]);
    expect(found.cells.map(({ dimension }) => dimension)).toEqual([256, 256, 256, 24, 24, 24, 16, 16, 16]);
    expect(found).toMatchObject({
      pictures: 9,
      labels: { from: 'the names of folders', classes: 3, chance: 2 / 8 },
    });
  });

  it('finds that a trained model tells colours apart', () => {
    expect(cell('pictoclip', 'cosine').precision!.mean).toBeGreaterThan(0.8);
  });

  it('scores vectors of length 1 alike by cosine and by euclidean, and says so', () => {
    expect(cell('pictoclip', 'euclidean').score).toEqual(cell('pictoclip', 'cosine').score);
    expect(found.notes.at(-1)).toMatch(/^Vectors of pictoclip have the length 1, .*order as cosine does/);
  });

  it('gives vectors their length back where a model tells it: by distance they order in another way', () => {
    const neighbours = (metric: string): string[] =>
      cell('tiny-convnet', metric).example.neighbours.map(({ path }) => path);
    expect(neighbours('euclidean')).not.toEqual(neighbours('cosine'));
  });

  it('holds the best cell against the best of another model, by the same pictures', () => {
    const { best, rival, ahead } = found.lead!;
    const mean = (at: number): number => found.cells[at]!.score!.mean;
    expect(mean(best)).toBe(Math.max(...found.cells.map(({ score }) => score!.mean)));
    expect(found.cells[rival]!.encoder).not.toBe(found.cells[best]!.encoder);
    expect(ahead.mean).toBeCloseTo(mean(best) - mean(rival), 9);
    expect(ahead.low).toBeLessThanOrEqual(ahead.mean);
  });

  it('lays out the same pictures as the two best models see them, in one order', () => {
    const [first, second] = found.maps!;
    expect(found.maps!.map(({ title }) => title.split(',')[0]).sort()).toEqual(['pictoclip', 'tiny-convnet']);
    expect(first!.points.map(({ id }) => id)).toEqual(second!.points.map(({ id }) => id));
    expect(first!.points).toHaveLength(9);
    expect(new Set(first!.points.map(({ label }) => label))).toEqual(new Set(['red', 'green', 'blue']));
    expect(first!.points.map(({ x, y }) => [x, y])).not.toEqual(second!.points.map(({ x, y }) => [x, y]));
    expect(first!.sprite).toBe(second!.sprite);
    for (const { tile } of first!.points) expect(tile).toBeLessThan(first!.sprite!.count);
  });

  it('tells how far it is, and never goes back', () => {
    expect(told.length).toBeGreaterThan(3);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBeLessThanOrEqual(1);
  });

  it('says what each model costs', () => {
    const [pictoclip, convnet] = found.models;
    expect(pictoclip!.bytes).toBeGreaterThan(8e6);
    expect(convnet!.encoder).toBe('tiny-convnet');
    for (const { msPerPicture } of found.models) expect(msPerPicture).toBeGreaterThan(0);
  });

  it('shows one picture by every cell, with its nearest others and which of them are right', () => {
    const [{ example: first }] = found.cells as [ComparisonCell];
    const own = first.query.path.split('/').at(-2);
    for (const { example } of found.cells) {
      expect(example.query).toEqual(first.query);
      expect(example.neighbours).toHaveLength(8);
      for (const { path, right, tile } of example.neighbours) {
        expect(right).toBe(path.split('/').at(-2) === own);
        expect(path).not.toBe(first.query.path);
        expect(tile).toBeLessThan(found.sprite!.count);
      }
    }
    expect(found.sprite!.count).toBe(9);
  });

  it('says how far two models agree', () => {
    expect(found.agreement).toHaveLength(1);
    const [{ a, b, overlap }] = found.agreement as [Comparison['agreement'][number]];
    expect([found.cells[a]!.encoder, found.cells[b]!.encoder]).toEqual(['pictoclip', 'tiny-convnet']);
    expect(overlap.mean).toBeGreaterThan(0);
    expect(overlap.mean).toBeLessThanOrEqual(1);
  });

  it('is a table whose cells lead to their rows', () => {
    const markup = comparisonTable(found);
    const targets = [...markup.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]!);
    expect(new Set(targets).size).toBe(9);
    for (const target of targets) expect(markup).toContain(`id="${target}"`);
  });
});

describe('a comparison', () => {
  it('without labels goes by edits, and shows the example that is asked for', async () => {
    const example = join(room.images, 'blue/1.png');
    const found = await compare(['pictoclip'], {
      images: room.images,
      labels: null,
      metrics: ['cosine'],
      edits: 3,
      example,
    });
    expect(found).not.toHaveProperty('labels');
    const [cell] = found.cells as [ComparisonCell];
    expect(cell.edits!.map(({ pictures }) => pictures)).toEqual([3, 3, 3, 3]);
    expect(cell).not.toHaveProperty('score');
    expect(cell.example.query.path).toBe(example);
    expect(found.agreement).toEqual([]);
    expect(comparisonTable(found)).toContain('Piece found first');
  }, 60_000);

  it('takes any tensor inside a graph for a layer, and leaves the figures of the others as they are', async () => {
    const { images } = room;
    const more = { encoder: 'tiny-convnet', layers: ['early', 'v3', 'v9'] };
    const found = await compare([more], { images, metrics: ['cosine'] });
    expect(found.cells.map(({ layer, dimension }) => [layer, dimension])).toEqual([
      ['early', 16],
      ['v3', 8],
      ['v9', 24],
    ]);
    const alone = await compare([{ encoder: 'tiny-convnet', layers: ['early'] }], {
      images,
      metrics: ['cosine'],
    });
    expect(found.cells[0]!.score).toEqual(alone.cells[0]!.score);
    expect(found.lead).toMatchObject({ best: expect.any(Number), rival: expect.any(Number) });
  }, 60_000);

  it('of the same pictures gives the same figures, examples and maps, wherever they lie', async () => {
    const moved = await openRoom();
    await drawColours(moved);
    const figures = async (images: string): Promise<unknown> => {
      const found = await compare([{ encoder: 'tiny-convnet', layers: 'all' }], { images, maps: true });
      const [first] = found.maps!;
      return JSON.parse(
        JSON.stringify([found.cells, first!.points, found.lead, found.agreement]).replaceAll(images, ''),
      );
    };
    expect(await figures(moved.images)).toEqual(await figures(room.images));
    await moved.clear();
  }, 60_000);

  it('of fewer pictures than count says that no figure of k can be full', async () => {
    const { notes } = await compare(['tiny-convnet'], { images: room.images, metrics: ['cosine'] });
    expect(notes).toContainEqual(expect.stringMatching(/^There are 9 pictures, fewer than the 11 /));
  }, 60_000);

  it('shows the best that others have published of these pictures, and passes over what is no score', async () => {
    const scored = await openRoom();
    await drawColours(scored);
    const options = { images: scored.images, metrics: ['cosine', 'dot'] as const };
    const mean_scores = {
      a: { cosine: { x: 12, y: 34.5, z: 'high' } },
      b: { cosine: { x: 20, w: 1e9 } },
      c: 3,
    };
    await scored.write('published-scores.json', JSON.stringify({ mean_scores }));
    const found = await compare(['tiny-convnet'], options);
    expect(found.published).toEqual([{ title: 'published best (a y)', score: 34.5, metric: 'cosine' }]);
    expect((await compare(['tiny-convnet'], { ...options, published: [] })).published).toEqual([]);
    await scored.write('published-scores.json', '{');
    const broken = await compare(['tiny-convnet'], options);
    expect(broken.published).toEqual([]);
    expect(broken.notes[0]).toMatch(/^The published-scores\.json of images is not one/);
    await scored.clear();
  }, 60_000);

  it('with labels that name missing files, or one class only, is refused in one sentence', async () => {
    const { images } = room;
    const labels = { [join(images, 'red/0.png')]: 'a', [join(images, 'gone.png')]: 'b', 'nowhere.png': 'b' };
    await expect(compare(['tiny-convnet'], { images, labels })).rejects.toThrow(
      /does not fit the pictures: got 2 missing files: .*gone\.png, nowhere\.png/,
    );
    const one = { [join(images, 'red/0.png')]: 'a', [join(images, 'red/1.png')]: 'a' };
    await expect(compare(['tiny-convnet'], { images, labels: one })).rejects.toThrow(
      /these labels tell no pictures apart: got 1 class, 1 of them/,
    );
  }, 60_000);

  it('leaves out what is no picture, takes equal files of two folders once, and says so', async () => {
    const odd = await openRoom();
    await drawColours(odd);
    await odd.write('red/broken.png', 'no picture');
    await odd.draw('red/twin.png', '#a00');
    await odd.draw('blue/twin.png', '#a00');
    const found = await compare(['tiny-convnet'], { images: odd.images, metrics: ['cosine'] });
    expect(found.pictures).toBe(10);
    // It has both classes: six of the nine others are its like, of a red or blue one three, of a green one two.
    expect(found.labels!.chance).toBeCloseTo((6 * 3 + 3 * 2 + 6) / 9 / 10, 12);
    expect(found.notes[0]).toBe('1 picture could not be read and was left out.');
    await odd.clear();
  }, 60_000);

  it('that cannot be is refused with everything that is wrong, before any model looks at a picture', async () => {
    const { images } = room;
    await expect(
      compare(['pictoclip', 'pictoclip'], { images, metrics: ['hamming' as 'cosine'], k: 0 }),
    ).rejects.toThrow(/pictoclip twice; metrics hamming, expected.*; k is 0/);
    await expect(compare([], { images })).rejects.toThrow(/no model/);
    await expect(compare(['pictoclip', 'pictoclop'], { images })).rejects.toThrow(/no model of that name/);
    await expect(compare([{ encoder: 'tiny-convnet', layers: ['late.'] }], { images })).rejects.toThrow(
      /tiny-convnet has no layer "late.", but the layers early and tensors such as late/,
    );
    await expect(compare(['tiny-convnet'], { images, example: 'gone.png' })).rejects.toThrow(
      /example is none/,
    );
    await expect(
      compare(['tiny-convnet'], { images, signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  }, 60_000);
});
