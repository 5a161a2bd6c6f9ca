/** How long does a text query take, end to end, over 10,000 pictures and their segments? */

import { normalise } from '../../arithmetic/vectors.js';
import { defineConfig } from '../../config.js';
import { openLookbook } from '../../lookbook.js';
import type { NewRecord, VectorCollection } from '../../types.js';
import { closeWorkshop, openWorkshop } from '../../workshop.js';
import type { Figures, Measure } from '../figures.js';
import { openWorkplace, writePictures } from '../many-pictures.js';

const PICTURES = 10_000;
const REAL = 120;
const QUESTIONS = 60;
const WORDS = [
  'red car',
  'a dog',
  'pizza',
  'umbrella',
  'castle',
  'fox',
  'guitar',
  'apple',
  'rocket',
  'bicycle',
];

export const measure: Measure = async (say) => {
  const place = await openWorkplace();
  try {
    await writePictures(place.pictures, 0, REAL);
    const config = {
      name: 'latency',
      images: place.pictures,
      chroma: place.chroma,
      masks: place.masks,
      encoder: 'pictoclip',
    };
    const book = await openLookbook(config);
    await book.index();
    const workshop = await openWorkshop(defineConfig(config));
    const { pictures, segments } = workshop;
    await multiply(pictures, PICTURES / REAL);
    if (segments) await multiply(segments, PICTURES / REAL);
    say(
      `${await pictures.count()} pictures, ${(await segments?.count()) ?? 0} segments (copies of real vectors with noise)`,
    );
    for (const words of WORDS) await book.search(words);
    const times: number[] = [];
    for (let n = 0; n < QUESTIONS; n++) {
      const start = performance.now();
      await book.search(WORDS[n % WORDS.length]!);
      times.push(performance.now() - start);
    }
    await book.close();
    await closeWorkshop(workshop);
    times.sort((a, b) => a - b);
    return {
      'query.text_p50_ms': times[Math.floor(QUESTIONS / 2)]!,
      'query.text_p95_ms': times[Math.floor(QUESTIONS * 0.95)]!,
    } satisfies Figures;
  } finally {
    await place.remove();
  }
};

/** Adds noisy copies of every row until there are `times` as many. */
async function multiply(collection: VectorCollection, times: number): Promise<void> {
  const rows: NewRecord[] = [];
  for await (const page of collection.pages({ vectors: true })) {
    for (const { id, metadata, vector } of page) if (vector) rows.push({ id, metadata, vector });
  }
  for (let copy = 1; copy < times; copy++) {
    await collection.upsert(
      rows.map(({ id, metadata, vector }) => ({ id: renamed(id, copy), metadata, vector: noisy(vector) })),
    );
  }
}

/** `${imageId}:${n}` keeps its form. */
function renamed(id: string, copy: number): string {
  const [imageId, n] = id.split(':');
  return `${imageId!.slice(0, -4)}${String(copy).padStart(4, '0')}${n === undefined ? '' : `:${n}`}`;
}

function noisy(vector: Float32Array): Float32Array {
  return normalise(vector.map((value) => value + (Math.random() - 0.5) * 0.05));
}
