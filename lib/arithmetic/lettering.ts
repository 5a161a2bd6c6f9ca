/** Where letters stand in a picture: pieces of one colour, alike in height, side by side. Pure. */
import type { Mask, Pixels } from '../types.js';
import { connectedRegions, emptyMask } from './masks.js';

/** A piece is lighter or darker than its surroundings by so much of 255. */
const CONTRAST = 24;
/** Its surroundings reach so far, as a share of the longer side: half a line of large letters. */
const AROUND = 1 / 24;
/** Heights of letters: pixels, and a share of the picture's height. */
const LOWEST = 6;
const HIGHEST = 0.25;
/**
 * A line has at least so many letters, and its box at least so many pixels. Of 100 lettered scenes among 300 (seed 15) the
 * embedded model finds 0.95 after removal with four letters, 0.92 with three; of the same without lettering 0.98 and 0.96.
 */
const LETTERS = 4;
const LEAST_AREA = 100;
/** Two pieces are of one shape when width, height and the share of the box that is filled differ by less. */
const SAME_SHAPE = 0.06;
/** Colours of one line's letters, as a distance in RGB. */
const SAME_COLOUR = 60;

interface Piece {
  left: number;
  top: number;
  right: number;
  bottom: number;
  size: number;
  /** 1 lighter, 2 darker. */
  side: number;
  colour: [number, number, number];
}

/** The pixels of all lines of letters with a rim around them, for painting over; empty where none is found. */
export function letteringMask(pixels: Pixels): Mask {
  const { width, height } = pixels;
  const mask = emptyMask(width, height);
  const { regionOf, pieces } = piecesOf(pixels);
  for (const line of linesOf(pieces, height)) {
    const [left, right] = [Math.min(...line.map((l) => l.left)), Math.max(...line.map((l) => l.right))];
    const [top, bottom] = [Math.min(...line.map((l) => l.top)), Math.max(...line.map((l) => l.bottom))];
    const tall = bottom - top;
    if ((right - left) * tall < LEAST_AREA) continue;
    const room = Math.ceil(0.3 * tall);
    // Dots, accents, outlines and shadows lie in the line too.
    const inside = pieces.map(
      (piece) =>
        piece.left >= left - room &&
        piece.right <= right + room &&
        piece.top >= top - room &&
        piece.bottom <= bottom + room,
    );
    const rim = Math.min(8, 1 + Math.round(0.1 * tall));
    for (let y = Math.max(0, top - room); y < Math.min(height, bottom + room); y++)
      for (let x = Math.max(0, left - room); x < Math.min(width, right + room); x++)
        if (inside[regionOf[y * width + x]!]) stamp(mask, { x, y, rim });
  }
  return mask;
}

/** Connected pieces that stand out from the mean of their surroundings. */
function piecesOf(pixels: Pixels): { regionOf: Int32Array; pieces: Piece[] } {
  const { data, width, height } = pixels;
  const sides = sidesOf(pixels);
  const { regionOf, classes, sizes } = connectedRegions(sides, width, height, 0);
  const pieces = classes.map(
    (side, region): Piece => ({
      left: width,
      top: height,
      right: 0,
      bottom: 0,
      size: sizes[region]!,
      side,
      colour: [0, 0, 0],
    }),
  );
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const piece = pieces[regionOf[y * width + x]!];
      if (!piece) continue;
      piece.left = Math.min(piece.left, x);
      piece.right = Math.max(piece.right, x + 1);
      piece.top = Math.min(piece.top, y);
      piece.bottom = Math.max(piece.bottom, y + 1);
      for (let c = 0; c < 3; c++) piece.colour[c]! += data[3 * (y * width + x) + c]! / piece.size;
    }
  }
  return { regionOf, pieces };
}

