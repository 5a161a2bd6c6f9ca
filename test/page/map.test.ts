/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { selection } from '#lib/rendering/map-selection.js';
import { mapPage } from '#lib/rendering/plotly.js';
import type { MapPoint, MapView } from '#lib/types.js';
import { mapOf, tileColour } from '../rendering/fixtures.js';
import { nastyStrings } from '../rendering/nasty.js';
import { browserFound, type OpenPage, openBrowser, type TestBrowser } from './browser.js';

/** Eleven megabytes of script on a busy machine; no law here is about time. */
const PATIENCE_MS = 240_000;

type Place = { x: number; y: number };

let browser: TestBrowser;

async function openMap(view: MapView, options: { scripts?: boolean } = {}): Promise<OpenPage> {
  const opened = await browser.openPage(mapPage(view), { width: 1000, height: 900, ...options });
  opened.page.setDefaultTimeout(PATIENCE_MS);
  if (options.scripts !== false) await opened.page.waitForSelector('html.ready');
  return opened;
}

/** Where a point of the map lies on the screen. */
function screenOf(page: Page, { x, y }: Place): Promise<Place> {
  return page.evaluate(
    (at) => {
      type Axis = { _offset: number; _length: number; range: [number, number] };
      const pixel = ({ _offset, _length, range: [from, to] }: Axis, value: number): number =>
        _offset + ((value - from) / (to - from)) * _length;
      const plot = document.getElementById('map')!;
      const { xaxis, yaxis } = Reflect.get(plot, '_fullLayout') as { xaxis: Axis; yaxis: Axis };
      const box = plot.getBoundingClientRect();
      return {
        x: box.left + pixel(xaxis, at.x),
        // Plotly counts its y axis from below.
        y: box.top + 2 * yaxis._offset + yaxis._length - pixel(yaxis, at.y),
      };
    },
    { x, y },
  );
}

/** What the pointer does while plotly draws is lost, as to a person, who waits or tries again. */
const settled = (page: Page): Promise<unknown> => page.waitForSelector('#stage[aria-busy="false"]');

async function hover(page: Page, point: Place): Promise<void> {
  await settled(page);
  const { x, y } = await screenOf(page, point);
  await page.mouse.move(2, 2);
  await page.waitForSelector('#tip', { state: 'hidden' });
  await expect
    .poll(
      async () => {
        await page.mouse.move(x - 1, y);
        await page.mouse.move(x, y);
        return page.locator('#tip').isVisible();
      },
      { timeout: PATIENCE_MS, interval: 200 },
    )
    .toBe(true);
}

async function drag(page: Page, corners: readonly Place[]): Promise<void> {
  await settled(page);
  const [first, ...rest] = await Promise.all(corners.map((corner) => screenOf(page, corner)));
  await page.mouse.move(first!.x, first!.y);
  await page.mouse.down();
  for (const { x, y } of rest) await page.mouse.move(x, y, { steps: 5 });
  await page.mouse.up();
}

const waitForTitle = (page: Page, title: RegExp): Promise<unknown> =>
  page.locator('#chosen-title', { hasText: title }).waitFor({ state: 'attached' });

/** The ids that a cell would read back from what the page shows. */
async function readBack(page: Page, view: MapView): Promise<string[]> {
  return selection(await page.locator('#paths').inputValue(), view).ids.sort();
}

const inBox = (points: readonly MapPoint[], [left, right, top, bottom]: number[]): MapPoint[] =>
  points.filter(({ x, y, kind }) => kind !== 'query' && x > left! && x < right! && y > top! && y < bottom!);

const idsOf = (points: readonly MapPoint[]): string[] => points.map(({ id }) => id).sort();

async function colourAt(page: Page, { x, y }: Place): Promise<[number, number, number]> {
  const { data, info } = await sharp(await page.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (Math.round(y) * info.width + Math.round(x)) * 3;
  return [data[at]!, data[at + 1]!, data[at + 2]!];
}

/** The colours around a point, out to where the rim of a selected one ends. */
async function colourAround(page: Page, point: Place): Promise<[number, number, number][]> {
  const { x, y } = await screenOf(page, point);
  const clip = { x: Math.round(x) - 7, y: Math.round(y) - 7, width: 15, height: 15 };
  const shot = await sharp(await page.screenshot({ clip }))
    .removeAlpha()
    .raw()
    .toBuffer();
  return Array.from({ length: 225 }, (_, n) => [shot[3 * n]!, shot[3 * n + 1]!, shot[3 * n + 2]!]);
}

/** The brightest channel of the darkest colour: no dot, and no paper, is as dark as a rim. */
const darkest = (colours: readonly (readonly number[])[]): number =>
  Math.min(...colours.map((colour) => Math.max(...colour)));

const differ = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, n) => Math.abs(value - b[n]!)));

