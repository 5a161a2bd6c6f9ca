import { describe, expect, test } from 'vitest';
import { legendOf } from '#lib/rendering/legend.js';
import { map } from '#lib/rendering/map.js';
import { mapPage } from '#lib/rendering/plotly.js';
import type { MapPoint } from '#lib/types.js';
import { mapOf } from './fixtures.js';
import { nastyStrings } from './nasty.js';

const spots = (markup: string): number => markup.split('<a tabindex="0"').length - 1;

describe('a map', () => {
  test('of 400 points takes less than 400 kB beside its sprite', async () => {
    const view = await mapOf(400, 400);
    expect(map(view).length - view.sprite!.webp.length * 1.34).toBeLessThan(150_000);
    expect(spots(map(view))).toBe(401);
  });

  test('of 100,000 points stays below 700 kB and says which points answer', async () => {
    const markup = map(await mapOf(100_000));
    expect(markup.length).toBeLessThan(700_000);
    expect(spots(markup)).toBe(1500);
    expect(markup).toContain('1,500 of 100,001 points answer the pointer');
  });

  test('meets the keyboard with the query first, then the hits by rank', async () => {
    const view = await mapOf(20);
    view.points.reverse();
    const names = [...map(view).matchAll(/aria-label="(.*?)[&"]/g)].map(([, name]) => name);
    expect(names.slice(0, 4)).toEqual([
      'a sleeping cat',
      'images/cats/cat-0.jpg',
      'images/dogs/dog-1.jpg',
      'images/bicycles/bicycle-2.jpg',
    ]);
  });

  test('holds the sprite once', async () => {
    const view = await mapOf(400, 400);
    expect(map(view).split('data:image/webp').length - 1).toBe(1);
  });

  test('of no point says what to do', () => {
    expect(map({ title: 'Empty', points: [] })).toContain('index some pictures first');
  });

  test('of one point, of equal points and of points without a place draws in its bounds', () => {
    const point: MapPoint = { id: 'a', x: 0.5, y: 0.5, title: 'a', kind: 'plain' };
    for (const points of [
      [point],
      [point, { ...point, id: 'b' }],
      [point, { ...point, x: Number.NaN, y: Number.POSITIVE_INFINITY }],
    ]) {
      const markup = map({ title: 'Few', points });
      expect(markup).not.toMatch(/NaN|Infinity/);
      for (const [, left, top] of markup.matchAll(/style="left:([\d.-]+)%;top:([\d.-]+)%"/g)) {
        expect(Number(left)).toBeGreaterThanOrEqual(0);
        expect(Number(left)).toBeLessThanOrEqual(100);
        expect(Number(top)).toBeGreaterThanOrEqual(0);
        expect(Number(top)).toBeLessThanOrEqual(100);
      }
    }
  });

  test('lets no title or label be markup', () => {
    const points = nastyStrings.map(
      (text, n): MapPoint => ({
        id: text,
        x: n / 30,
        y: n / 30,
        title: text,
        label: text,
        kind: n % 2 ? 'hit' : 'query',
      }),
    );
    const markup = map({ title: nastyStrings[0]!, points });
    const tags = new Set([...markup.matchAll(/<\/?([a-zA-Z]+)/g)].map(([, tag]) => tag));
    expect([...tags].sort()).toEqual(['a', 'b', 'bdi', 'div', 'i', 'img', 'span', 'style']);
  });
});

describe('a legend', () => {
  test('gives the eight most frequent labels a colour and the rest one grey', () => {
    const points = Array.from({ length: 66 }, (_, n): MapPoint => {
      // label 0 eleven times, label 1 ten times … label 10 once
      const label = Math.floor(10.5 - Math.sqrt(2 * n + 0.25) + 0.5);
      return { id: String(n), x: 0, y: 0, title: '', label: `label ${Math.max(0, label)}`, kind: 'plain' };
    });
    const { entries, colourOf, fallback } = legendOf(points);
    expect(entries).toHaveLength(9);
    expect(new Set(entries.map(({ colour }) => colour)).size).toBe(9);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(66);
    expect(entries.at(-1)!.label).toMatch(/^\d other labels?$/);
    expect(colourOf({ id: 'x', x: 0, y: 0, title: '', label: 'unknown', kind: 'plain' })).toBe(fallback);
  });
});

describe('a page of its own', () => {
  test('is one file that refers to nothing and whose data cannot end its script', async () => {
    const view = await mapOf(20);
    view.points.push(
      ...nastyStrings.map(
        (text): MapPoint => ({ id: text, x: 0, y: 0, title: text, label: text, kind: 'plain' }),
      ),
    );
    const page = mapPage({ ...view, title: nastyStrings[0]! });
    expect(page.match(/<script[ >]/g)!.length).toBeGreaterThanOrEqual(3);
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
    expect(data).not.toContain('<');
    const { traces } = JSON.parse(data) as { traces: { x: number[]; hovertext: string[] }[] };
    expect(traces.reduce((sum, { x }) => sum + x.length, 0)).toBe(view.points.length);
    for (const text of traces.flatMap(({ hovertext }) => hovertext))
      expect(text.replace('<br>', '')).not.toMatch(/[<>]/);
  });

  test('can refer to plotly on this disk and is small then', async () => {
    const page = mapPage(await mapOf(20), { script: 'file' });
    expect(page).toMatch(/<script src="file:\/\/.*plotly\.js"><\/script>/);
    expect(page.length).toBeLessThan(20_000);
  });

  test('of no point is a page all the same', () => {
    expect(mapPage({ title: 'Empty', points: [] }, { script: 'file' })).toContain('0 points');
  });
});