/** 1 lighter, 2 darker than the mean around, 0 neither: uint8[height, width]. */
function sidesOf({ data, width, height }: Pixels): Uint8Array {
  const reach = Math.max(4, Math.round(AROUND * Math.max(width, height)));
  const grey = (at: number): number =>
    0.299 * data[3 * at]! + 0.587 * data[3 * at + 1]! + 0.114 * data[3 * at + 2]!;
  // Sums of all pixels above and left of each: float64[height + 1, width + 1].
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += grey(y * width + x);
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1]! + row;
    }
  }
  const sides = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - reach), Math.min(height, y + reach + 1)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
      const sum =
        sums[bottom * (width + 1) + right]! -
        sums[top * (width + 1) + right]! -
        sums[bottom * (width + 1) + left]! +
        sums[top * (width + 1) + left]!;
      const off = grey(y * width + x) - sum / ((bottom - top) * (right - left));
      sides[y * width + x] = off > CONTRAST ? 1 : off < -CONTRAST ? 2 : 0;
    }
  }
  return sides;
}

/** Pieces like letters, joined to those that could stand beside them in a word. */
function linesOf(pieces: readonly Piece[], height: number): Piece[][] {
  const letters = pieces.filter((piece) => isLetter(piece, height)).sort((a, b) => a.left - b.left);
  const lineOf = letters.map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    while (lineOf[at] !== at) at = lineOf[at]!;
    return at;
  };
  for (const [index, letter] of letters.entries()) {
    for (let next = index + 1; next < letters.length; next++) {
      const other = letters[next]!;
      if (other.left - letter.right > HIGHEST * height) break;
      if (isBeside(letter, other)) lineOf[root(next)] = root(index);
    }
  }
  const lines = new Map<number, Piece[]>();
  for (const [index, letter] of letters.entries()) {
    const line = lines.get(root(index)) ?? [];
    lines.set(root(index), [...line, letter]);
  }
  return [...lines.values()].filter((line) => line.length >= LETTERS && !isPattern(line));
}

function isLetter({ left, right, top, bottom, size }: Piece, height: number): boolean {
  const [wide, tall] = [right - left, bottom - top];
  return tall >= LOWEST && tall <= HIGHEST * height && wide <= 2.5 * tall && size >= 0.12 * wide * tall;
}

function isBeside(a: Piece, b: Piece): boolean {
  const [tallA, tallB] = [a.bottom - a.top, b.bottom - b.top];
  const tall = Math.max(tallA, tallB);
  const apart = b.left - a.right;
  const middle = Math.abs(a.top + a.bottom - b.top - b.bottom) / 2;
  const colour = Math.hypot(...a.colour.map((value, c) => value - b.colour[c]!));
  return (
    a.side === b.side &&
    tall <= 2 * Math.min(tallA, tallB) &&
    middle <= 0.4 * tall &&
    apart <= 0.9 * tall &&
    apart >= -0.3 * tall &&
    colour <= SAME_COLOUR
  );
}

/** Dots, fences and windows: most neighbours are of one shape, which letters of a word are not. */
function isPattern(line: readonly Piece[]): boolean {
  const alike = line.filter((piece, n) => n > 0 && isSameShape(piece, line[n - 1]!));
  return alike.length > (line.length - 1) / 2;
}

function isSameShape(a: Piece, b: Piece): boolean {
  const [wideA, wideB] = [a.right - a.left, b.right - b.left];
  const [tallA, tallB] = [a.bottom - a.top, b.bottom - b.top];
  const near = (one: number, other: number): boolean =>
    Math.abs(one - other) <= Math.max(1, SAME_SHAPE * one);
  const filled = Math.abs(a.size / (wideA * tallA) - b.size / (wideB * tallB));
  return near(wideA, wideB) && near(tallA, tallB) && filled <= SAME_SHAPE;
}

function stamp({ data, width, height }: Mask, { x, y, rim }: { x: number; y: number; rim: number }): void {
  for (let row = Math.max(0, y - rim); row <= Math.min(height - 1, y + rim); row++)
    data.fill(1, row * width + Math.max(0, x - rim), row * width + Math.min(width, x + rim + 1));
}
