import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { preprocess } from '../../arithmetic/resampling.js';
import { decode } from '../../decoders/image.js';
import type { Pixels, Preprocessing } from '../../types.js';
import { picturePath, resizedPath } from './families.js';
import type { GoldenFolder } from './folder.js';

/** Copies are never enlarged: with this many pixels a side every golden picture comes as it is. */
const LARGER_THAN_ANY = 65_535;

/**
 * A picture as the reference resized it, so that what is left between two models is the model: the reference's own
 * pixels where they are stored, else by our resampler, which gives the same bytes.
 */
export async function exactInput(
  folder: GoldenFolder,
  at: { family: string; image: string; rule: Preprocessing },
): Promise<Pixels> {
  const stored = resizedPath(folder, at.family, at.image);
  if (existsSync(stored)) return decoded(stored);
  return preprocess(await decoded(picturePath(folder, at.image)), at.rule);
}

/** All pixels of a picture file, upright. */
export async function decoded(path: string): Promise<Pixels> {
  const { working } = await decode(await readFile(path), {
    preprocessings: [],
    workingPx: LARGER_THAN_ANY,
  });
  if (!working) throw new Error(`${path} gave no pixels`);
  return working;
}
