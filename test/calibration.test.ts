import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  batchFor,
  calibrate,
  calibrationPath,
  chooseBatch,
  isSettled,
  type Trial,
} from '#lib/calibration.js';
import type { Encoder } from '#lib/types.js';

const wish = { pictures: 1000, usual: 8, place: {} };

function trials(...ms: number[]): Trial[] {
  return ms.map((msPerPicture, n) => ({ batch: 2 ** n, msPerPicture }));
}

/** An encoder that takes so long for a run of n pictures, one run after the other; it counts its runs. */
function slowEncoder(
  msOf: (n: number) => number,
  fingerprint = 'f'.repeat(32),
): Encoder & { runs: number[] } {
  let turn: Promise<void> = Promise.resolve();
  const runs: number[] = [];
  return {
    name: 'hf:owner/slow',
    fingerprint,
    dimension: 2,
    preprocessing: { resize: 'squash', size: 2, interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] },
    poolsSegments: false,
    runs,
    async embed(pictures) {
      runs.push(pictures.length);
      turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, msOf(pictures.length))));
      await turn;
      return pictures.map(() => ({ picture: Float32Array.of(1, 0) }));
    },
    close: () => Promise.resolve(),
  };
}

describe('the batch that is chosen', () => {
  it('is the smallest from the usual one on that is as good as the best', () => {
    expect(chooseBatch({ trials: trials(45, 37, 33, 31.2, 31, 30.9) }, 8)).toBe(8);
    expect(chooseBatch({ trials: trials(45, 37, 33, 31.2, 29, 28.9) }, 8)).toBe(16);
    expect(chooseBatch({ trials: trials(31, 31, 31, 31, 31, 31) }, 16)).toBe(16);
  });

  it('is never so small that the store is slower than the model, as it seems on a busy machine', () => {
    expect(chooseBatch({ trials: trials(5.9, 7.3, 7.4) }, 16)).toBe(16);
    expect(chooseBatch({ trials: trials(5, 6, 7, 8, 40) }, 16)).toBe(8);
  });

  it('is smaller than the usual one where large batches are slower', () => {
    expect(chooseBatch({ trials: trials(30, 25, 28, 40) }, 8)).toBe(2);
  });

  it('is the usual one where trials ended before it, but never more than memory bears', () => {
    expect(chooseBatch({ trials: trials(30, 30, 30.1) }, 8)).toBe(8);
    expect(chooseBatch({ trials: trials(600) }, 8)).toBe(8);
    expect(chooseBatch({ trials: trials(600, 500), most: 2 }, 8)).toBe(2);
  });
});

describe('trials', () => {
  it('end when two steps have brought nothing, not after one', () => {
    expect(isSettled(trials(30, 30))).toBe(false);
    expect(isSettled(trials(30, 30, 25))).toBe(false);
    expect(isSettled(trials(30, 29.8, 29.5))).toBe(true);
    expect(isSettled(trials(45, 37, 36.9, 36.8))).toBe(true);
  });

  it('find the batch from which on a larger one brings nothing', async () => {
    const found = await calibrate(slowEncoder((n) => 40 + 7 * Math.max(n, 4)));
    expect(found?.trials.map(({ batch }) => batch).slice(0, 4)).toEqual([1, 2, 4, 8]);
    const [one, , four] = found?.trials ?? [];
    expect(one!.msPerPicture).toBeGreaterThan(60);
    expect(four!.msPerPicture).toBeLessThan(25);
  });

  it('stop before they take seconds', async () => {
    const start = performance.now();
    const found = await calibrate(slowEncoder((n) => 300 * n));
    expect(performance.now() - start).toBeLessThan(4500);
    expect(found?.trials.at(-1)?.batch).toBe(2);
  });

  it('stop where the device refuses a batch, and tell when it refuses a single picture', async () => {
    const refusesFrom = (most: number): Encoder => {
      const encoder = slowEncoder((n) => 20 + 2 * n);
      return {
        ...encoder,
        embed: (pictures) =>
          pictures.length >= most ? Promise.reject(new Error('out of memory')) : encoder.embed(pictures),
      };
    };
    const found = await calibrate(refusesFrom(4));
    expect(found?.trials.map(({ batch }) => batch)).toEqual([1, 2]);
    expect(found?.most).toBe(2);
    await expect(calibrate(refusesFrom(1))).rejects.toThrow('out of memory');
  });
});

describe('a calibration', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lookbook-calibration-'));
    vi.stubEnv('LOOKBOOK_DERIVED', folder);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('is made once per model, machine and way of running, and kept', async () => {
    const encoder = slowEncoder((n) => 8 + n / 2);
    const first = await batchFor(encoder, wish);
    const ran = encoder.runs.length;
    expect(ran).toBeGreaterThan(0);
    expect(await batchFor(encoder, wish)).toBe(first);
    expect(encoder.runs.length).toBe(ran);
    expect(calibrationPath(encoder, { threads: 1 })).not.toBe(calibrationPath(encoder, {}));
    expect(
      calibrationPath(
        slowEncoder(() => 1, 'e'.repeat(32)),
        {},
      ),
    ).not.toBe(calibrationPath(encoder, {}));
  });

  it('is made again where its file is broken', async () => {
    const encoder = slowEncoder((n) => 8 + n / 2);
    await batchFor(encoder, wish);
    const path = calibrationPath(encoder, {});
    const whole = readFileSync(path, 'utf8');
    for (const broken of [
      whole.slice(0, 40),
      '{"trials":[]}',
      '{"trials":[{"batch":0.5,"msPerPicture":1}]}',
    ]) {
      writeFileSync(path, broken);
      const before = encoder.runs.length;
      await batchFor(encoder, wish);
      expect(encoder.runs.length).toBeGreaterThan(before);
      expect(JSON.parse(readFileSync(path, 'utf8')).trials.length).toBeGreaterThan(1);
    }
    expect(readdirSync(dirname(path))).toHaveLength(1);
  });

  it('is not paid for by a small folder, and not kept of a fast model', async () => {
    const encoder = slowEncoder((n) => 8 + n / 2);
    expect(await batchFor(encoder, { ...wish, pictures: 64 })).toBe(8);
    expect(encoder.runs).toEqual([]);
    const fast = slowEncoder(() => 1);
    expect(await batchFor(fast, { ...wish, usual: 16 })).toBe(16);
    expect(Math.max(...fast.runs)).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});
