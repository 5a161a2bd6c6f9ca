import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openForTrial } from '#lib/models/families.js';
import { type TrialResult, tryEightBits } from '#lib/precision/trial.js';
import { sentenceOf } from '#lib/precision/verdicts.js';
import type { TowerOptions } from '../quantising/tiny-towers.js';
import { colourfulPictures, installTower, ownMachine } from './towers.js';

const { models, derived } = ownMachine();
const pictures = colourfulPictures(64);

/** The trial of a tower on 64 pictures; how fast it is does not count unless it is said, for these are too small to tell. */
async function trialOf(name: string, options: TowerOptions, leastGain = 0): Promise<TrialResult> {
  const path = await installTower(models, name, options);
  const bytes = readFileSync(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return tryEightBits({
    role: 'image',
    graph: { path, sha256, bytes: bytes.length },
    count: pictures.length,
    round: 16,
    leastGain,
    open: (eightBits) => openForTrial(name, { eightBits }),
    async embed(encoder, start, end) {
      const looks = await encoder.embed(pictures.slice(start, end).map((pixels) => ({ pixels })));
      return looks.map(({ picture }) => picture);
    },
  });
}

const formsKept = (): string[] => readdirSync(join(derived, 'int8')).filter((name) => name.endsWith('.onnx'));

describe('a trial of 8 bits on 64 pictures', () => {
  it('takes a plain tower, all of whose products bear it', async () => {
    const result = await trialOf('plain', { layers: 6 });
    expect(result).toMatchObject({ isTaken: true, count: 64, recipe: { keep: [] } });
    expect(result.agreement!.k).toBe(10);
    expect(result.agreement!.least).toBeGreaterThan(0.99);
    expect(formsKept()).toHaveLength(1);
  });

  // Without the two limits of trial.ts this tower is taken: it was tried.
  it('refuses a tower made bad on purpose: large outlier channels in each layer', async () => {
    const formsBefore = formsKept().length;
    const result = await trialOf('outliers', { layers: 6, bad: [0, 1, 2, 3, 4, 5] });
    expect(result.isTaken).toBe(false);
    expect(result.agreement!.least).toBeLessThan(0.97);
    expect(result.agreement!.neighbours).toBeLessThan(0.95);
    expect(sentenceOf('outliers', result)).toMatch(
      /^outliers reads pictures in fp32: of 64 pictures encoded both ways .* dtype 'int8' overrules it\.$/,
    );
    // No form of a trial that came to nothing stays behind.
    expect(formsKept()).toHaveLength(formsBefore);
  });

  it('leaves in fp32 the one product that does the harm, and takes the rest', async () => {
    const result = await trialOf('one-bad', { layers: 6, bad: [2] });
    expect(result).toMatchObject({ isTaken: true, recipe: { keep: ['layer 2'] } });
    expect(result.agreement!.least).toBeGreaterThan(0.97);
  });

  it('refuses what is not faster, however exact', async () => {
    const result = await trialOf('slow', { layers: 6 }, 1000);
    expect(result.isTaken).toBe(false);
    expect(result.agreement!.least).toBeGreaterThan(0.99);
  });

  it('refuses a graph without products, in words', async () => {
    const result = await trialOf('flat', { layers: 0 });
    expect(result).toMatchObject({ isTaken: false, recipe: null });
    expect(sentenceOf('flat', result)).toMatch(/^flat reads pictures in fp32: .*no matrix products/);
  });
});
