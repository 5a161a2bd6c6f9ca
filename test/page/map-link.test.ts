import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lookbook, map } from '#lib/index.js';
import { exportHtml } from '#lib/notebook/export.js';
import type { Notebook } from '#lib/notebook/nbformat.js';
import { derivedPath, projectPath } from '#lib/paths.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { browserFound, openBrowser, type TestBrowser } from './browser.js';

const PATIENCE_MS = 240_000;

/** At another depth than the notebooks, whose address would be right here by chance. */
const run = derivedPath('deep', 'down', 'run');

let room: Room;
let book: Lookbook;
let browser: TestBrowser;

/** A notebook with one executed cell that displays this. */
function executed(html: string): Notebook {
  const output = { output_type: 'display_data', data: { 'text/html': html }, metadata: {} } as const;
  const cell = { cell_type: 'code', id: 'a', metadata: {}, source: 'map', execution_count: 1 } as const;
  return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ ...cell, outputs: [output] }] };
}

describe.skipIf(!browserFound)('the link to the page of a map', { timeout: PATIENCE_MS }, () => {
  beforeAll(async () => {
    room = await openRoom();
    await cp(projectPath('images/park'), join(room.images, 'park'), { recursive: true });
    process.env.LOOKBOOK_RUN_FACTS = run;
    book = await room.open();
    await book.index();
    browser = await openBrowser({ webgl: true });
  }, PATIENCE_MS);
  afterAll(async () => {
    delete process.env.LOOKBOOK_RUN_FACTS;
    await browser?.close();
    await book?.close();
    await room?.clear();
  });

  test('in the executed notebook’s page opens it, with the question on it', async () => {
    const asked = await book.explore({ query: await book.search('fox') });
    const path = join(run, '02-query.html');
    await writeFile(path, exportHtml(executed(map(asked))));
    const page = await browser.openFile(path);
    const [opened] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByText('Open the map that can be searched and selected').click(),
    ]);
    opened.setDefaultTimeout(PATIENCE_MS);
    await opened.waitForSelector('html.ready');
    expect(await opened.title()).toBe('24 pictures, and “fox”');
    const colours = await opened.getByLabel('Colour by').locator('option').allTextContents();
    expect(colours).toContain('relevance to the query');
  });
});
