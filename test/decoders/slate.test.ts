import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeSlate, layDown, openSlate, pickUp, sizeOf, wipe, writeSlate } from '#lib/decoders/slate.js';

let slate: number;
beforeEach(() => {
  slate = openSlate();
});
afterEach(() => closeSlate(slate));

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

describe('the slate between two processes', () => {
  it.each([0, 1, 300_000])('holds what was written, also %i bytes', async (length) => {
    await writeSlate(slate, numbered(length));
    expect(Buffer.compare(pickUp(slate, length), numbered(length))).toBe(0);
  });

  it('holds several things one after the other', () => {
    layDown(slate, [numbered(10), numbered(5), new Uint8Array(), numbered(7)]);
    expect(pickUp(slate, 5, 10)).toEqual(numbered(5));
    expect(pickUp(slate, 7, 15)).toEqual(numbered(7));
  });

  it('does not give more than is on it', () => {
    layDown(slate, [numbered(10)]);
    expect(() => pickUp(slate, 11)).toThrow('the slate ends after 10 of 11 bytes');
  });

  it('gives back the memory of a large picture, and keeps that of a small one', () => {
    layDown(slate, [numbered(10)]);
    wipe(slate);
    expect(pickUp(slate, 10)).toEqual(numbered(10));
    layDown(slate, [new Uint8Array(2 ** 24 + 1)]);
    wipe(slate);
    expect(sizeOf(slate)).toBe(0);
    expect(() => pickUp(slate, 1)).toThrow('the slate ends');
  });

  it('has no name in any folder, so that nothing is left of it', () => {
    const folders = ['/dev/shm', tmpdir()];
    const names = folders.flatMap((folder) => {
      try {
        return readdirSync(folder);
      } catch {
        return []; // no /dev/shm here
      }
    });
    expect(names.filter((name) => name.startsWith(`lookbook-${process.pid}-`))).toEqual([]);
  });
});
