import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeNotebook } from '#lib/notebook/execute.js';
import { exportHtml } from '#lib/notebook/export.js';
import { projectPath } from '#lib/paths.js';
import { browserFound, type OpenPage, openBrowser, type TestBrowser } from './browser.js';

describe.skipIf(!browserFound)('the executed notebook of comparisons, in a browser without scripts', () => {
  let folder: string;
  let browser: TestBrowser;
  let opened: OpenPage;
  let size: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lookbook-compare-page-'));
    const queries = join(folder, 'queries.json');
    await writeFile(queries, JSON.stringify({ cat: [projectPath('images/kitchen/0023.jpg')] }));
    const { status, notebook, failure } = await executeNotebook(projectPath('notebooks/04-compare.ipynb'), {
      env: {
        LOOKBOOK_NAME: 'comparepage',
        LOOKBOOK_CHROMA: join(folder, 'chroma'),
        LOOKBOOK_MASKS: join(folder, 'masks'),
        LOOKBOOK_SEGMENTER: 'none',
        LOOKBOOK_IMAGES: ['images/kitchen', 'images/sea'].map(projectPath).join(delimiter),
        LOOKBOOK_QUERIES: queries,
        LOOKBOOK_COMPARE_METRICS: 'cosine,euclidean',
      },
    });
    expect({ status, failure }).toEqual({ status: 'ok', failure: undefined });
    size = JSON.stringify(notebook).length;
    browser = await openBrowser();
    opened = await browser.openPage(exportHtml(notebook, { title: '04-compare' }), {
      width: 1200,
      scripts: false,
    });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    // The store’s server lives on a moment and may still write.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
  });

  it('is small, complains of nothing and asks the network for nothing', () => {
    expect(size).toBeLessThan(3e6);
    expect(opened.errors).toEqual([]);
    expect(opened.requests).toEqual([]);
  });

  it('compares the layers of the embedded model by classes, by edits and by words', async () => {
    const text = await opened.page.locator('body').innerText();
    expect(text).toMatch(/pictoclip, .*, by \w+, suits these pictures best: \d/);
    expect(text).toMatch(/Without labels: the share of pieces/);
    expect(text).toMatch(/Recall at 10/);
    for (const layer of ['own vector', 'stage4', 'stage8', 'stage16', 'dense', 'unsettled'])
      expect(text).toContain(layer);
  });

  it('a click on a number of the heat map opens the row of its cell, which then stands out', async () => {
    const { page } = opened;
    const heat = page.locator('table.lookbook-heat').first();
    const row = page.locator('.lookbook-row:not(details *)').first();
    // A cell that is not the best one, whose row stands open anyway.
    const best = (await row.innerText()).includes('stage8, euclidean') ? 'stage16' : 'stage8';
    const cell = heat.locator('tr', { hasText: 'euclidean' }).locator('a', { hasText: best });
    const target = page.locator(await cell.getAttribute('href').then((href) => href!));
    expect(await target.isVisible()).toBe(false);
    await cell.click();
    expect(await target.isVisible()).toBe(true);
    expect(await target.innerText()).toContain(`${best}, euclidean`);
    expect(await target.locator('.lookbook-tile').count()).toBe(16);
    const paper = await target.evaluate((element) => getComputedStyle(element).backgroundColor);
    expect(paper).not.toBe('rgba(0, 0, 0, 0)');
    const right = target.locator('.lookbook-right').first();
    expect(await right.evaluate((element) => getComputedStyle(element).borderTopColor)).toBe(
      'rgb(0, 158, 115)',
    );
  });

  it('a dot that is pointed at on one map is ringed on the other, and shows its picture where the pointer is', async () => {
    const { page } = opened;
    const pair = page.locator('.lookbook-halves a').last();
    const dots = pair.locator('b');
    const ring = (at: number): Promise<string> =>
      dots.nth(at).evaluate((element) => getComputedStyle(element).outlineStyle);
    const tip = (at: number): Promise<string> =>
      dots
        .nth(at)
        .locator('i')
        .evaluate((element) => getComputedStyle(element).display);
    await page.mouse.move(0, 0);
    expect([await ring(0), await ring(1), await tip(0)]).toEqual(['none', 'none', 'none']);
    for (const [here, there] of [
      [0, 1],
      [1, 0],
    ] as const) {
      await dots.nth(here).hover();
      expect([await ring(here), await ring(there)]).toEqual(['solid', 'solid']);
      expect([await tip(here), await tip(there)]).toEqual(['block', 'none']);
    }
    const tile = await dots
      .nth(1)
      .locator('i')
      .evaluate((element) => getComputedStyle(element, '::before').backgroundImage);
    expect(tile).toMatch(/^url\("data:image\/webp/);
  });
});
