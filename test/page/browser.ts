import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's path; elsewhere CHROMIUM names the program. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Whether pages can be opened here. Where not, page tests are skipped and say so. */
export const browserFound: boolean = existsSync(executablePath);

if (!browserFound) {
  console.warn(
    `Page tests are SKIPPED: there is no Chromium at ${executablePath}. Install it (apt-get install chromium) or set CHROMIUM to its path.`,
  );
}

/** A page of eleven megabytes of script on a machine that is busy with something else. */
const LOADED_WITHIN_MS = 240_000;

const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
];

export interface PageOptions {
  width?: number;
  height?: number;
  dark?: boolean;
  /** false: as in a viewer that runs none (default true). */
  scripts?: boolean;
}

/** A page and what it did that it should not have: errors it logged or threw, dialogs it opened, addresses it asked for. */
export interface OpenPage {
  page: Page;
  errors: string[];
  requests: string[];
}

export interface TestBrowser {
  openPage(html: string, options?: PageOptions): Promise<OpenPage>;
  /** As a person opens a file from disk, which may lead to other files. */
  openFile(path: string): Promise<Page>;
  close(): Promise<void>;
}

/**
 * A headless Chromium without a network, with an empty profile of its own.
 * @param webgl for plotly's scattergl: draws in software, slower to start.
 */
export async function openBrowser({ webgl = false }: { webgl?: boolean } = {}): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath,
    args: [...flags, webgl ? '--enable-unsafe-swiftshader' : '--disable-gpu'],
  });
  const openPage = async (html: string, options: PageOptions = {}): Promise<OpenPage> => {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1000, height: options.height ?? 800 },
      colorScheme: options.dark ? 'dark' : 'light',
      javaScriptEnabled: options.scripts ?? true,
    });
    const page = await context.newPage();
    const errors: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('dialog', (dialog) => {
      errors.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await context.route(/^(https?|file|ftp):/, (route) => {
      requests.push(route.request().url());
      return route.abort();
    });
    await page.setContent(html, { waitUntil: 'load', timeout: LOADED_WITHIN_MS });
    return { page, errors, requests };
  };
  const openFile = async (path: string): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    await context.route(/^(https?|ftp):/, (route) => route.abort());
    const page = await context.newPage();
    await page.goto(pathToFileURL(path).href, { timeout: LOADED_WITHIN_MS });
    return page;
  };
  return { openPage, openFile, close: () => browser.close() };
}
