import { describe, expect, test } from 'vitest';
import { firstGrouping, groupingsOf, groupPoints, NO_GROUP } from '#lib/rendering/legend.js';
import { map } from '#lib/rendering/map.js';
import { mapPage } from '#lib/rendering/plotly.js';
import type { MapField, MapPoint, MapView } from '#lib/types.js';
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

const pictureOf = (markup: string): string =>
  Buffer.from(/src="data:image\/svg\+xml;base64,([^"]+)"/.exec(markup)![1]!, 'base64').toString();

describe('the still picture', () => {
  test('names its groups at their places, and none over another', async () => {
    const svg = pictureOf(map(await mapOf(400)));
    const names = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)">([^<]+)</g)];
    // "tree" has no colour of its own, but lies in one place.
    expect(names.map(([, , , text]) => text).sort()).toEqual(
      ['bicycle', 'boat', 'car', 'cat', 'cup', 'dog', 'flower', 'mountain', 'tree'].sort(),
    );
    for (const [, x, y, text] of names)
      for (const [, otherX, otherY, other] of names)
        if (text !== other) expect(Math.abs(+x! - +otherX!) + Math.abs(+y! - +otherY!)).toBeGreaterThan(14);
  });

  test('names no group without a colour of its own that lies here and there', async () => {
    const view = await mapOf(400);
    const values = view.points.map((_, n) => (n % 33 === 5 ? 'everywhere' : `group ${n % 10}`));
    const svg = pictureOf(
      map({ ...view, fields: [{ name: 'kind', kind: 'category', values }], colourBy: 'kind' }),
    );
    const names = [...svg.matchAll(/<text x="[\d.]+" y="[\d.]+">([^<]+)</g)].map(([, text]) => text);
    expect(names).toContain('group 1');
    expect(names).not.toContain('everywhere');
  });

  test('is coloured by the field that the map names', async () => {
    const view = { ...(await mapOf(60)), colourBy: 'date taken' };
    const markup = map(view);
    expect(markup).toContain('<bdi>2019</bdi>');
    expect(markup).not.toContain('<bdi>cat</bdi>');
  });

  test('links to the page of its own, and to nothing that would run', async () => {
    const view = await mapOf(20);
    expect(map(view, { page: 'pictures map.html' })).toContain('<a href="pictures map.html"');
    for (const page of ['javascript:boom()', ' JavaScript:boom()', 'data:text/html,<script>boom()</script>'])
      expect(map(view, { page })).toContain('<a href="#"');
    expect(map(view, { page: '"><script>boom()</script>' })).not.toContain('<script');
    expect(map(view)).not.toContain('<a href');
  });
});

