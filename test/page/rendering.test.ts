/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contactSheet, gallery } from '#lib/rendering/gallery.js';
import { map } from '#lib/rendering/map.js';
import { overlay } from '#lib/rendering/overlay.js';
import { progress } from '#lib/rendering/progress.js';
import { report } from '#lib/rendering/report.js';
import type { MapPoint, PictureCard } from '#lib/types.js';
import { ballCard, mapOf, tileColour } from '../rendering/fixtures.js';
import { nastyStrings } from '../rendering/nasty.js';
import { browserFound, openBrowser, type TestBrowser } from './browser.js';

interface Shot {
  data: Buffer;
  width: number;
  at(x: number, y: number): [number, number, number];
}

async function shotOf(element: Locator): Promise<Shot> {
  return pixelsOf(await element.screenshot({ animations: 'disabled' }));
}

async function pixelsOf(png: Buffer): Promise<Shot> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): [number, number, number] => {
    const start = (Math.round(y) * info.width + Math.round(x)) * 3;
    return [data[start]!, data[start + 1]!, data[start + 2]!];
  };
  return { data, width: info.width, at };
}

const differs = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, n) => Math.abs(value - b[n]!)));

/** Whether every picture on the page has loaded, and how many there are. */
function loaded(page: Page): Promise<{ pictures: number; broken: number }> {
  return page.evaluate(() => {
    const pictures = [...document.images];
    return {
      pictures: pictures.length,
      broken: pictures.filter((picture) => !picture.complete || !picture.naturalWidth).length,
    };
  });
}

/** A page that notices when anything calls boom(), runs a script or opens a window. */
const armed = (body: string): string =>
  `<!doctype html><script>window.booms=0;window.boom=()=>{window.booms++}</script><body>${body}`;

