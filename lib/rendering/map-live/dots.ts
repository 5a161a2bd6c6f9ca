import type { Frame } from './frame.js';

/** Dots of one look. */
export interface Dots {
  /** Which points, by their place in the list. */
  indices: Uint32Array;
  /** 0xBBGGRR. */
  colour: number;
  /** 0..1 */
  opacity: number;
  /** Pixels across. */
  diameter: number;
}

/** Pixels 0xAABBGGRR row by row, with a rim of `rim` pixels around what is seen, so that no dot at the edge is cut. */
export interface Pixels {
  data: Uint32Array;
  /** With both rims. */
  width: number;
  height: number;
  rim: number;
}

/** A dot at one place within a pixel: what it adds to the pixels around it. */
interface Stamp {
  /** Steps from the dot's own pixel in `Pixels.data`. */
  steps: Int32Array;
  /** How much of each of these pixels it covers, 0..256. */
  covers: Uint16Array;
}

/** Dots are laid to a quarter of a pixel; whole pixels would let a slow move tremble. */
const PARTS = 4;

/** Fills everything with one colour, 0xBBGGRR. */
export function fill({ data }: Pixels, colour: number): void {
  data.fill((0xff000000 | colour) >>> 0);
}

/**
 * Lays dots over what is there, point by point: about 30 ns a dot of three pixels, whatever draws the page, where
 * WebGL without a graphics card takes some thousands.
 * @param places x and y of all points, as the map has them.
 */
export function paint(
  pixels: Pixels,
  { left, top, scaleX, scaleY }: Frame,
  { x, y, dots }: { x: Float32Array; y: Float32Array; dots: Dots },
): void {
  const { data, width, height, rim } = pixels;
  const reach = Math.ceil(dots.diameter / 2) + 1;
  const stamps = stampsOf(dots, reach, width);
  const redBlue = dots.colour & 0xff00ff;
  const green = (dots.colour >>> 8) & 0xff;
  const [right, bottom] = [width - reach - 1, height - reach - 1];
  for (const index of dots.indices) {
    const across = x[index]! * scaleX + left + rim;
    const down = y[index]! * scaleY + top + rim;
    if (!(across >= reach && down >= reach && across < right && down < bottom)) continue;
    const column = across | 0;
    const row = down | 0;
    const part = (((down - row) * PARTS) | 0) * PARTS + (((across - column) * PARTS) | 0);
    const { steps, covers } = stamps[part]!;
    const own = row * width + column;
    for (let n = 0; n < steps.length; n++) {
      const at = own + steps[n]!;
      const before = data[at]!;
      const cover = covers[n]!;
      const rest = 256 - cover;
      // Red and blue are mixed in one step: each has the byte above it to itself.
      const mixed = (Math.imul(before & 0xff00ff, rest) + Math.imul(redBlue, cover)) >>> 8;
      const mixedGreen = ((before >>> 8) & 0xff) * rest + green * cover;
      data[at] = 0xff000000 | (mixed & 0xff00ff) | (mixedGreen & 0xff00);
    }
  }
}

/** One stamp for each place within a pixel, row by row. */
function stampsOf({ diameter, opacity }: Dots, reach: number, width: number): Stamp[] {
  return Array.from({ length: PARTS * PARTS }, (_, part) => {
    const middleX = ((part % PARTS) + 0.5) / PARTS;
    const middleY = (Math.floor(part / PARTS) + 0.5) / PARTS;
    const steps: number[] = [];
    const covers: number[] = [];
    for (let down = -reach; down <= reach; down++) {
      for (let across = -reach; across <= reach; across++) {
        const outside = Math.hypot(across + 0.5 - middleX, down + 0.5 - middleY) - diameter / 2;
        const cover = Math.round(256 * opacity * Math.min(1, Math.max(0, 0.5 - outside)));
        if (!cover) continue;
        steps.push(down * width + across);
        covers.push(cover);
      }
    }
    return { steps: Int32Array.from(steps), covers: Uint16Array.from(covers) };
  });
}

/** `#rrggbb` as the number 0xBBGGRR, in the order of a canvas's bytes. */
export function colourNumber(colour: string): number {
  const number = Number.parseInt(colour.slice(1), 16);
  return ((number & 0xff) << 16) | (number & 0xff00) | (number >>> 16);
}
