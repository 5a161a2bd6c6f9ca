import { describe, expect, test } from 'vitest';
import { duplicatesTable } from '#lib/rendering/duplicates.js';
import type { DuplicateGroup, DuplicatePicture, Duplicates } from '#lib/types.js';
import { ballCard } from './fixtures.js';
import { nastyStrings } from './nasty.js';

function pictureAt(paths: string[], more: Partial<DuplicatePicture> = {}): DuplicatePicture {
  return {
    imageId: paths[0]!,
    paths,
    facts: {
      width: 640,
      height: 480,
      format: 'jpeg',
      bytes: 51_000,
      orientation: 'landscape',
      photograph: true,
    },
    ...more,
  };
}

const near: DuplicateGroup = {
  kind: 'near',
  pictures: [
    pictureAt(['/pictures/ball.jpg'], { distance: { bits: 0, cosine: 1 } }),
    pictureAt(['/pictures/small/ball.png'], { distance: { bits: 3, cosine: 0.9871 } }),
  ],
  keep: '/pictures/ball.jpg',
  spare: 9000,
};
const exact: DuplicateGroup = {
  kind: 'exact',
  pictures: [pictureAt(['/pictures/a.jpg', '/pictures/b.jpg'])],
  keep: '/pictures/a.jpg',
  spare: 51_000,
};

function found(groups: DuplicateGroup[], notes: string[] = []): Duplicates {
  return { groups, pictures: 40, limits: { bits: 16, cosine: 0.85 }, notes };
}

describe('a table of duplicates', () => {
  test('shows each picture, which one to keep and by what the others differ', async () => {
    const card = await ballCard({ outlines: [] });
    const markup = duplicatesTable(found([exact, near], ['One was gone.']), [card, card, card]);
    for (const part of [
      '1 picture with equal files, 1 group of near-identical pictures among 40 pictures.',
      'One was gone.',
      '640 × 480 jpeg',
      '51 kB to spare',
      '3 bits, cosine 0.987',
      '/pictures/<wbr>small/<wbr>ball.png',
    ]) {
      expect(markup).toContain(part);
    }
    expect(markup.match(/<img /g)).toHaveLength(3);
    expect(markup.match(/lookbook-keep">keep/g)).toHaveLength(2);
    expect(markup.indexOf('a.jpg')).toBeLessThan(markup.indexOf('b.jpg'));
  });

  test('without cards shows no pictures, and of no groups says so', () => {
    expect(duplicatesTable(found([near]))).not.toContain('<img');
    expect(duplicatesTable(found([]))).toContain('None of 40 pictures is there twice.');
  });

  test('of very many groups shows the first and counts the rest', () => {
    const markup = duplicatesTable(found(Array.from({ length: 63 }, () => near)));
    expect(markup.match(/<table/g)).toHaveLength(50);
    expect(markup).toContain('and 13 more groups');
  });

  test('holds no script and lets nothing from outside be markup', async () => {
    const card = await ballCard({ outlines: [] });
    const groups = nastyStrings.map((text): DuplicateGroup => {
      const { facts } = pictureAt([text]);
      const picture = pictureAt([text, `${text}2`], { facts: { ...facts, format: text, taken: text } });
      return { kind: 'near', pictures: [picture], keep: text, spare: 1 };
    });
    const cards = nastyStrings.map((path) => ({ ...card, path }));
    const markup = duplicatesTable(found(groups, [...nastyStrings]), cards);
    const tags = new Set([...markup.matchAll(/<\/?([a-zA-Z]+)/g)].map(([, tag]) => tag));
    const allowed = [
      'b',
      'bdi',
      'div',
      'img',
      'span',
      'style',
      'table',
      'tbody',
      'td',
      'th',
      'thead',
      'tr',
      'wbr',
    ];
    expect([...tags].filter((tag) => !allowed.includes(tag!))).toEqual([]);
    expect(markup).not.toContain('\u001b');
    expect(markup).not.toContain('\u202e');
  });
});