describe.skipIf(!browserFound)('the page of a map', { timeout: PATIENCE_MS }, () => {
  let view: MapView;
  let opened: OpenPage;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    view = await mapOf(300, 60);
    opened = await openMap(view);
    page = opened.page;
  }, PATIENCE_MS);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Move').check();
    await page.getByLabel('Colour by').selectOption('label');
    if (await page.locator('#chosen').isVisible()) await page.getByText('Select nothing').click();
    await settled(page);
  });

  test('shows thumbnail, path, label and relevance at the pointer', async () => {
    await hover(page, view.points[1]!);
    const tip = page.locator('#tip');
    expect(await tip.locator('bdi').allTextContents()).toEqual([
      'images/dogs/dog-1.jpg',
      'dog',
      'relevance 80 %',
      'hit 2',
    ]);
    const tile = (await tip.locator('.tile').boundingBox())!;
    const middle = { x: tile.x + tile.width / 2, y: tile.y + tile.height / 2 };
    expect(differ(await colourAt(page, middle), tileColour(1))).toBeLessThanOrEqual(3);
    await hover(page, view.points[100]!);
    expect(await tip.locator('bdi').allTextContents()).toEqual(['images/cats/cat-100.jpg', 'cat']);
    expect(await tip.locator('.tile').count()).toBe(0);
  });

  test('selects at a click, adds with Shift, and takes away again', async () => {
    const click = async (point: MapPoint): Promise<void> => {
      await hover(page, point);
      await page.mouse.down();
      await page.mouse.up();
    };
    await click(view.points[44]!);
    await waitForTitle(page, /^1 selected/);
    expect(await readBack(page, view)).toEqual(['p44']);
    await page.keyboard.down('Shift');
    await click(view.points[75]!);
    await waitForTitle(page, /^2 selected/);
    expect(await readBack(page, view)).toEqual(['p44', 'p75']);
    await click(view.points[44]!);
    await page.keyboard.up('Shift');
    await waitForTitle(page, /^1 selected/);
    expect(await readBack(page, view)).toEqual(['p75']);
    await page.getByText('Select nothing').click();
    expect(await page.locator('#chosen').isVisible()).toBe(false);
  });

  test('a lasso selects what lies in it, as paths that a cell reads back and as pictures', async () => {
    const corners: [Place, Place, Place] = [
      { x: 0.06, y: 0.04 },
      { x: 0.3, y: 0.04 },
      { x: 0.06, y: 0.28 },
    ];
    // What lies on the edge itself is told by whole pixels; the law is about what lies clear of it.
    const inTriangle = (margin: number): MapPoint[] =>
      view.points.filter(
        ({ x, y, kind }) =>
          kind !== 'query' && x > 0.06 + margin && y > 0.04 + margin && x + y < 0.34 - 2 * margin,
      );
    await page.getByLabel('Lasso').check();
    await drag(page, [...corners, corners[0]]);
    await waitForTitle(page, /^[1-9]\d* selected/);
    const chosen = await readBack(page, view);
    expect(inTriangle(0.005).length).toBeGreaterThan(5);
    expect(chosen).toEqual(expect.arrayContaining(idsOf(inTriangle(0.005))));
    expect(idsOf(inTriangle(-0.005))).toEqual(expect.arrayContaining(chosen));
    const pictured = view.points.filter(({ id, tile }) => chosen.includes(id) && tile !== undefined);
    expect(await page.locator('#gallery .tile').count()).toBe(pictured.length);
    expect(await page.locator('#more').textContent()).toBe(
      `${chosen.length - pictured.length} have no thumbnail on this page; their paths are listed above.`,
    );
    for (const { x, y } of pictured) {
      if (!inTriangle(0.005).some((one) => one.x === x && one.y === y)) continue;
      expect(darkest(await colourAround(page, { x, y }))).toBeLessThan(90);
    }
    const first = page.locator('#gallery li', { has: page.locator('.tile') }).first();
    const name = await first.locator('bdi').textContent();
    const drawn = view.points.find(({ title }) => title === name)!;
    await first.scrollIntoViewIfNeeded();
    const box = (await first.locator('.tile').boundingBox())!;
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    expect(differ(await colourAt(page, middle), tileColour(drawn.tile!))).toBeLessThanOrEqual(3);
  });

  test('a box leaves out what is switched off in the legend', async () => {
    const dogs = page.getByRole('button', { name: /^dog/ });
    expect(await dogs.getAttribute('aria-pressed')).toBe('true');
    await dogs.click();
    expect(await dogs.getAttribute('aria-pressed')).toBe('false');
    await page.getByLabel('Box').check();
    await drag(page, [
      { x: 0.1, y: 0.02 },
      { x: 0.5, y: 0.31 },
    ]);
    await waitForTitle(page, /^[1-9]\d* selected/);
    const all = inBox(view.points, [0.1, 0.5, 0.02, 0.31]);
    const shown = all.filter(({ label }) => label !== 'dog');
    expect(all.length).toBeGreaterThan(shown.length);
    expect(await readBack(page, view)).toEqual(idsOf(shown));
    await dogs.click();
    expect(await dogs.getAttribute('aria-pressed')).toBe('true');
  });

  test('colours by another field, with its ranges as the legend', async () => {
    const point = view.points[290]!;
    const before = await colourAt(page, await screenOf(page, point));
    await page.getByLabel('Colour by').selectOption('file size');
    await page.locator('#groups bdi', { hasText: '250 kB – 299 kB' }).waitFor();
    expect(await page.locator('#groups button').count()).toBe(6);
    await expect
      .poll(async () => differ(await colourAt(page, await screenOf(page, point)), before), {
        timeout: PATIENCE_MS,
      })
      .toBeGreaterThan(30);
    await hover(page, point);
    expect(await page.locator('#tip bdi').allTextContents()).toContain('250 kB – 299 kB');
  });

  test('a search by path or label says how many it found and selects them', async () => {
    await page.getByLabel('Search').fill('DOG-1');
    const found = view.points.filter(({ title }) => title.includes('dog-1'));
    expect(await page.locator('#found').textContent()).toBe(`${found.length} found`);
    // What was found keeps its colour within a rim, what was not steps back into the paper.
    const [lit, other] = [view.points[171]!, view.points[290]!];
    await expect.poll(() => colourAround(page, lit).then(darkest), { timeout: PATIENCE_MS }).toBeLessThan(90);
    const paper = await colourAt(page, { x: 4, y: 4 });
    const strength = async (point: Place): Promise<number> =>
      differ(await colourAt(page, await screenOf(page, point)), paper);
    expect(await strength(lit)).toBeGreaterThan(2 * (await strength(other)));
    await page.getByText('Select them').click();
    await waitForTitle(page, new RegExp(`^${found.length} selected`));
    expect(await readBack(page, view)).toEqual(idsOf(found));
    await page.getByLabel('Search').fill('bicycle');
    expect(await page.locator('#found').textContent()).toBe('30 found');
    await page.getByLabel('Search').fill('nothing like this');
    expect(await page.locator('#found').textContent()).toBe('0 found');
  });

  test('copies the paths', async () => {
    await page.getByLabel('Search').fill('cat-50.');
    await page.getByText('Select them').click();
    await waitForTitle(page, /^1 selected/);
    await page.getByText('Copy the paths').click();
    await page.getByText('Copied.').waitFor();
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Search').focus();
    await page.keyboard.press('Control+v');
    expect(await page.getByLabel('Search').inputValue()).toBe('images/cats/cat-50.jpg');
  });

  test('is walked with the arrow keys from the best hit on, and Enter selects', async () => {
    await page.locator('#stage').focus();
    await page.keyboard.press('ArrowRight');
    const said = page.locator('#said');
    expect(await said.textContent()).toBe('a sleeping cat');
    expect(await page.locator('#tip').isVisible()).toBe(true);
    await page.keyboard.press('ArrowRight');
    const reached = await said.textContent();
    const next = view.points.find(({ title }) => reached?.startsWith(`${title},`))!;
    expect(next.x).toBeGreaterThan(view.points.at(-1)!.x);
    await page.keyboard.press('Enter');
    await waitForTitle(page, /^1 selected/);
    expect(await readBack(page, view)).toEqual([next.id]);
    await page.keyboard.press('Escape');
    expect(await page.locator('#tip').isVisible()).toBe(false);
  });

  test('a box drawn with Shift adds to what is selected', async () => {
    await page.getByLabel('Box').check();
    const boxes = [
      [0.06, 0.3, 0.02, 0.31],
      [0.5, 0.66, 0.3, 0.58],
    ] as const;
    for (const [n, [left, right, top, bottom]] of boxes.entries()) {
      if (n) await page.keyboard.down('Shift');
      await drag(page, [
        { x: left, y: top },
        { x: right, y: bottom },
      ]);
      await page.keyboard.up('Shift');
      const wanted = boxes.slice(0, n + 1).flatMap((box) => inBox(view.points, [...box]));
      await waitForTitle(page, new RegExp(`^${wanted.length} selected`));
      expect(await readBack(page, view)).toEqual(idsOf(wanted));
    }
  });

  test('moves its dots with the pointer while it is dragged, and answers where they have gone', async () => {
    const point = view.points[290]!;
    const before = await screenOf(page, point);
    const dot = await colourAt(page, before);
    const empty = await colourAt(page, { x: before.x + 31, y: before.y + 130 });
    expect(differ(dot, empty)).toBeGreaterThan(30);
    await page.mouse.move(500, 500);
    await page.mouse.down();
    await page.mouse.move(510, 520, { steps: 3 });
    await page.mouse.move(531, 630, { steps: 3 });
    const held = { x: before.x + 31, y: before.y + 130 };
    await expect
      .poll(async () => differ(await colourAt(page, held), dot), { timeout: PATIENCE_MS })
      .toBeLessThan(12);
    await page.mouse.up();
    const after = await screenOf(page, point);
    expect(after.x).toBeCloseTo(held.x, 0);
    expect(after.y).toBeCloseTo(held.y, 0);
    await hover(page, point);
    expect(await page.locator('#tip bdi').first().textContent()).toBe(point.title);
    // Scrolling keeps what is under the pointer and moves everything else.
    const other = view.points[75]!;
    const near = await screenOf(page, other);
    await page.mouse.wheel(0, 300);
    await expect.poll(() => screenOf(page, other), { timeout: PATIENCE_MS }).not.toEqual(near);
    await hover(page, other);
    expect(await page.locator('#tip bdi').first().textContent()).toBe(other.title);
    await page.getByText('See all').click();
    await expect.poll(() => screenOf(page, point), { timeout: PATIENCE_MS }).toEqual(before);
  });

  test('turns dark with the browser', async () => {
    const corner = (): Promise<number> =>
      page
        .locator('#stage')
        .boundingBox()
        .then(async (box) => Math.max(...(await colourAt(page, { x: box!.x + 5, y: box!.y + 5 }))));
    expect(await corner()).toBe(255);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(corner, { timeout: PATIENCE_MS }).toBeLessThan(40);
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(corner, { timeout: PATIENCE_MS }).toBe(255);
  });

  test('lays thumbnails on the map once few points are in view, and takes them away again', async () => {
    expect(await page.locator('#near i').count()).toBe(0);
    const { x, y } = await screenOf(page, view.points[0]!);
    await page.mouse.move(x, y);
    await expect
      .poll(
        async () => {
          const count = await page.locator('#near i').count();
          if (!count) await page.mouse.wheel(0, -300);
          return count;
        },
        { timeout: PATIENCE_MS, interval: 500 },
      )
      .toBeGreaterThan(0);
    expect(await page.locator('#near i').count()).toBeLessThanOrEqual(60);
    await page.getByText('See all').click();
    await expect.poll(() => page.locator('#near i').count(), { timeout: PATIENCE_MS }).toBe(0);
  });

  test('needs no WebGL', async () => {
    const drawn = await page.evaluate(() =>
      [...document.querySelectorAll('canvas')].map((canvas) => canvas.getContext('webgl') !== null),
    );
    expect(drawn).toEqual([false]); // a canvas has one context for life: this one draws in two dimensions
  });

  test('asks nothing of a network and says no error', () => {
    expect(opened.errors).toEqual([]);
    expect(opened.requests).toEqual([]);
  });
});

