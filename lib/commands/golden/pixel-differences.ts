import { readFile } from 'node:fs/promises';
import { pixelValues } from '../../arithmetic/pixel-values.js';
import { planResize, shrinks } from '../../arithmetic/resize-plan.js';
import { decode } from '../../decoders/image.js';
import type { Figures } from '../figures.js';
import { type Family, type FamilyRow, picturePath, readFamilies } from './families.js';
import { floats, type GoldenFolder } from './folder.js';

/** How far one picture's input is from the reference's, in steps of 255. */
export interface PixelDifference {
  family: string;
  image: string;
  /** Neither side grows. */
  shrunk: boolean;
  mean: number;
  max: number;
  /** [1, 3, height, width] of the model's input, as it came out and as it should be. */
  shape: number[];
  expectedShape: number[];
}

/** Each family, each picture: from the file's bytes through the product's own path to the model's input. */
export async function pixelDifferences(folder: GoldenFolder): Promise<PixelDifference[]> {
  const families = await readFamilies(folder);
  const differences: PixelDifference[] = [];
  for (const family of families)
    for (const row of family.rows) differences.push(await difference(folder, family, row));
  return differences;
}

/** The figures of parity.pixels: worst mean and most when shrinking, most when enlarging. */
export function pixelFigures(differences: readonly PixelDifference[]): Figures {
  const [shrunk, enlarged] = [true, false].map((is) => differences.filter((one) => one.shrunk === is));
  return {
    'parity.pixels.mean_abs': Math.max(...shrunk!.map(({ mean }) => mean)),
    'parity.pixels.max_abs': Math.max(...shrunk!.map(({ max }) => max)),
    'parity.pixels.enlarged_max': Math.max(...enlarged!.map(({ max }) => max)),
    'parity.pixels.other_shape': differences.filter(
      ({ shape, expectedShape }) => shape.join() !== expectedShape.join(),
    ).length,
  };
}

async function difference(folder: GoldenFolder, family: Family, row: FamilyRow): Promise<PixelDifference> {
  const { rule, name } = family;
  const bytes = await readFile(picturePath(folder, row.image));
  const { facts, inputs } = await decode(bytes, { preprocessings: [rule] });
  const { data, dims } = pixelValues([inputs[0]!], rule);
  const expected = floats(row.sample);
  const [, , height, width] = dims;
  const [top, left] = pair(row.sample.offset);
  const [down, across] = pair(row.sample.stride);
  const [, rows, columns] = row.sample.shape as [number, number, number];
  let sum = 0;
  let max = 0;
  for (let channel = 0, at = 0; channel < 3; channel++) {
    const steps = 255 * rule.std[channel]!;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, at++) {
        const value = data[(channel * height + top + y * down) * width + left + x * across]!;
        const off = Math.abs(value - expected[at]!) * steps;
        sum += off;
        // Not Math.max: a value that is not a number must show.
        if (!(off <= max)) max = off;
      }
    }
    // What the sample misses: the mean of all pixels moves where many of them are off.
    const whole = meanOf(data.subarray(channel * height * width, (channel + 1) * height * width));
    const off = Math.abs(whole - row.mean[channel]!) * steps;
    if (!(off <= max)) max = off;
  }
  return {
    family: name,
    image: row.image,
    shrunk: shrinks(facts.width, facts.height, planResize(facts.width, facts.height, rule)),
    mean: expected.length ? sum / expected.length : 0,
    max,
    shape: dims,
    expectedShape: row.shape,
  };
}

function pair(value: number | [number, number]): [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
