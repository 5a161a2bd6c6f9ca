import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lookbook } from '#lib/index.js';
import { projectPath } from '#lib/paths.js';
import type { CollectionSummary } from '#lib/types.js';
import { openRoom, type Room } from './indexing/pictures.js';

const COLOURS = ['red', 'green', 'blue', 'orange'];
let room: Room;
let old: Lookbook;

beforeAll(async () => {
  room = await openRoom('chroma');
  const models = join(room.folder, 'models');
  process.env.LOOKBOOK_MODELS = models;
  await mkdir(models);
  const manifest = JSON.parse(await readFile(projectPath('models/pictoclip.json'), 'utf8'));
  // The same weights read in other ways: other models, as far as vectors are concerned.
  const plain = { ...manifest, folder: 'pictoclip', dense: undefined };
  const brighter = { ...plain, preprocessing: { ...manifest.preprocessing, std: [0.9, 0.9, 0.9] } };
  await writeFile(join(models, 'plain.json'), JSON.stringify(plain));
  await writeFile(join(models, 'brighter.json'), JSON.stringify(brighter));
  for (const colour of COLOURS) await room.draw(`${colour}.png`, colour);
  await room.index();
  old = await room.open();
}, 60_000);
afterAll(async () => {
  await old.close();
  await room.clear();
  delete process.env.LOOKBOOK_MODELS;
});

async function own(): Promise<CollectionSummary[]> {
  const all = await old.collections();
  return all.filter(({ facts }) => facts.lookbook === room.config.name);
}

/** encoder + what it holds → rows */
async function counts(): Promise<Record<string, number>> {
  return Object.fromEntries((await own()).map(({ facts, count }) => [`${facts.encoder} ${facts.of}`, count]));
}

async function nameOf(encoder: string, of: string): Promise<string> {
  return (await own()).find(({ facts }) => facts.encoder === encoder && facts.of === of)!.name;
}

describe('two models at once', () => {
  it('another encoder fills collections of its own, while the old one goes on answering', async () => {
    const before = await old.search({ text: 'red', k: 4, minRelevance: 0, collapse: false });
    const fresh = await room.open({ encoder: 'plain' });
    const run = fresh.index();
    const during = await old.search({ text: 'red', k: 4, minRelevance: 0, collapse: false });
    expect((await run).added).toBe(COLOURS.length);
    expect(during.hits).toEqual(before.hits);
    expect((await fresh.search({ text: 'red', k: 4, minRelevance: 0, collapse: false })).hits).toHaveLength(
      4,
    );
    await fresh.close();
    expect((await old.search({ text: 'red', k: 4, minRelevance: 0, collapse: false })).hits).toEqual(
      before.hits,
    );
    expect(await counts()).toMatchObject({ 'pictoclip pictures': 4, 'plain pictures': 4 });
  });

  it('a manifest with another rule is another fingerprint, and nothing of the one is found by the other', async () => {
    const brighter = await room.open({ encoder: 'brighter' });
    expect((await brighter.search('red')).hits).toEqual([]);
    expect((await brighter.search('red')).note).toContain('Nothing is indexed yet');
    await brighter.index();
    await brighter.close();
    const fingerprints = (await own()).map(({ fingerprint }) => fingerprint);
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
    expect((await counts())['brighter pictures']).toBe(4);
  });

  it('the run that stopped half-way goes on where it was, for each model alone', async () => {
    await room.draw('violet.png', 'violet');
    await room.index({ encoder: 'plain' });
    expect(await counts()).toMatchObject({ 'pictoclip pictures': 4, 'plain pictures': 5 });
    expect(await old.index()).toMatchObject({ added: 1, kept: 4 });
    expect((await counts())['pictoclip pictures']).toBe(5);
  });
});

describe('removing a collection', () => {
  it('takes the pictures of one model with their segments, and leaves the other model whole', async () => {
    const gone = await old.removeCollection(await nameOf('brighter', 'pictures'));
    expect(gone).toHaveLength(2);
    const left = await counts();
    expect(Object.keys(left).some((key) => key.startsWith('brighter'))).toBe(false);
    expect(left).toMatchObject({ 'pictoclip pictures': 5, 'plain pictures': 5 });
  });

  it('of segments makes the next run find them again', async () => {
    const before = (await counts())['plain segments'];
    await old.removeCollection(await nameOf('plain', 'segments'));
    expect((await counts())['plain segments']).toBeUndefined();
    expect(await room.index({ encoder: 'plain' })).toMatchObject({ added: 0, kept: 5, segments: before });
    expect((await counts())['plain segments']).toBe(before);
  });

  it('waits for nobody: while a run is indexing it is refused', async () => {
    for (const colour of ['pink', 'navy', 'olive', 'teal']) await room.draw(`later/${colour}.png`, colour);
    const run = old.index();
    const name = await nameOf('plain', 'pictures');
    await expect(old.removeCollection(name)).rejects.toThrow('another run is indexing');
    expect((await run).added).toBe(4);
  });

  it('refuses what is open, unknown, or of another lookbook', async () => {
    const open = await nameOf('pictoclip', 'pictures');
    await expect(old.removeCollection(open)).rejects.toThrow('a collection that is open is not removed');
    await expect(old.removeCollection('nothing')).rejects.toThrow('has no collection of that name');
    const other = await room.open({ name: `${room.config.name}-other` });
    await expect(other.removeCollection(open)).rejects.toThrow('has no collection of that name');
    await other.close();
  });
});
