import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCatalogue } from '#lib/indexing/catalogue.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-catalogue-'));
  path = join(folder, 'below/catalogue.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const entry = (name: string, size = 1) => ({
  root: '/r',
  path: name,
  size,
  mtimeMs: 5,
  imageId: `id-${size}`,
});

describe('the catalogue', () => {
  it('remembers what was set, and forgets what was deleted', async () => {
    const first = await openCatalogue(path);
    first.set(entry('a'));
    first.set(entry('b'));
    first.set(entry('a', 2));
    first.delete(entry('b'));
    await first.close();
    const second = await openCatalogue(path);
    expect(second.get(entry('a'))).toEqual(entry('a', 2));
    expect(second.get(entry('b'))).toBeUndefined();
  });

  it('a line that a kill cut short costs that line alone', async () => {
    const first = await openCatalogue(path);
    first.set(entry('a'));
    await first.close();
    await appendFile(path, '{"root":"/r","path":"cut","si');
    const second = await openCatalogue(path);
    second.set(entry('b'));
    await second.close();
    const third = await openCatalogue(path);
    expect([third.get(entry('a')), third.get(entry('cut')), third.get(entry('b'))]).toEqual([
      entry('a'),
      undefined,
      entry('b'),
    ]);
  });

  it('a file of many changes is written short again', async () => {
    const catalogue = await openCatalogue(path);
    for (let n = 0; n < 1000; n++) catalogue.set(entry('a', n));
    await catalogue.close();
    expect((await readFile(path, 'utf8')).split('\n').length).toBeLessThan(5);
    expect((await openCatalogue(path)).get(entry('a'))).toEqual(entry('a', 999));
  });

  it('one that cannot be written says so in one sentence, at the end', async () => {
    const catalogue = await openCatalogue(path);
    await rm(join(folder, 'below'), { recursive: true });
    catalogue.set(entry('a'));
    await new Promise((resolve) => setTimeout(resolve, 100)); // as in a run, the failure comes long before the end
    await expect(catalogue.close()).rejects.toThrow(
      /\[index\] the catalogue cannot be written: got .*ENOENT/,
    );
  });
});