describe.skipIf(!browserFound)('in a browser', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('the mask lies over the pixels of the object and nowhere else', async () => {
    const card = await ballCard();
    const { page, errors } = await browser.openPage(
      `<body style="margin:0">${overlay(card)}${overlay({ ...card, outlines: [] })}`,
    );
    expect(await loaded(page)).toEqual({ pictures: 2, broken: 0 });
    const drawn = await shotOf(page.locator('img').nth(0));
    const plain = await shotOf(page.locator('img').nth(1));
    let inside = 0;
    let outside = 0;
    for (let y = 2; y < 240; y += 3) {
      for (let x = 2; x < 320; x += 3) {
        const fromCentre = Math.hypot(x + 0.5 - 190, y + 0.5 - 130);
        const inTag = y < 84 && y > 56 && x > 125 && x < 215;
        if (inTag || Math.abs(fromCentre - 60) < 5) continue;
        const difference = differs(drawn.at(x, y), plain.at(x, y));
        if (fromCentre < 60) {
          expect(difference, `inside at ${x}, ${y}`).toBeGreaterThan(20);
          inside++;
        } else {
          expect(difference, `outside at ${x}, ${y}`).toBeLessThanOrEqual(2);
          outside++;
        }
      }
    }
    expect(inside).toBeGreaterThan(500);
    expect(outside).toBeGreaterThan(3000);
    expect(errors).toEqual([]);
  });

  test('one switch hides all masks and the pointer turns one picture over', async () => {
    const card = await ballCard();
    const cards = ['a.jpg', 'b.jpg'].map((path): PictureCard => ({ ...card, path }));
    const { page, errors } = await browser.openPage(gallery(cards, { title: 'two' }));
    expect(await loaded(page)).toEqual({ pictures: 4, broken: 0 });
    const frames = page.locator('.lookbook-frame');
    const centre = async (index: number): Promise<number[]> => {
      const shot = await shotOf(frames.nth(index));
      return shot.at((shot.width * 190) / 320, ((shot.width / 1.33) * 130) / 240);
    };
    await page.mouse.move(0, 0);
    const masked = await centre(0);
    await page.getByText('Masks').click();
    const plain = await centre(0);
    expect(differs(masked, plain)).toBeGreaterThan(20);
    expect(differs(await centre(1), plain)).toBeLessThanOrEqual(2);
    await frames.nth(1).hover();
    expect(differs(await centre(1), masked)).toBeLessThanOrEqual(2);
    await page.mouse.move(0, 0);
    await page.getByText('Masks').click();
    expect(differs(await centre(0), masked)).toBeLessThanOrEqual(2);
    await page.keyboard.press('Space');
    expect(errors).toEqual([]);
  });

  test('without its style a gallery still shows each annotated picture once, with its caption', async () => {
    const card = await ballCard({ why: 'because' });
    const bare = gallery([card], { title: 'one' })
      .replace(/<style>.*?<\/style>/s, '')
      .replaceAll(/ style="[^"]*"/g, '');
    const { page } = await browser.openPage(bare);
    const visible = page.locator('img:visible');
    expect(await visible.count()).toBe(1);
    expect(await visible.getAttribute('src')).toMatch(/^data:image\/svg/);
    expect(await page.locator('body').textContent()).toContain('because');
    expect(await page.locator('input:visible').count()).toBe(0);
  });

  test.each([400, 1000, 1600])('at %i pixels nothing is wider than the page', async (width) => {
    const card = await ballCard({
      rank: 1,
      relevance: 0.5,
      path: `/pictures/${'long-name-'.repeat(12)}.jpg`,
      why: 'w'.repeat(200),
    });
    const cards = Array.from({ length: 10 }, () => card);
    const { page } = await browser.openPage(
      gallery(cards, { title: 't'.repeat(200) }) +
        contactSheet(cards, { title: 'sheet' }) +
        map(await mapOf(100)) +
        report({
          added: 1,
          updated: 0,
          moved: 0,
          removed: 0,
          kept: 0,
          skipped: {},
          failed: [{ path: 'p'.repeat(300), reason: 'r'.repeat(300) }],
          segments: 0,
          seconds: 1,
          imagesPerSecond: 1,
          stages: { scan: 1, decode: 1, segment: 1, encode: 1, store: 1 },
          notes: ['n'.repeat(300)],
          interrupted: false,
          sample: [],
        }),
      { width },
    );
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });

  test('a dot of the map shows its own tile of the sprite, by pointer and by keyboard', async () => {
    const view = await mapOf(60, 60);
    const { page, errors, requests } = await browser.openPage(map(view));
    expect(await loaded(page)).toEqual({ pictures: 1, broken: 0 });
    const tileShown = async (): Promise<number[]> => {
      const tip = page.locator('.lookbook-stage i:visible');
      expect(await tip.count()).toBe(1);
      const { x, y, width } = (await tip.boundingBox())!;
      const shot = await pixelsOf(await page.screenshot());
      return shot.at(x + width / 2, y + 40);
    };
    // Spots: the query, the hits 0-2, then the plain points 3, 4, …
    for (const index of [3, 20, 57]) {
      await page
        .locator('.lookbook-stage a')
        .nth(index + 1)
        .hover({ force: true });
      expect(differs(await tileShown(), tileColour(index))).toBeLessThanOrEqual(3);
    }
    await page.mouse.move(0, 0);
    expect(await page.locator('.lookbook-stage i:visible').count()).toBe(0);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(differs(await tileShown(), tileColour(1))).toBeLessThanOrEqual(3);
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
  });

  test('a map without its style is the still picture and its legend, no heap of titles', async () => {
    const bare = map(await mapOf(60, 60)).replace(/<style>.*?<\/style>/s, '');
    const { page } = await browser.openPage(bare);
    expect(await loaded(page)).toEqual({ pictures: 1, broken: 0 });
    const text = await page.locator('body').textContent();
    expect(text).toContain('bicycle');
    expect(text).not.toContain('images/');
  });

  test('nothing from outside runs, calls or escapes', async () => {
    const card = await ballCard();
    const cards = nastyStrings.map(
      (text): PictureCard => ({
        ...card,
        path: text,
        why: text,
        outlines: [{ ...card.outlines[0]!, label: text }],
      }),
    );
    const points = nastyStrings.map(
      (text, n): MapPoint => ({
        id: text,
        x: n / 40,
        y: n / 40,
        title: text,
        label: text,
        kind: n % 3 ? 'plain' : 'hit',
      }),
    );
    const stages = { scan: 1, decode: 1, segment: 1, encode: 1, store: 1 };
    const outputs = [
      gallery(cards, { title: nastyStrings[0]!, subtitle: nastyStrings[1]! }),
      contactSheet(cards, { title: nastyStrings[2]! }),
      map({ title: nastyStrings[3]!, points }),
      progress({
        round: 'pictures',
        done: 1,
        total: 2,
        failed: 0,
        imagesPerSecond: 1,
        secondsLeft: 1,
        stages,
      }),
      report({
        added: 1,
        updated: 0,
        moved: 0,
        removed: 0,
        kept: 0,
        skipped: { [nastyStrings[4]!]: 1 },
        failed: nastyStrings.map((text) => ({ path: text, reason: text })),
        segments: 0,
        seconds: 1,
        imagesPerSecond: 1,
        stages,
        notes: [...nastyStrings],
        interrupted: false,
        sample: [],
      }),
    ];
    const { page, errors, requests } = await browser.openPage(armed(outputs.join('')));
    for (const spot of await page.locator('.lookbook-stage a').all()) await spot.focus();
    await page.locator('.lookbook-frame').first().hover();
    const found = await page.evaluate(() => ({
      booms: Reflect.get(window, 'booms') as number,
      scripts: document.scripts.length,
      handlers: [...document.querySelectorAll('*')].filter((node) =>
        [...node.attributes].some(({ name }) => name.startsWith('on')),
      ).length,
      strangers: document.querySelectorAll('iframe,object,embed,svg,math,a[href],form,link,meta,base').length,
    }));
    expect(found).toEqual({ booms: 0, scripts: 1, handlers: 0, strangers: 0 });
    expect((await loaded(page)).broken).toBe(0);
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
  });

  test('ink follows the page, light or dark', async () => {
    const page = (scheme: string): string =>
      `<style>:root{color-scheme:${scheme}}body{background:Canvas;color:CanvasText}</style>${progress({ round: 'pictures', done: 1, total: 2, failed: 0, imagesPerSecond: 1, secondsLeft: 1, stages: { scan: 1, decode: 0, segment: 0, encode: 0, store: 0 } })}`;
    const ink = async (scheme: string): Promise<string> => {
      const opened = await browser.openPage(page(scheme), { dark: scheme === 'dark' });
      return opened.page.locator('.lookbook-title').evaluate((node) => getComputedStyle(node).color);
    };
    expect(await ink('light')).toBe('rgb(0, 0, 0)');
    expect(await ink('dark')).toBe('rgb(255, 255, 255)');
  });
});