describe.skipIf(!browserFound)('the page of any map', { timeout: PATIENCE_MS }, () => {
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('is the still picture with its legend where no script runs', async () => {
    const { page, requests } = await openMap(await mapOf(300, 60), { scripts: false });
    const still = page.locator('.still img');
    expect(await still.isVisible()).toBe(true);
    expect(await page.locator('.legend').textContent()).toContain('bicycle');
    expect(await page.locator('select:visible, input:visible, button:visible, #stage:visible').count()).toBe(
      0,
    );
    const box = (await still.boundingBox())!;
    const shot = await sharp(await page.screenshot({ clip: box }))
      .removeAlpha()
      .raw()
      .toBuffer();
    const colours = new Set<string>();
    for (let at = 0; at < shot.length; at += 3 * 5)
      colours.add(`${shot[at]! >> 5},${shot[at + 1]! >> 5},${shot[at + 2]! >> 5}`);
    expect(colours.size).toBeGreaterThan(12);
    expect(requests).toEqual([]);
  });

  test('is the still picture, and says why, where nothing draws', async () => {
    const markup = mapPage(await mapOf(30)).replace(
      '<head>',
      '<head><script>HTMLCanvasElement.prototype.getContext=()=>null</script>',
    );
    const { page } = await browser.openPage(markup);
    expect(await page.locator('.still img').isVisible()).toBe(true);
    expect(await page.locator('#hint').textContent()).toContain('draws no canvas');
  });

  test('runs nothing that a path, a label or a field brings, and gives each path back whole', async () => {
    const few = await mapOf(5);
    const nasty = nastyStrings.map(
      (text, n): MapPoint => ({
        id: `nasty${n}`,
        x: 0.1 + (n % 6) / 8,
        y: 0.1 + Math.floor(n / 6) / 8,
        title: text,
        label: text,
        kind: 'plain',
      }),
    );
    // Three of each label, so that the labels are named on the map too.
    const points = [...nasty, ...nasty, ...nasty].map((point, n) => ({ ...point, id: `id${n}` }));
    const view: MapView = {
      title: nastyStrings[0]!,
      points: [...points, ...few.points],
      fields: nastyStrings.slice(0, 12).map((name) => ({
        name,
        kind: 'category',
        values: points.map(({ title }) => title),
      })),
    };
    const { page, errors, requests } = await openMap(view);
    await page.evaluate(() => {
      Reflect.set(window, 'booms', 0);
      Reflect.set(window, 'boom', () => Reflect.set(window, 'booms', Reflect.get(window, 'booms') + 1));
    });
    for (const point of nasty.slice(0, 6)) {
      await hover(page, point);
      expect(await page.locator('#tip bdi').first().textContent()).toContain(point.title.slice(0, 10));
    }
    for (const at of [1, 12]) {
      await page.getByLabel('Colour by').selectOption(String(at));
      await page.getByLabel('Search').fill('<script>');
    }
    await page.getByLabel('Search').fill('boom');
    await page.getByText('Select them').click();
    await waitForTitle(page, /^[1-9]\d* selected/);
    const chosen = points.filter(({ title }) => title.toLowerCase().includes('boom'));
    expect(await readBack(page, view)).toEqual(idsOf(chosen));
    const found = await page.evaluate(() => ({
      booms: Reflect.get(window, 'booms') as number,
      handlers: [...document.querySelectorAll('*')].filter((node) =>
        [...node.attributes].some(({ name }) => name.startsWith('on')),
      ).length,
      strangers: document.querySelectorAll('iframe,object,embed,math,a,form,link,base,#map img,#map script')
        .length,
    }));
    expect(found).toEqual({ booms: 0, handlers: 0, strangers: 0 });
    expect(await page.locator('h1').textContent()).toBe(nastyStrings[0]);
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
  });

  test('of 100,000 points is drawn, searched and selected', async () => {
    const view = await mapOf(100_000);
    const { page, errors } = await openMap(view);
    await page.getByLabel('Search').fill('cat-999');
    expect(await page.locator('#found').textContent()).toBe('11 found'); // cat-9990, cat-99900 … cat-99990
    await page.getByText('Select them').click();
    await waitForTitle(page, /^11 selected/);
    await page.getByLabel('Box').check();
    await drag(page, [
      { x: 0.1, y: 0.1 },
      { x: 0.3, y: 0.25 },
    ]);
    await waitForTitle(page, /^[\d,]{4,} selected/);
    const chosen = Number((await page.locator('#chosen-title').textContent())!.replace(/\D/g, ''));
    // The corners are whole pixels of the screen, each some thousandths of the map wide.
    expect(chosen).toBeGreaterThan(inBox(view.points, [0.103, 0.297, 0.103, 0.247]).length);
    expect(chosen).toBeLessThan(inBox(view.points, [0.097, 0.303, 0.097, 0.253]).length);
    expect(errors).toEqual([]);
  });
});
