/** 200 photographs of ten classes that lie beside the checkout on some machines: reading and encoding them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from '../decoders/image.js';
import { projectPath } from '../paths.js';
import type { Encoder, Pixels } from '../types.js';

const BATCH = 16;

export interface Photographs {
  pixels: Pixels[];
  classes: string[];
}

/** By which words each class is asked for, of the data's own recipe. */
export const QUERIES: Record<string, string> = {
  ferrariyellow: 'yellow ferrari',
  empirestatebuilding: 'empire state building',
  tractor: 'tractor',
  eiffeltower: 'eiffel tower',
  pickup: 'pickup',
  stonehenge: 'stonehenge',
  beetle: 'beetle',
  arch: 'arch',
  sedan: 'sedan',
  banana: 'banana',
};

/** Where the photographs lie; undefined where they do not, which is said. */
export function photographsFolder(say: (line: string) => void): string | undefined {
  const folder = projectPath(process.env.LOOKBOOK_ICONIC200 || '../shared/data/iconic200');
  if (existsSync(join(folder, 'labels.json'))) return folder;
  say(`SKIPPED: no labels.json in ${folder}; name the folder of the photographs in LOOKBOOK_ICONIC200`);
  return undefined;
}

/** The photographs as the encoder wants them, and their classes, in the order of labels.json. */
export async function readPhotographs(folder: string, encoder: Encoder): Promise<Photographs> {
  const classOf: Record<string, string> = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8'));
  const pixels: Pixels[] = [];
  for (const file of Object.keys(classOf)) {
    const bytes = await readFile(join(folder, file));
    pixels.push((await decode(bytes, { preprocessings: [encoder.preprocessing] })).inputs[0]!);
  }
  return { pixels, classes: Object.values(classOf) };
}

/** Vectors of whole pictures, in their order. */
export async function embedAll(encoder: Encoder, pixels: readonly Pixels[]): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let start = 0; start < pixels.length; start += BATCH) {
    const batch = pixels.slice(start, start + BATCH).map((one) => ({ pixels: one }));
    vectors.push(...(await encoder.embed(batch)).map(({ picture }) => picture));
  }
  return vectors;
}
