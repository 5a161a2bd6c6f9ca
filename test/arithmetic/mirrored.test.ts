import { expect, it } from 'vitest';
import { mirrored } from '#lib/arithmetic/mirrored.js';

it('a mirror exchanges left and right, keeps colours and rows, and twice gives the picture again', () => {
  const picture = { data: Uint8Array.from({ length: 18 }, (_, at) => at), width: 3, height: 2 };
  const turned = mirrored(picture);
  expect([...turned.data]).toEqual([6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11]);
  expect(mirrored(turned)).toEqual(picture);
});
