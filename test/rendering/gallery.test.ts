import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { contactSheet, gallery } from '#lib/rendering/gallery.js';
import { annotated, overlay } from '#lib/rendering/overlay.js';
import type { PictureCard } from '#lib/types.js';
import { ballCard, disc, noisyJpeg, outlineOf } from './fixtures.js';
import { nastyStrings } from './nasty.js';

function svgOf(uri: string): string {
  expect(uri).toMatch(/^data:image\/svg\+xml;base64,/);
  return Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64').toString();
}

describe('an overlay', () => {
  test('is one img with the picture, the mask and the tag inside', async () => {
    const card = await ballCard();
    const markup = overlay(card);
    expect(markup).toMatch(
      /^<img src="data:image\/svg\+xml;base64,[A-Za-z0-9+/=]+" width="320" height="240" alt="ball\.jpg: ball">$/,
    );
    const svg = svgOf(annotated(card));
    expect(svg).toContain(Buffer.from(card.jpeg).toString('base64'));
    expect(svg).toContain('>1 ball 0.93</text>');
    expect(svg).toContain('fill-rule="evenodd"');
  });

  test('without segments is the JPEG itself', async () => {
    expect(annotated(await ballCard({ outlines: [] }))).toMatch(/^data:image\/jpeg;base64,/);
  });

  test('is a picture that renders, whatever its labels hold', async () => {
    for (const label of nastyStrings) {
      const card = await ballCard({ outlines: [outlineOf(disc(320, 240, [60, 60, 30]), label, 0.5)] });
      const { info } = await sharp(Buffer.from(svgOf(annotated(card))))
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([320, 240]);
    }
  });

  test('tags stay inside the picture and apart from each other', async () => {
    const mask = disc(320, 240, [300, 8, 20]);
    const card = await ballCard({
      outlines: ['tree', 'a much longer label than fits', 'car'].map((label) => outlineOf(mask, label, 0.9)),
    });
    const boxes = [
      ...svgOf(annotated(card)).matchAll(
        /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
      ),
    ].map(([, ...numbers]) => numbers.map(Number) as [number, number, number, number]);
    expect(boxes).toHaveLength(3);
    for (const [index, [x, y, width, height]] of boxes.entries()) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(320.1);
      expect(y + height).toBeLessThanOrEqual(240.1);
      const previous = boxes[index - 1];
      if (previous) expect(y).toBeGreaterThanOrEqual(previous[1] + previous[3]);
    }
  });
});

describe('a gallery', () => {
  test('of ten busy thumbnails with masks stays well below 1.5 MB', async () => {
    const jpeg = await noisyJpeg(320, 240);
    expect(jpeg.length).toBeGreaterThan(20_000);
    const outlines = Array.from({ length: 5 }, (_, n) =>
      outlineOf(disc(320, 240, [40 + n * 55, 120, 40]), `segment ${n}`, 0.5),
    );
    const cards = Array.from(
      { length: 10 },
      (_, n): PictureCard => ({
        path: `images/${n}.jpg`,
        jpeg,
        width: 320,
        height: 240,
        rank: n + 1,
        relevance: 0.5,
        outlines,
      }),
    );
    expect(gallery(cards).length).toBeLessThan(1_200_000);
  });

  test('names rank, relevance, file, folder and why', async () => {
    const card = await ballCard({
      path: '/pictures/beach/ball.jpg',
      rank: 3,
      relevance: 0.874,
      why: 'The best of 40 segments.',
    });
    const markup = gallery([card], { title: '“ball”', subtitle: '1 of 40 pictures' });
    for (const part of [
      '“ball”',
      '1 of 40 pictures',
      '>3<',
      '>0.87<',
      'width:87%',
      'ball.jpg',
      '/pictures/<wbr>beach',
      'The best of 40 segments.',
    ]) {
      expect(markup).toContain(part);
    }
  });

  test('says how many near-identical pictures stand behind a card', async () => {
    expect(gallery([await ballCard({ copies: 1 })])).toContain('>and 1 near-identical picture<');
    expect(gallery([await ballCard({ copies: 1200 })])).toContain('>and 1,200 near-identical pictures<');
    expect(gallery([await ballCard()])).not.toContain('near-identical');
  });

  test('holds no script and lets nothing from outside be markup', async () => {
    const card = await ballCard();
    const cards = nastyStrings.map(
      (text): PictureCard => ({
        ...card,
        path: text,
        why: text,
        outlines: [{ ...card.outlines[0]!, label: text }],
      }),
    );
    const markup =
      gallery(cards, { title: nastyStrings[0]!, subtitle: nastyStrings[1]! }) +
      contactSheet(cards, { title: nastyStrings[2]! });
    const tags = new Set([...markup.matchAll(/<\/?([a-zA-Z]+)/g)].map(([, tag]) => tag));
    expect([...tags].sort()).toEqual(
      ['b', 'bdi', 'div', 'figcaption', 'figure', 'img', 'input', 'label', 'span', 'style', 'wbr'].filter(
        (tag) => tags.has(tag),
      ),
    );
    expect(markup).not.toContain('\u001b');
    expect(markup).not.toContain('\u202e');
  });

  test('offers the switch only where there is a mask to hide', async () => {
    const card = await ballCard();
    expect(gallery([card])).toContain('type="checkbox"');
    expect(gallery([{ ...card, outlines: [] }])).not.toContain('type="checkbox"');
  });

  test('of nothing says so', () => {
    expect(gallery([])).toContain('No picture answers this.');
  });

  test('of the same cards is the same HTML, of others it has another id', async () => {
    const card = await ballCard();
    const idIn = (markup: string): string => / id="(.*?)"/.exec(markup)![1]!;
    expect(gallery([card])).toBe(gallery([card]));
    expect(idIn(gallery([card]))).not.toBe(idIn(gallery([{ ...card, path: 'other.jpg' }])));
  });
});
