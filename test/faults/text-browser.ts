/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Page } from 'playwright-core';
import { openBrowser } from '../page/browser.js';
import type { TextAttack } from './text-attack.js';

/** A page that notices when anything calls boom(). */
const ARMED = '<!doctype html><script>window.booms=0;window.boom=()=>{window.booms++}</script><body>';

/**
 * Opens everything that was made of hostile texts in a real browser, and puts pointer and focus on it.
 * @returns what ran, was asked for, was logged, or is there that no output of ours holds.
 */
export async function misdeedsOf({
  outputs,
  pages,
}: Pick<TextAttack, 'outputs' | 'pages'>): Promise<string[]> {
  const browser = await openBrowser();
  const misdeeds: string[] = [];
  const look = async (html: string, name: string, scripts: number): Promise<void> => {
    const { page, errors, requests } = await browser.openPage(html);
    await page.evaluate(() => {
      for (const node of document.querySelectorAll<HTMLElement>('a,input,summary,[tabindex]')) node.focus();
      for (const node of document.querySelectorAll('*')) {
        for (const type of ['mouseover', 'mouseenter', 'animationstart', 'toggle'])
          node.dispatchEvent(new Event(type, { bubbles: true }));
      }
    });
    const found = await strangersOn(page);
    if (found.scripts !== scripts) misdeeds.push(`${name}: ${found.scripts} scripts`);
    if (found.booms > 0) misdeeds.push(`${name}: boom`);
    misdeeds.push(...[...found.strangers, ...errors, ...requests].map((what) => `${name}: ${what}`));
    await page.context().close();
  };
  try {
    for (let start = 0; start < outputs.length; start += 20)
      await look(ARMED + outputs.slice(start, start + 20).join(''), `outputs ${start}`, 1);
    // Their policies let no script of a stranger run, and not the one that would be armed either: plotly, the data, our own.
    await look(pages.map, 'the page of the map', 3);
    await look(pages.evaluation, 'the page of an evaluation', 0);
  } finally {
    await browser.close();
  }
  return misdeeds;
}

function strangersOn(page: Page): Promise<{ booms: number; scripts: number; strangers: string[] }> {
  return page.evaluate(() => ({
    booms: Number(Reflect.get(window, 'booms') ?? 0),
    scripts: document.scripts.length,
    strangers: [
      ...[...document.querySelectorAll('*')]
        .filter((node) => [...node.attributes].some(({ name }) => name.startsWith('on')))
        .map(({ outerHTML }) => outerHTML.slice(0, 200)),
      ...[
        ...document.querySelectorAll('iframe,object,embed,math,form,link,base,video,template,img[src="x"]'),
      ].map(({ outerHTML }) => outerHTML.slice(0, 200)),
    ],
  }));
}