describe('a legend', () => {
  const point = (id: string, label?: string): MapPoint => ({
    id,
    x: 0,
    y: 0,
    title: '',
    kind: 'plain',
    ...(label === undefined ? {} : { label }),
  });
  const numbers = (kind: 'number' | 'date', values: (number | null)[], unit?: 'share' | 'bytes') => {
    const points = values.map((_, n) => point(String(n)));
    return groupPoints(points, { name: 'size', kind, values, ...(unit ? { unit } : {}) });
  };

  test('gives the eight most frequent labels a colour and the rest one grey', () => {
    // label 0 eleven times, label 1 ten times … label 10 once
    const points = Array.from({ length: 11 }, (_, label) =>
      Array.from({ length: 11 - label }, (_, n) => point(`${label} ${n}`, `label ${label}`)),
    ).flat();
    const { entries, codes } = firstGrouping({ title: '', points });
    expect(entries.map(({ label, count }) => `${label}: ${count}`)).toEqual([
      ...Array.from({ length: 8 }, (_, label) => `label ${label}: ${11 - label}`),
      '3 other labels: 6',
    ]);
    expect(new Set(entries.map(({ colour }) => colour)).size).toBe(9);
    expect([...codes].filter((code) => code === 8)).toHaveLength(6);
  });

  test('is one calm colour where nothing tells the points apart, and leaves the query out', () => {
    const query: MapPoint = { ...point('q'), kind: 'query' };
    const { entries, codes } = firstGrouping({ title: '', points: [point('a'), point('b'), query] });
    expect(entries).toMatchObject([{ label: 'all points', count: 2 }]);
    expect([...codes]).toEqual([0, 0, NO_GROUP]);
  });

  test('splits numbers into ranges of about equal counts and never parts equal ones', () => {
    const values = Array.from({ length: 600 }, (_, n) => (n < 200 ? 5 : n));
    const { entries, codes } = numbers('number', values);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(600);
    expect(entries[0]).toMatchObject({ label: '5', count: 200 });
    expect(entries.length).toBeLessThanOrEqual(6);
    const highest = entries.map((_, code) => Math.max(...values.filter((_, n) => codes[n] === code)));
    expect(highest).toEqual([...highest].sort((a, b) => a - b));
  });

  test('parts numbers at the edges that a field names, where there are numbers between them', () => {
    const values = [...Array.from({ length: 90 }, (_, n) => n / 10_000), 0.1, 0.3, 0.95, 0.9, null];
    const points = values.map((_, n) => point(String(n)));
    const edges = [0.01, 0.05, 0.1, 0.5, 0.9];
    const field: MapField = { name: 'relevance', kind: 'number', unit: 'share', edges, values };
    const { entries, codes } = groupPoints(points, field);
    expect(entries.map(({ label, count }) => `${label}: ${count}`)).toEqual([
      '0 % – < 1 %: 90',
      '10 % – 30 %: 2',
      '90 % – 95 %: 2',
      'no relevance: 1',
    ]);
    expect([...codes].slice(-5)).toEqual([1, 1, 2, 2, 3]);
  });

  test('has a range of its own for each of a few numbers, and a grey one for none', () => {
    const { entries, codes } = numbers('number', [3, 1, null, Number.NaN, 3]);
    expect(entries.map(({ label, count }) => `${label}: ${count}`)).toEqual(['1: 1', '3: 2', 'no size: 2']);
    expect([...codes]).toEqual([1, 0, 2, 2, 1]);
  });

  test('tells dates by years where these are few, else by days; shares as percents', () => {
    const day = 86_400_000;
    const start = Date.UTC(2020, 0, 1);
    const years = numbers('date', [start, start + 200 * day, start + 400 * day]);
    expect(years.entries.map(({ label }) => label)).toEqual(['2020', '2021']);
    const days = numbers(
      'date',
      Array.from({ length: 12 }, (_, n) => start + n * day),
    );
    expect(days.entries[0]!.label).toBe('2020-01-01 – 2020-01-02');
    const oneDay = numbers(
      'date',
      Array.from({ length: 12 }, (_, n) => start + n),
    );
    expect(oneDay.entries.map(({ label, count }) => `${label}: ${count}`)).toEqual(['2020-01-01: 12']);
    expect(numbers('number', [0.25, 0.5], 'share').entries.map(({ label }) => label)).toEqual([
      '25 %',
      '50 %',
    ]);
  });

  test('offers the labels and every field, the one that colours at first before the others', async () => {
    const view: MapView = { ...(await mapOf(20)), colourBy: 'date taken' };
    expect(groupingsOf(view).map(({ name }) => name)).toEqual(['date taken', 'label', 'file size']);
    const bare = { ...view, points: view.points.map(({ label: _, ...rest }) => rest) };
    expect(groupingsOf(bare).map(({ name }) => name)).toEqual(['date taken', 'file size']);
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
    view.fields!.push({
      name: nastyStrings[0]!,
      kind: 'category',
      values: view.points.map(({ title }) => title),
    });
    const page = mapPage({ ...view, title: nastyStrings[0]! });
    expect(page).not.toMatch(/<(script|link|img|iframe)[^>]*(src|href)="(?!data:)/);
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
    expect(data).not.toContain('<');
    const { titles, count } = JSON.parse(data) as { titles: string[]; count: number };
    expect(count).toBe(view.points.length);
    expect(titles).toHaveLength(view.points.length);
  });

  test('lets only its own scripts run, by their hashes', async () => {
    const page = mapPage(await mapOf(20));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!;
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-\S+' 'sha256-\S+'; style-src/);
    expect(policy).not.toContain('unsafe-eval');
    expect(policy.split('style-src')[0]).not.toContain("'unsafe-inline'");
  });

  test('holds a script without a word that only modules know', async () => {
    const page = mapPage(await mapOf(2), { script: 'file' });
    const script = page.slice(page.lastIndexOf('<script>'));
    expect(script).not.toMatch(/^(import|export)\b/m);
    expect(script).not.toContain('sourceMappingURL');
  });

  test('can refer to plotly on this disk and is small then', async () => {
    const page = mapPage(await mapOf(20), { script: 'file' });
    expect(page).toMatch(/<script src="file:\/\/.*plotly\.js"><\/script>/);
    expect(page.length).toBeLessThan(60_000);
  });

  test('of no point is a page all the same', () => {
    const page = mapPage({ title: 'Empty', points: [] }, { script: 'file' });
    expect(page).toContain('0 points');
    expect(page).toContain('index some pictures first');
  });

  test('of 100,000 points travels in bytes: less than 12 MB beside plotly', async () => {
    expect(mapPage(await mapOf(100_000), { script: 'file' }).length).toBeLessThan(12_000_000);
  });
});
