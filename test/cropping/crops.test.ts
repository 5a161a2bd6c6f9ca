import { describe, expect, it } from 'vitest';
import { preprocess } from '#lib/arithmetic/resampling.js';
import { cropFormOf, segmentCrop, workingPx } from '#lib/cropping/crops.js';
import { cropVectors, withCrops } from '#lib/cropping/segment-vectors.js';
import type { CropForm, Encoder, FoundSegment, Mask, Pixels, Preprocessing } from '#lib/types.js';

const RULE: Preprocessing = {
  resize: 'squash',
  size: 32,
  interpolation: 'bilinear',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

/** Left half red, right half blue. */
function twoHalves(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data[3 * i + (i % width < width / 2 ? 0 : 2)] = 255;
  return { data, width, height };
}

/** A box of a 100 × 100 mask. */
function box(x: number, y: number, width: number, height: number): Mask {
  const data = new Uint8Array(100 * 100);
  for (let v = y; v < y + height; v++) data.fill(1, v * 100 + x, v * 100 + x + width);
  return { data, width: 100, height: 100 };
}

function colourAt({ data, width }: Pixels, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

describe('crops of segments', () => {
  const picture = twoHalves(200, 200);
  /** Its right edge is where red ends: with a margin the crop shows blue too. */
  const mask = box(20, 30, 30, 30);
  const crop = (form: CropForm): Pixels => segmentCrop(picture, mask, RULE, form);

  it('show what lies around the segment, or paint it over', () => {
    const right = (outside: CropForm['outside']): number[] =>
      colourAt(crop({ margin: 0.25, outside }), 31, 16);
    expect(right('as it is')).toEqual([0, 0, 255]);
    expect(right('white')).toEqual([255, 255, 255]);
    expect(right('mean')).toEqual([255, 0, 0]);
  });

  it('a blurred outside keeps its colours and loses its edges; the segment stays sharp', () => {
    const [sharp, blurred] = (['as it is', 'blur'] as const).map((outside) =>
      crop({ margin: 0.25, outside }),
    );
    expect(colourAt(blurred!, 14, 16)).toEqual([255, 0, 0]);
    const [red, , blue] = colourAt(blurred!, 27, 16);
    expect(red).toBeGreaterThan(10);
    expect(blue).toBeGreaterThan(100);
    expect(blurred!.data).not.toEqual(sharp!.data);
  });

  it('without a margin they end where the box ends', () => {
    for (let y = 0; y < 32; y++)
      expect(colourAt(crop({ margin: 0, outside: 'as it is' }), 30, y)).toEqual([255, 0, 0]);
  });

  it('a segment smaller than the input is enlarged once, from the working copy', () => {
    const small = box(40, 40, 4, 4);
    // 8 × 8 pixels of the picture, two to the left of the middle where red ends at 100.
    const cut = { data: new Uint8Array(8 * 8 * 3), width: 8, height: 8 };
    for (let y = 0; y < 8; y++)
      cut.data.set(picture.data.subarray(((80 + y) * 200 + 80) * 3, ((80 + y) * 200 + 88) * 3), y * 24);
    expect(segmentCrop(picture, small, RULE, { margin: 0, outside: 'as it is' })).toEqual(
      preprocess(cut, RULE),
    );
  });

  it('are cut from a copy of four sides of the input, and of at most 1024 pixels', () => {
    expect(workingPx(RULE)).toBe(128);
    expect(workingPx({ ...RULE, size: 448 })).toBe(1024);
  });

  it("an encoder's own form goes before the default", () => {
    const own: CropForm = { margin: 0.08, outside: 'blur' };
    expect(cropFormOf({ crops: own })).toBe(own);
    expect(cropFormOf({})).toEqual({ margin: 0.16, outside: 'as it is' });
  });
});

describe('vectors of segments', () => {
  const meter = { time: <Result>(_: string, work: () => Promise<Result>): Promise<Result> => work() };

  /** Says of each crop how red its middle is, and counts what comes together. */
  function counting(more: Partial<Encoder> = {}): { encoder: Encoder; runs: number[] } {
    const runs: number[] = [];
    const encoder: Encoder = {
      name: 'counting',
      fingerprint: 'f',
      dimension: 2,
      preprocessing: RULE,
      poolsSegments: false,
      async embed(pictures) {
        runs.push(pictures.length);
        return pictures.map(({ pixels }) => {
          const red = colourAt(pixels, 16, 16)[0]! / 255;
          return { picture: Float32Array.of(red, 1 - red) };
        });
      },
      close: async () => undefined,
      ...more,
    };
    return { encoder, runs };
  }

  /** Pictures with so many segments each, by turns in the red and in the blue half. */
  function pictures(...counts: number[]): { batch: { working: Pixels }[]; found: FoundSegment[][] } {
    return {
      batch: counts.map(() => ({ working: twoHalves(200, 200) })),
      found: counts.map((count) =>
        Array.from({ length: count }, (_, n) => ({ mask: box(n % 2 ? 70 : 10, 40, 20, 20), score: 1 })),
      ),
    };
  }

  it('crops pass together across pictures, in runs of like size: none passes alone while others wait', async () => {
    for (const counts of [
      [1, 1],
      [1, 0, 1, 15],
      [8, 9],
      [16, 16, 1],
      [3, 30],
    ]) {
      const { encoder, runs } = counting();
      const vectors = await cropVectors({ ...pictures(...counts), encoder, meter });
      expect(vectors.map(({ length }) => length)).toEqual(counts);
      const all = counts.reduce((sum, count) => sum + count);
      expect(runs.reduce((sum, run) => sum + run)).toBe(all);
      expect(runs).toHaveLength(Math.ceil(all / 16));
      expect(Math.min(...runs)).toBeGreaterThan(1);
    }
  });

  it('each segment gets the vector of its own crop', async () => {
    const { encoder } = counting();
    const vectors = await cropVectors({ ...pictures(2, 0, 3), encoder, meter });
    const reds = vectors.map((own) => own.map(([red]) => red));
    expect(reds).toEqual([[1, 0], [], [1, 0, 1]]);
  });

  it('what the encoder pooled stays; only what it did not see is cropped', async () => {
    const { encoder, runs } = counting({ poolsSegments: true });
    const pooled = [[Float32Array.of(0.6, 0.8), null], [null]];
    const vectors = await withCrops(pooled, { ...pictures(2, 1), encoder, meter });
    expect(vectors.map((own) => own.map((vector) => [...vector]))).toEqual([
      [[...Float32Array.of(0.6, 0.8)], [0, 1]],
      [[1, 0]],
    ]);
    expect(runs).toEqual([2]);
  });

  it('with a share, a crop is mixed into each pooled vector, and the length stays 1', async () => {
    const { encoder } = counting({ poolsSegments: true, cropShare: 0.5 });
    const [[vector]] = (await withCrops([[Float32Array.of(0, 1)]], { ...pictures(1), encoder, meter })) as [
      [Float32Array],
    ];
    expect(vector[0]).toBeCloseTo(Math.SQRT1_2, 5);
    expect(vector[1]).toBeCloseTo(Math.SQRT1_2, 5);
  });
});
