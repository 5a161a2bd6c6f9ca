import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maskIoU, maskPixels } from '#lib/arithmetic/masks.js';
import { decodeRle } from '#lib/arithmetic/rle.js';
import { writeScenes } from '#lib/commands/scenes/files.js';
import { drawScenes, isNamed, type Scene } from '#lib/commands/scenes/scenes.js';
import { decode } from '#lib/decoders/image.js';
import { discs, PURE } from './discs.js';

function scenes(count: number, seed: number): Scene[] {
  return [...drawScenes(discs, { count, seed })];
}

describe('scenes whose truth is known', () => {
  it('a scene depends on its seed and number alone', () => {
    const [third, same, other] = [scenes(3, 3)[2]!, scenes(5, 3)[2]!, scenes(3, 4)[2]!];
    expect(Buffer.compare(third.pixels.data, same.pixels.data)).toBe(0);
    expect(third.objects).toEqual(same.objects);
    expect(third.objects).not.toEqual(other.objects);
  });

  it('every mask lies on its object: the pixels below are of its colour', () => {
    for (const { objects, pixels } of scenes(12, 1)) {
      for (const { concept, mask } of objects) {
        const { data } = decodeRle(mask);
        let own = 0;
        for (let i = 0; i < data.length; i++) {
          if (!data[i]) continue;
          const off = PURE[concept]!.map((value, channel) => Math.abs(value - pixels.data[3 * i + channel]!));
          own += Number(Math.max(...off) < 130);
        }
        expect(own / maskPixels({ data, width: pixels.width, height: pixels.height })).toBeGreaterThan(0.97);
      }
    }
  });

  it('of every object at least 70 % stay in sight, and no two masks share a pixel', () => {
    for (const { objects, width, height } of scenes(24, 2)) {
      for (const [n, { mask, bbox, area }] of objects.entries()) {
        const disc = (Math.PI * Math.max(bbox.width, bbox.height) ** 2) / 4;
        expect((area * width * height) / disc).toBeGreaterThan(0.66);
        for (const other of objects.slice(n + 1))
          expect(maskIoU(decodeRle(mask), decodeRle(other.mask))).toBe(0);
      }
    }
  });

  it('sizes lie between 12 and 60 % of the shorter side, and small things are common', () => {
    const sides = scenes(50, 5).flatMap(({ objects, width, height }) =>
      objects.map(({ bbox }) => Math.max(bbox.width, bbox.height) / Math.min(width, height)),
    );
    expect(Math.max(...sides)).toBeLessThanOrEqual(0.61);
    expect(Math.min(...sides)).toBeGreaterThan(0.08);
    const small = sides.filter((side) => side < 0.33).length / sides.length;
    expect(small).toBeGreaterThan(0.3);
    expect(small).toBeLessThan(0.7);
  });

  it('a given cast plays', () => {
    const [one] = drawScenes(discs, { count: 1, seed: 1, cast: () => [3, 3, 0] });
    expect(one!.objects.map(({ concept }) => concept)).toEqual([3, 3, 0]);
  });

  it('a thing answers to its names, in any case, and not to its keywords', () => {
    const thing = discs.concepts[1]!;
    expect(isNamed(thing, 'Disc 1')).toBe(true);
    expect(isNamed(thing, 'disc')).toBe(false);
  });

  it('a written scene is read as the same pixels, and its truth is found by its name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lookbook-scenes-'));
    const [scene] = scenes(1, 9);
    const truth = await writeScenes(folder, [scene!]);
    const { pixels, ...known } = scene!;
    expect(truth.get('scene-0000.png')).toEqual(known);
    const longer = Math.max(pixels.width, pixels.height);
    const { working } = await decode(await readFile(join(folder, 'scene-0000.png')), {
      preprocessings: [],
      workingPx: longer,
    });
    expect(Buffer.compare(working!.data, pixels.data)).toBe(0);
    await rm(folder, { recursive: true });
  });
});
