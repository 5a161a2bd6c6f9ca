import { describe, expect, it } from 'vitest';
import {
  bitsSet,
  colourDistance,
  coloursOf,
  hashDistance,
  isFlat,
  packHashes,
  perceptualHash,
} from '#lib/arithmetic/perceptual-hash.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import type { Pixels } from '#lib/types.js';

const bitsApart = (a: string, b: string): number => hashDistance(packHashes([a]), packHashes([b]));
const coloursApart = (a: string, b: string): number => colourDistance(coloursOf(a), coloursOf(b));

/** Soft hills of random places, the same picture at any size. */
function hills(width: number, height: number, seed: number): Pixels {
  const random = seeded(seed);
  const tops = Array.from({ length: 8 }, () => [random(), random(), 0.05 + 0.2 * random(), random()]);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height];
    const light = tops.reduce(
      (sum, [tx, ty, wide, high]) => sum + high! * Math.exp(-((x - tx!) ** 2 + (y - ty!) ** 2) / wide! ** 2),
      0,
    );
    data.fill(Math.min(255, 120 * light), 3 * i, 3 * i + 3);
  }
  return { data, width, height };
}

describe('a perceptual hash', () => {
  // From sharp-phash 2.2.0 (npm): phash(a grey PNG of the same 32 × 32 pixels), its 64 digits as 16 hexadecimal ones.
  it.each([
    [1, '7107fffe5767e3f3'],
    [2, '5976de714ecf718f'],
    [5, '70863f1f0f69d67f'],
  ])('is that of the reference, bit for bit (hills %i)', (seed, hash) => {
    expect(perceptualHash(hills(32, 32, seed)).slice(0, 16)).toBe(hash);
  });

  it('hardly changes with the size of the picture', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const hash = perceptualHash(hills(96, 96, seed));
      expect(bitsApart(hash, perceptualHash(hills(224, 160, seed)))).toBeLessThanOrEqual(3);
      expect(bitsApart(hash, perceptualHash(hills(20, 20, seed)))).toBeLessThanOrEqual(8);
    }
  });

  it('of different pictures differs in about half of its bits', () => {
    const hashes = Array.from({ length: 20 }, (_, seed) => perceptualHash(hills(64, 64, seed + 1)));
    const distances = hashes.flatMap((a, i) => hashes.slice(i + 1).map((b) => bitsApart(a, b)));
    expect(Math.min(...distances)).toBeGreaterThan(8);
    const mean = distances.reduce((sum, bits) => sum + bits, 0) / distances.length;
    expect(mean).toBeGreaterThan(24);
    expect(mean).toBeLessThan(40);
  });

  it('follows what is green rather than what is blue, as an eye does', () => {
    for (const [own, other] of [
      [1, 2],
      [2, 1],
      [3, 4],
      [4, 3],
    ] as const) {
      const [green, blue] = [own, other].map((seed) => hills(64, 64, seed));
      const data = green!.data.map((value, i) => [0, value, blue!.data[i]!][i % 3]!);
      const hash = perceptualHash({ data, width: 64, height: 64 });
      expect(bitsApart(hash, perceptualHash(green!))).toBeLessThan(bitsApart(hash, perceptualHash(blue!)));
    }
  });

  it('of a plain picture says that it tells nothing', () => {
    for (const value of [0, 127, 255])
      expect(
        isFlat(perceptualHash({ data: new Uint8Array(60 * 40 * 3).fill(value), width: 60, height: 40 })),
      ).toBe(true);
  });
});

describe('colours of a hash', () => {
  const plain = (colour: number[]): Pixels => ({
    data: Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => colour[i % 3]!),
    width: 8,
    height: 8,
  });

  it('tell a green picture from a blue one, by the cell that differs most', () => {
    const [green, blue] = [plain([0, 200, 0]), plain([0, 0, 200])].map(perceptualHash);
    expect(coloursApart(green!, blue!)).toBeCloseTo(Math.hypot(200, 200), 5);
    const spotted = plain([0, 200, 0]);
    for (const at of [0, 1, 8, 9]) spotted.data[3 * at + 1] = 100; // one cell of 2 × 2
    expect(coloursApart(green!, perceptualHash(spotted))).toBe(100);
    expect(coloursApart(green!, green!)).toBe(0);
  });
});

describe('distances of hashes', () => {
  it('count the bits that differ', () => {
    expect(bitsApart('0000000000000000', 'ffffffffffffffff')).toBe(64);
    expect(bitsApart('8000000000000001', '0000000000000000')).toBe(2);
    expect(bitsApart('0123456789abcdef', '0123456789abcdef')).toBe(0);
    expect([...packHashes(['ffffffff00000001'])]).toEqual([0xffffffff, 1]);
  });

  it('are right for every number of bits', () => {
    for (let n = 0; n <= 32; n++) expect(bitsSet(n === 32 ? -1 : 2 ** n - 1)).toBe(n);
    expect(bitsSet(0x80000000)).toBe(1);
  });
});
