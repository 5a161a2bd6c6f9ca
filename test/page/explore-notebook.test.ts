import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeNotebook } from '#lib/notebook/execute.js';
import { exportHtml } from '#lib/notebook/export.js';
import { projectPath } from '#lib/paths.js';
import { createScratch, type Scratch } from '../notebook/scratch.js';
import { browserFound, type OpenPage, openBrowser, type TestBrowser } from './browser.js';

const PATIENCE_MS = 400_000;

describe.skipIf(!browserFound)('03-explore, executed, in a browser', { timeout: PATIENCE_MS }, () => {
  let folder: string;
  let env: Record<string, string>;
  let browser: TestBrowser;
  let scratch: Scratch;
  let explored: OpenPage;
  let size = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lookbook-explore-'));
    env = {
      LOOKBOOK_NAME: 'explored',
      LOOKBOOK_CHROMA: join(folder, 'chroma'),
      LOOKBOOK_MASKS: join(folder, 'masks'),
      LOOKBOOK_DERIVED: join(folder, 'derived'),
      LOOKBOOK_QUERY: 'fox',
    };
    scratch = await createScratch();
    browser = await openBrowser();
    const run = async (name: string): Promise<string> => {
      const path = projectPath(`notebooks/${name}.ipynb`);
      const { status, notebook, failure } = await executeNotebook(path, { env });
      expect({ status, failure }).toEqual({ status: 'ok', failure: undefined });
      size = JSON.stringify(notebook).length;
      return exportHtml(notebook, { title: name });
    };
    await run('01-index');
    explored = await browser.openPage(await run('03-explore'), { width: 1200 });
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser?.close();
    await scratch?.remove();
    // The store’s server lives on a moment and may still write.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
  });

  it('loads every picture, asks for nothing, complains of nothing, and is small', async () => {
    const { page, errors, requests } = explored;
    const widths = await page.$$eval('img', (images) => images.map(({ naturalWidth }) => naturalWidth));
    expect(widths.length).toBeGreaterThan(60);
    expect(widths.filter((width) => width === 0)).toEqual([]);
    expect(errors).toEqual([]);
    expect(requests.filter((address) => !address.startsWith('data:'))).toEqual([]);
    expect(size).toBeLessThan(3e6);
  });

  it('names each cluster once, as the legend of its map does, with pictures of it', async () => {
    const tables = await explored.page.$$eval('.lookbook-clusters', (all) =>
      all.map((table) => {
        const rows = [...table.querySelectorAll('tbody tr')];
        return {
          names: rows.map((row) => row.querySelector('bdi')!.textContent!),
          pictures: rows.map((row) => row.querySelectorAll('img').length),
        };
      }),
    );
    const legends = await explored.page.$$eval('.lookbook-legend', (all) =>
      all.map((legend) => [...legend.querySelectorAll('bdi')].map((name) => name.textContent!)),
    );
    expect(tables).toHaveLength(2);
    for (const [at, { names, pictures }] of tables.entries()) {
      expect(names.length).toBeGreaterThan(3);
      expect(new Set(names).size).toBe(names.length);
      expect(legends[at]!.slice(0, Math.min(8, names.length))).toEqual(names.slice(0, 8));
      for (const count of pictures) expect(count).toBeGreaterThan(3);
    }
  });

  it('marks the question and its answers, and colours the map by relevance', async () => {
    const marked = explored.page.locator('.lookbook-map', { hasText: 'and “fox”' });
    expect(await marked.count()).toBe(1);
    expect(await marked.locator('.lookbook-legend').textContent()).toMatch(/%.*your query/s);
    expect(await marked.locator('.lookbook-hit').count()).toBeGreaterThan(1);
  });

  it('says of each of thirty words whether it has a picture', async () => {
    const coverage = explored.page.locator('.lookbook-coverage');
    expect(await coverage.locator('tbody tr').count()).toBe(30);
    const none = await coverage.locator('.lookbook-none').count();
    expect(none).toBeGreaterThan(0);
    expect(await coverage.locator('.lookbook-title').textContent()).toContain(`${none} word`);
    expect(await coverage.locator('tbody img').count()).toBe(30);
  });

  it('without a selection it says what to paste; with one it shows those pictures', async () => {
    expect(await explored.page.locator('.lookbook-soft', { hasText: 'Nothing is pasted yet' }).count()).toBe(
      1,
    );
    const paths = ['sea/0003.jpg', 'park/0001.jpg', 'home/0007.png'].map((path) =>
      projectPath(`images/${path}`),
    );
    const stored: { cells: { id: string; source: string[] }[] } = JSON.parse(
      await readFile(projectPath('notebooks/03-explore.ipynb'), 'utf8'),
    );
    const cell = (id: string): string => stored.cells.find((one) => one.id === id)!.source.join('');
    const pasted = cell('show-selection').replace('String.raw`\n`', `String.raw\`\n${paths.join('\n')}\n\``);
    expect(pasted).not.toBe(cell('show-selection'));
    const path = await scratch.notebook(
      cell('imports').replace("'../dist/index.js'", "'../../dist/index.js'"),
      cell('config'),
      cell('show-pictures'),
      pasted,
    );
    const { status, notebook, failure } = await executeNotebook(path, { env });
    expect({ status, failure }).toEqual({ status: 'ok', failure: undefined });
    const { page } = await browser.openPage(exportHtml(notebook, { title: 'pasted' }));
    expect(await page.locator('.lookbook-title', { hasText: '3 chosen on the map' }).count()).toBe(1);
    const names = await page.$$eval('.lookbook-card .lookbook-name bdi', (all) =>
      all.map((name) => name.textContent),
    );
    expect(names).toEqual(paths.map((one) => one.split('/').at(-1)));
  });
});
