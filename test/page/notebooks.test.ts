import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeRle } from '#lib/arithmetic/rle.js';
import { executeNotebook } from '#lib/notebook/execute.js';
import { exportHtml } from '#lib/notebook/export.js';
import { projectPath } from '#lib/paths.js';
import type { Rle } from '#lib/types.js';
import { browserFound, type OpenPage, openBrowser, type TestBrowser } from './browser.js';

/** Pictures drawn larger than this in the notebook are answers, not icons. */
const LEAST_PX = 60;

describe.skipIf(!browserFound)('the executed notebooks, in a browser', () => {
  let folder: string;
  let browser: TestBrowser;
  let index: OpenPage;
  let query: OpenPage;
  const sizes: number[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lookbook-pages-'));
    const env = {
      LOOKBOOK_NAME: 'pages',
      LOOKBOOK_CHROMA: join(folder, 'chroma'),
      LOOKBOOK_MASKS: join(folder, 'masks'),
      LOOKBOOK_QUERY: 'fox',
    };
    browser = await openBrowser();
    const open = async (name: string): Promise<OpenPage> => {
      const { status, notebook, failure } = await executeNotebook(projectPath(`notebooks/${name}.ipynb`), {
        env,
      });
      expect({ status, failure }).toEqual({ status: 'ok', failure: undefined });
      sizes.push(JSON.stringify(notebook).length);
      return browser.openPage(exportHtml(notebook, { title: name }), { width: 1200 });
    };
    index = await open('01-index');
    query = await open('02-query');
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    // The store’s server lives on a moment and may still write.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
  });

  it('every picture loads, and nothing complains or asks the network', async () => {
    for (const { page, errors, requests } of [index, query]) {
      const pictures = await page.$$eval('img', (images) =>
        images.map(({ naturalWidth, complete }) => ({ naturalWidth, complete })),
      );
      expect(pictures.length).toBeGreaterThan(8);
      for (const picture of pictures)
        expect(picture).toMatchObject({ complete: true, naturalWidth: expect.any(Number) });
      expect(pictures.filter(({ naturalWidth }) => naturalWidth === 0)).toEqual([]);
      expect(errors).toEqual([]);
      expect(requests.filter((address) => !address.startsWith('data:'))).toEqual([]);
    }
  });

  it('an executed notebook stays under 3 MB', () => {
    for (const size of sizes) expect(size).toBeLessThan(3e6);
  });

  it('the first answer to “fox” shows a fox, and its mask lies on the fox', async () => {
    const truth: { pictures: { path: string; objects: { label: string; mask: Rle }[] }[] } = JSON.parse(
      await readFile(projectPath('test/fixtures/demo-truth.json'), 'utf8'),
    );
    const first = await firstAnswer(query.page);
    const picture = truth.pictures.find(({ path }) => isShown(path, first.text))!;
    const fox = picture.objects.find(({ label }) => label === 'fox');
    expect(fox, `${first.text} has a fox in it`).toBeDefined();
    const { drawn, plain, width, height } = await pixelsWithAndWithoutMask(query.page, first.source);
    const mask = decodeRle(fox!.mask);
    const painted = { inside: 0, outside: 0, fox: 0, rest: 0 };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * 4;
        const changed = [0, 1, 2].some((c) => Math.abs(drawn[at + c]! - plain[at + c]!) > 12);
        const isFox =
          mask.data[
            Math.floor(((y + 0.5) * mask.height) / height) * mask.width +
              Math.floor(((x + 0.5) * mask.width) / width)
          ];
        painted[isFox ? 'fox' : 'rest']++;
        if (changed) painted[isFox ? 'inside' : 'outside']++;
      }
    }
    expect(painted.inside / painted.fox).toBeGreaterThan(0.6);
    expect(painted.outside / painted.rest).toBeLessThan(0.25);
  });

  it('the maps draw their dots, mark the question, and show a thumbnail where one points', async () => {
    const maps = query.page
      .locator('[class*=lookbook-map]')
      .filter({ has: query.page.locator('a[tabindex="0"]') });
    expect(await maps.count()).toBeGreaterThanOrEqual(2);
    const spots = query.page.locator('a[tabindex="0"]:has(i[style])');
    expect(await spots.count()).toBeGreaterThan(200);
    await spots.first().focus();
    const shown = await spots.first().evaluate((spot) => {
      const tip = spot.querySelector('i')!;
      const tile = getComputedStyle(tip, '::before');
      return (
        getComputedStyle(tip).display === 'block' && tile.backgroundImage.startsWith('url("data:image/webp')
      );
    });
    expect(shown).toBe(true);
  });
});

/** A card tells folder and file apart. */
function isShown(path: string, text: string): boolean {
  return text.includes(basename(path)) && text.includes(`images/${dirname(path)}`);
}

/** The first picture of the gallery that is large enough to be an answer, with the text of its card. */
async function firstAnswer(page: Page): Promise<{ source: string; text: string }> {
  return page.evaluate((least) => {
    const image = [...document.querySelectorAll('img')].find(
      ({ src, width }) => src.startsWith('data:image/svg') && width > least,
    )!;
    let card: Element = image;
    while (card.parentElement && !/images\//.test(card.textContent ?? '')) card = card.parentElement;
    return { source: image.src, text: card.textContent ?? '' };
  }, LEAST_PX);
}

/** The annotated picture as it is drawn, and the JPEG inside it alone. */
async function pixelsWithAndWithoutMask(
  page: Page,
  source: string,
): Promise<{ drawn: number[]; plain: number[]; width: number; height: number }> {
  return page.evaluate(async (annotated) => {
    const jpeg = /href="(data:image\/jpeg[^"]+)"/.exec(atob(annotated.split(',')[1]!))![1]!;
    const load = async (src: string): Promise<HTMLImageElement> => {
      const image = new Image();
      image.src = src;
      await image.decode();
      return image;
    };
    const [withMask, without] = await Promise.all([load(annotated), load(jpeg)]);
    const { naturalWidth: width, naturalHeight: height } = without;
    const pixels = (image: HTMLImageElement): number[] => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d')!;
      context.drawImage(image, 0, 0, width, height);
      return [...context.getImageData(0, 0, width, height).data];
    };
    return { drawn: pixels(withMask), plain: pixels(without), width, height };
  }, source);
}
