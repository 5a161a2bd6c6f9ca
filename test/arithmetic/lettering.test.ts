import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { inpaint } from '#lib/arithmetic/inpainting.js';
import { letteringMask } from '#lib/arithmetic/lettering.js';
import { emptyMask, maskArea } from '#lib/arithmetic/masks.js';
import type { Mask, Pixels } from '#lib/types.js';

const WIDTH = 400;
const HEIGHT = 300;
const SKY = [112, 160, 208];

async function drawn(drawing: string): Promise<Pixels> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"><rect width="100%" height="100%" fill="rgb(${SKY})"/>${drawing}</svg>`;
  const data = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
  return { data: new Uint8Array(data), width: WIDTH, height: HEIGHT };
}

const caption = (look: string): string =>
  `<text x="200" y="270" font-family="sans-serif" font-size="34" text-anchor="middle" ${look}>Happy Birthday</text>`;

/** Share of the pixels that differ by more than 12 of 255 and are (or are not) masked. */
function differing(a: Pixels, b: Pixels, inside: (at: number) => boolean): number {
  let differ = 0;
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    if (!inside(at)) continue;
    if ([0, 1, 2].some((c) => Math.abs(a.data[3 * at + c]! - b.data[3 * at + c]!) > 12)) differ++;
  }
  return differ / (WIDTH * HEIGHT);
}

describe('lettering', () => {
  it.each([
    ['dark', 'fill="#111"'],
    ['light', 'fill="#fff"'],
    ['outlined', 'fill="#fff" stroke="#000" stroke-width="4" paint-order="stroke" font-weight="bold"'],
    ['coloured', 'fill="#a00"'],
  ])('that is %s is found, and nothing else', async (_, look) => {
    const plain = await drawn('<circle cx="120" cy="110" r="60" fill="#d33"/>');
    const lettered = await drawn(`<circle cx="120" cy="110" r="60" fill="#d33"/>${caption(look)}`);
    const mask = letteringMask(lettered);
    expect(differing(plain, lettered, (at) => !mask.data[at])).toBeLessThan(0.0005);
    expect(mask.data.subarray(0, WIDTH * 200).every((value) => value === 0)).toBe(true);
    expect(maskArea(mask)).toBeLessThan(0.15);
  });

  it.each([
    ['plain ground', ''],
    [
      'things side by side',
      '<circle cx="80" cy="150" r="30" fill="#a00"/><rect x="150" y="110" width="90" height="70" fill="#060"/><circle cx="330" cy="140" r="45" fill="#fc0"/>',
    ],
    [
      'a row of dots',
      Array.from({ length: 9 }, (_, n) => `<circle cx="${40 + 40 * n}" cy="80" r="12" fill="#fff"/>`).join(
        '',
      ),
    ],
    [
      'a fence',
      Array.from(
        { length: 12 },
        (_, n) => `<rect x="${20 + 30 * n}" y="180" width="10" height="60" fill="#420"/>`,
      ).join(''),
    ],
  ])('is not seen in %s', async (_, drawing) => {
    expect(maskArea(letteringMask(await drawn(drawing)))).toBe(0);
  });
});

describe('painting over', () => {
  it('takes the lettering out of a soft ground', async () => {
    const plain = await drawn('');
    const lettered = await drawn(caption('fill="#111"'));
    const bare = inpaint(lettered, letteringMask(lettered));
    expect(differing(plain, bare, () => true)).toBeLessThan(0.0005);
  });

  it('changes masked pixels only, and leaves its input alone', async () => {
    const pixels = await drawn('<circle cx="120" cy="110" r="60" fill="#d33"/>');
    const before = pixels.data.slice();
    const mask = emptyMask(WIDTH, HEIGHT);
    for (let y = 90; y < 130; y++) mask.data.fill(1, y * WIDTH + 20, y * WIDTH + 380);
    const { data } = inpaint(pixels, mask);
    expect(Buffer.compare(pixels.data, before)).toBe(0);
    const changed = data.filter((value, i) => value !== before[i] && !mask.data[Math.floor(i / 3)]);
    expect(changed.length).toBe(0);
    // Beside the disc the gap is sky, as its surroundings are.
    expect([...data.subarray(3 * (110 * WIDTH + 330), 3 * (110 * WIDTH + 330) + 3)]).toEqual(SKY);
  });

  it('stays between the darkest and the lightest of what is known, also of a picture masked whole', () => {
    const data = Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => 60 + ((i * 37) % 90));
    const mask: Mask = {
      data: Uint8Array.from({ length: 35 }, (_, i) => Number(i % 3 > 0)),
      width: 7,
      height: 5,
    };
    const filled = inpaint({ data, width: 7, height: 5 }, mask);
    expect(Math.min(...filled.data)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...filled.data)).toBeLessThanOrEqual(150);
    expect(inpaint({ data, width: 7, height: 5 }, { ...mask, data: mask.data.map(() => 1) }).data).toEqual(
      data,
    );
  });
});
