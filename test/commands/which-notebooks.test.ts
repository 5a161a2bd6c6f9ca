import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { whichNotebooks } from '#lib/commands/which-notebooks.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-which-'));
  for (const name of ['02-query.ipynb', '03-own.ipynb', '01-index.ipynb', 'notes.txt'])
    await writeFile(join(folder, name), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('npm start runs the main job, with --all every notebook in the order of names, or those that are listed', async () => {
  expect(await whichNotebooks(folder, { args: [] })).toEqual(['01-index', '02-query']);
  expect(await whichNotebooks(folder, { args: [], listed: '' })).toEqual(['01-index', '02-query']);
  expect(await whichNotebooks(folder, { args: ['--all'], listed: '02-query' })).toEqual([
    '01-index',
    '02-query',
    '03-own',
  ]);
  expect(await whichNotebooks(folder, { args: [], listed: ' 03-own.ipynb, 01-index' })).toEqual([
    '03-own',
    '01-index',
  ]);
});

it('names the known ones where one is not there, and refuses other arguments', async () => {
  await expect(whichNotebooks(folder, { args: [], listed: '03-own,07-fly' })).rejects.toThrow(
    /got 07-fly, expected 01-index, 02-query, 03-own/,
  );
  await expect(whichNotebooks(folder, { args: ['--al'] })).rejects.toThrow(/got --al, expected --all/);
});
