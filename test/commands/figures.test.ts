import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runFigures } from '#lib/commands/figures.js';

const PART = `export const measure = async (say, { quick }) => {
  say(quick ? 'a few' : 'many');
  return { 'part.size': quick ? 1 : 1000 };
};`;

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-figures-'));
  await writeFile(join(folder, 'part.js'), PART);
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

function run(...args: string[]): Promise<Record<string, number>> {
  return runFigures(pathToFileURL(`${folder}/`), args);
}

describe('a run of figures', () => {
  it('ends with one object of all of them', async () => {
    await run('part', '--json');
    expect(JSON.parse(lines.at(-1)!)).toEqual({ 'part.size': 1000 });
  });

  // Red without the figure bench.quick: the small figures would pass for real ones.
  it('says in the object itself that it was only tried', async () => {
    await run('--quick', '--json');
    expect(lines).toContain('  a few');
    expect(JSON.parse(lines.at(-1)!)).toEqual({ 'bench.quick': 1, 'part.size': 1 });
  });

  it('refuses a part that is not there, and names those that are', async () => {
    await expect(run('other')).rejects.toThrow(/there is no part of that name: got other, expected part/);
  });
});
