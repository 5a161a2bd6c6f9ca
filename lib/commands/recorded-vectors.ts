/**
 * Vectors of real pictures × 512, recorded once below the derived files: 10,000 parts of the demo pictures, each seen twice by
 * the embedded model, as it is and closer, the two vectors of 256 one after the other. Words are seen twice alike.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cutWindow } from '../arithmetic/closer-look.js';
import { preprocess } from '../arithmetic/resampling.js';
import type { Window } from '../arithmetic/resize-plan.js';
import { seeded } from '../arithmetic/seeded.js';
import { stack } from '../arithmetic/vectors.js';
import { decode } from '../decoders/image.js';
import { openEncoder } from '../models/families.js';
import { derivedPath, projectPath } from '../paths.js';
import { backgroundPrompts } from '../searching/background-prompts.js';
import type { Encoder, Pixels } from '../types.js';
import { writeWhole } from '../whole-file.js';

export interface RecordedVectors {
  /** float32[10000, 512] */
  pictures: Float32Array;
  /** float32[500, 512] */
  words: Float32Array;
}

const PICTURES = 10_000;
const WORDS = 500;
const DIMENSION = 512;
const BATCH = 32;
const WORKING_PX = 512;
/** Raised when the recipe changes. */
const VERSION = 1;

/** Side of a part, as a share of the picture's shorter side: from here to all of it. */
const LEAST_PART = 0.25;
/** Side of the closer look, as a share of the part's. */
const CLOSER = 0.6;

let known: Promise<RecordedVectors> | undefined;

export function recordedVectors(): Promise<RecordedVectors> {
  known ??= read();
  return known;
}

async function read(): Promise<RecordedVectors> {
  const path = derivedPath('bench', `recorded-v${VERSION}.float32`);
  const kept = await readFile(path).catch(() => null); // not recorded yet
  const all = kept ? new Float32Array(new Uint8Array(kept).buffer) : await record(path);
  return { pictures: all.subarray(0, PICTURES * DIMENSION), words: all.subarray(PICTURES * DIMENSION) };
}

async function record(path: string): Promise<Float32Array> {
  const encoder = await openEncoder('pictoclip', {});
  try {
    const texts = backgroundPrompts.slice(0, WORDS);
    const words = (await encoder.embedTexts!(texts)).map((vector) => joined(vector, vector));
    const all = stack([...(await partsSeen(encoder)), ...words], DIMENSION);
    await writeWhole(path, new Uint8Array(all.buffer));
    return all;
  } finally {
    await encoder.close();
  }
}

async function partsSeen(encoder: Encoder): Promise<Float32Array[]> {
  const { preprocessing } = encoder;
  const pictures = await demoPictures(encoder);
  const random = seeded(1);
  const seen: Float32Array[] = [];
  while (seen.length < PICTURES) {
    const looks = Array.from({ length: Math.min(BATCH, PICTURES - seen.length) }, (_, n) => {
      const picture = pictures[(seen.length + n) % pictures.length]!;
      const part = cutWindow(picture, anyPart(picture, random));
      const side = Math.round(CLOSER * part.width);
      const edge = Math.floor((part.width - side) / 2);
      return [part, cutWindow(part, { left: edge, top: edge, width: side, height: side })] as const;
    });
    const inputs = looks.flat().map((pixels) => ({ pixels: preprocess(pixels, preprocessing) }));
    const vectors = (await encoder.embed(inputs)).map(({ picture }) => picture);
    for (let n = 0; n < vectors.length; n += 2) seen.push(joined(vectors[n]!, vectors[n + 1]!));
  }
  return seen;
}

async function demoPictures({ preprocessing }: Encoder): Promise<Pixels[]> {
  const folder = projectPath('images');
  const files = (await readdir(folder, { recursive: true }))
    .filter((file) => /\.(jpe?g|png|webp)$/.test(file))
    .sort();
  return Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(join(folder, file));
      const { working } = await decode(bytes, { preprocessings: [preprocessing], workingPx: WORKING_PX });
      return working!;
    }),
  );
}

function anyPart({ width, height }: Pixels, random: () => number): Window {
  const side = Math.max(8, Math.round(Math.min(width, height) * (LEAST_PART + (1 - LEAST_PART) * random())));
  const left = Math.floor((width - side) * random());
  return { left, top: Math.floor((height - side) * random()), width: side, height: side };
}

/** Two vectors of length 1 as one of length 1. */
function joined(first: Float32Array, second: Float32Array): Float32Array {
  return Float32Array.from([...first, ...second], (value) => value * Math.SQRT1_2);
}
