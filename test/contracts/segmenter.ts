/** The laws of a segmenter: every family passes these. */
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundingBox } from '#lib/arithmetic/masks.js';
import { decode } from '#lib/decoders/image.js';
import type { FoundSegment, Segmenter, SegmenterInput } from '#lib/types.js';

export interface SegmenterCase {
  open(): Promise<Segmenter>;
  /** Whether it finds a red disc on grey ground; windows look at nothing. */
  looks: boolean;
  /** Width and height of a grey picture in which it finds nothing. */
  empty: { width: number; height: number };
}

/** A red disc on grey; its centre and radius are shares of the width and of the height: it is drawn stretched. */
async function disc(
  { width, height }: { width: number; height: number },
  at: { x: number; y: number; r: number } | null,
): Promise<Buffer> {
  const shape = at
    ? `<ellipse cx="${at.x * width}" cy="${at.y * height}" rx="${at.r * width}" ry="${at.r * height}" fill="#f00"/>`
    : '';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#808080"/>${shape}</svg>`;
  return sharp(Buffer.from(svg)).removeAlpha().png().toBuffer();
}

async function inputOf(segmenter: Segmenter, bytes: Uint8Array): Promise<SegmenterInput> {
  const { preprocessing, closer } = segmenter;
  const { inputs, facts } = await decode(bytes, {
    preprocessings: [preprocessing, ...(closer ? [closer] : [])],
  });
  const { width, height } = facts;
  return { pixels: inputs[0]!, width, height, ...(inputs[1] ? { closer: inputs[1] } : {}) };
}

/** Centre and size of the segment whose box lies nearest to a place, as shares of the picture. */
function nearest(
  found: readonly FoundSegment[],
  x: number,
  y: number,
): Record<'x' | 'y' | 'w' | 'h', number> {
  const boxes = found.map(({ mask }) => {
    const box = boundingBox(mask)!;
    const [w, h] = [box.width / mask.width, box.height / mask.height];
    return { x: box.x / mask.width + w / 2, y: box.y / mask.height + h / 2, w, h };
  });
  return boxes.sort((a, b) => Math.hypot(a.x - x, a.y - y) - Math.hypot(b.x - x, b.y - y))[0]!;
}

export function segmenterContract(name: string, { open, looks, empty }: SegmenterCase): void {
  describe(`${name} keeps the contract of a segmenter`, () => {
    let segmenter: Segmenter;
    beforeAll(async () => {
      segmenter = await open();
    });
    afterAll(() => segmenter?.close());

    const wide = { width: 640, height: 240 };
    const place = { x: 0.3, y: 0.6, r: 0.16 };

    it('masks are whole, have the form of the picture or of the model, and cover something', async () => {
      for (const size of [wide, { width: 200, height: 500 }, { width: 320, height: 320 }]) {
        const [found] = await segmenter.segment([await inputOf(segmenter, await disc(size, place))]);
        expect(found!.length).toBeGreaterThan(0);
        for (const { mask } of found!) {
          expect(mask.data).toHaveLength(mask.width * mask.height);
          expect(boundingBox(mask)).not.toBeNull();
          expect(mask.data.every((value) => value === 0 || value === 1)).toBe(true);
        }
      }
    });

    // What lays boxes over a picture without a look at it has no mask that could lie right or wrong.
    if (looks) {
      it('a mask covers the whole picture: a thing lies in it where it lies in the picture', async () => {
        for (const size of [wide, { width: 200, height: 500 }]) {
          const [found] = await segmenter.segment([await inputOf(segmenter, await disc(size, place))]);
          const box = nearest(found!, place.x, place.y);
          expect(Math.abs(box.x - place.x)).toBeLessThan(0.04);
          expect(Math.abs(box.y - place.y)).toBeLessThan(0.04);
          expect(Math.abs(box.w - 2 * place.r)).toBeLessThan(0.08);
          expect(Math.abs(box.h - 2 * place.r)).toBeLessThan(0.08);
        }
      });

      it('a picture that EXIF turns is segmented upright', async () => {
        // Stored lying: orientation 6 turns it a quarter to the right, so that x, y come to lie at 1 − y, x.
        const lying = await sharp(await disc(wide, place))
          .withMetadata({ orientation: 6 })
          .jpeg({ quality: 95 })
          .toBuffer();
        const input = await inputOf(segmenter, lying);
        expect(input).toMatchObject({ width: wide.height, height: wide.width });
        const [found] = await segmenter.segment([input]);
        const box = nearest(found!, 1 - place.y, place.x);
        expect(Math.abs(box.x - (1 - place.y))).toBeLessThan(0.04);
        expect(Math.abs(box.y - place.x)).toBeLessThan(0.04);
      });
    }

    it('the best come first, scores lie within 0 and 1, and labels are of those that it lists', async () => {
      const [found] = await segmenter.segment([await inputOf(segmenter, await disc(wide, place))]);
      const scores = found!.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      for (const score of scores) expect(score).toBeGreaterThanOrEqual(0);
      for (const score of scores) expect(score).toBeLessThanOrEqual(1);
      for (const { label } of found!) {
        if (segmenter.labels) expect(segmenter.labels).toContain(label);
        else expect(label).toBeUndefined();
      }
    });

    it('a picture without anything gives an empty list', async () => {
      expect(await segmenter.segment([await inputOf(segmenter, await disc(empty, null))])).toEqual([[]]);
      expect(await segmenter.segment([])).toEqual([]);
    });

    it('several pictures of different sizes are segmented as each of them alone', async () => {
      const sizes = [wide, { width: 96, height: 96 }, { width: 300, height: 410 }];
      const bytes = await Promise.all(sizes.map((size, n) => disc(size, { ...place, x: 0.3 + 0.1 * n })));
      const inputs = () => Promise.all(bytes.map((one) => inputOf(segmenter, one)));
      const together = await segmenter.segment(await inputs());
      const alone: FoundSegment[][] = [];
      for (const input of await inputs()) alone.push(...(await segmenter.segment([input])));
      expect(together.map((found) => found.map(({ label }) => label))).toEqual(
        alone.map((found) => found.map(({ label }) => label)),
      );
      for (const [n, found] of together.entries()) {
        for (const [at, { mask, score }] of found.entries()) {
          expect(mask).toEqual(alone[n]![at]!.mask);
          expect(score).toBeCloseTo(alone[n]![at]!.score, 5);
        }
      }
    });

    it('has the same fingerprint each time it is opened', async () => {
      const again = await open();
      await again.close();
      expect(again.fingerprint).toBe(segmenter.fingerprint);
      expect(again.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    });
  });
}
