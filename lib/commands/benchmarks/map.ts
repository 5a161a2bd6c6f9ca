/**
 * How soon does the page of a map of 100,000 points answer, and how often does its picture move while it is dragged?
 * In a headless Chromium that draws everything in software, as on a machine without a graphics card.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { reasonOf } from '../../errors.js';
import { map } from '../../rendering/map.js';
import { mapPage } from '../../rendering/plotly.js';
import { crowdedMap } from '../crowded-map.js';
import type { Figures, Measure } from '../figures.js';
import { median } from '../interleaved.js';
import { openWorkplace } from '../many-pictures.js';

const POINTS = 100_000;
const TILES = 512;
/** Loads and drags; the medians are told. */
const ROUNDS = 3;
const DRAG_MS = 3000;
/** A mouse tells its place about so often. */
const MOVE_MS = 16;
/** Moves that the page has not taken yet; a browser merges more of them anyway. */
const MOST_WAITING = 3;
const PATIENCE_MS = 120_000;

/** What is used of playwright-core, which is there for developers only. */
interface Driver {
  chromium: { launch(options: { executablePath: string; args: string[] }): Promise<Browser> };
}
interface Browser {
  newPage(options: { viewport: { width: number; height: number } }): Promise<Page>;
  close(): Promise<void>;
}
interface Page {
  addInitScript(script: string): Promise<unknown>;
  goto(address: string, options: { timeout: number }): Promise<unknown>;
  waitForFunction(script: string, argument: null, options: { timeout: number }): Promise<unknown>;
  evaluate<Value>(script: string): Promise<Value>;
  mouse: {
    move(x: number, y: number): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
    wheel(x: number, y: number): Promise<void>;
  };
  close(): Promise<void>;
}

/** Notes when the page first answers a pointer, and each frame in which its dots were drawn. */
const WATCH = `
  window.drawn = 0;
  let frame = -1;
  let now = 0;
  const count = () => { now++; requestAnimationFrame(count); };
  requestAnimationFrame(count);
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    if (frame !== now) { frame = now; window.drawn++; }
    return put.apply(this, given);
  };
  new MutationObserver(() => {
    const tip = document.getElementById('tip');
    if (window.answered === undefined && tip && !tip.hidden && tip.textContent) window.answered = performance.now();
  }).observe(document, { attributes: true, childList: true, subtree: true });`;

/** Where the first hit lies on the screen. */
const HIT = `(() => {
  const plot = document.getElementById('map');
  const { xaxis, yaxis } = plot._fullLayout;
  const { left, top } = plot.getBoundingClientRect();
  const places = atob(JSON.parse(document.getElementById('data').textContent).places.slice(0, 12));
  const bytes = Uint8Array.from(places, (one) => one.charCodeAt(0));
  const [x, y] = new Float32Array(bytes.buffer.slice(0, 8));
  return { x: left + xaxis._offset + xaxis.l2p(x), y: top + yaxis._offset + yaxis.l2p(y) };
})()`;

export const measure: Measure = async (say) => {
  const view = await crowdedMap({ count: POINTS, tiles: TILES, seed: 1 });
  const page = mapPage(view);
  const sizes = {
    'map.output_mb': Buffer.byteLength(map(view, { page: 'map.html' })) / 1e6,
    'map.page_mb': Buffer.byteLength(page) / 1e6,
  };
  const browser = await openBrowser(say);
  if (!browser) return sizes;
  const place = await openWorkplace();
  try {
    const file = join(place.folder, 'map.html');
    await writeFile(file, page);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await useOnce(browser, file));
    const [ready, pan, zoom] = (['ready', 'pan', 'zoom'] as const).map((what) =>
      median(rounds.map((round) => round[what])),
    );
    say(`${POINTS} points: the first pointer is answered ${ready!.toFixed(2)} s after the page is asked for`);
    say(`dragging draws ${pan!.toFixed(1)} frames a second, zooming ${zoom!.toFixed(1)}`);
    return { 'map.ready_s': ready!, 'map.fps': pan!, 'map.zoom_fps': zoom!, ...sizes } satisfies Figures;
  } finally {
    await browser.close();
    await place.remove();
  }
};

async function openBrowser(say: (line: string) => void): Promise<Browser | null> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    say(`no Chromium at ${executablePath}: install it or set CHROMIUM to its path; only sizes are measured`);
    return null;
  }
  // By a name that the compiler does not look up: without the packages for developers, lib/ compiles all the same.
  const name: string = 'playwright-core';
  try {
    const { chromium }: Driver = await import(name);
    return await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
    });
  } catch (error) {
    say(`no browser can be driven (${reasonOf(error)}); only sizes are measured`);
    return null;
  }
}

/** Seconds from asking for the page to the first answer to a pointer; frames a second. */
type Round = Record<'ready' | 'pan' | 'zoom', number>;

async function useOnce(browser: Browser, file: string): Promise<Round> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript(WATCH);
  await page.goto(pathToFileURL(file).href, { timeout: PATIENCE_MS });
  const until = (script: string): Promise<unknown> =>
    page.waitForFunction(script, null, { timeout: PATIENCE_MS });
  await until(`document.documentElement.classList.contains('ready')`);
  const { x, y } = await page.evaluate<{ x: number; y: number }>(HIT);
  await page.mouse.move(x, y);
  await until('window.answered !== undefined');
  const ready = (await page.evaluate<number>('window.answered')) / 1000;

  await page.mouse.move(640, 500);
  await page.mouse.down();
  await page.mouse.move(646, 504);
  const pan = await framesWhile(page, (n) =>
    page.mouse.move(640 + 160 * Math.sin(n / 15), 500 + 90 * Math.cos(n / 15)),
  );
  await page.mouse.up();
  await setTimeout(500);
  const zoom = await framesWhile(page, (n) => page.mouse.wheel(0, n % 60 < 30 ? -40 : 40));
  await page.close();
  return { ready, pan, zoom };
}

/** Frames a second in which the dots were drawn anew while the mouse did this again and again. */
async function framesWhile(page: Page, move: (n: number) => Promise<void>): Promise<number> {
  const before = await page.evaluate<number>('window.drawn');
  const start = performance.now();
  const waiting = new Set<Promise<void>>();
  for (let n = 0; performance.now() - start < DRAG_MS; n++) {
    const moved = move(n).finally(() => waiting.delete(moved));
    waiting.add(moved);
    await setTimeout(MOVE_MS);
    while (waiting.size >= MOST_WAITING) await Promise.race(waiting);
  }
  await Promise.all(waiting);
  const seconds = (performance.now() - start) / 1000;
  return ((await page.evaluate<number>('window.drawn')) - before) / seconds;
}
