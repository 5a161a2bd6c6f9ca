import sharp from 'sharp';
import type { Room } from '../../indexing/pictures.js';

/** Shades that the embedded encoder sees as one colour each. */
export const COLOURS: Record<string, readonly string[]> = {
  red: ['#e01010', '#c81414', '#f02020'],
  green: ['#10a010', '#149014', '#20b020'],
  blue: ['#1010e0', '#1414c8', '#2020f0'],
};

/** Discs of three colours, each colour in a folder of its own: red/0.png … blue/2.png, each at a place of its own. */
export async function drawColours(room: Room): Promise<void> {
  for (const [colour, shades] of Object.entries(COLOURS)) {
    for (const [at, shade] of shades.entries()) {
      await room.write(`${colour}/${at}.png`, await disc(shade, { x: 40 + 6 * at, radius: 26 + 3 * at }));
    }
  }
}

async function disc(colour: string, { x, radius }: { x: number; radius: number }): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#fff"/><circle cx="${x}" cy="46" r="${radius}" fill="${colour}"/></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}
