/** How long does a text query take over 10,000 pictures and 60,000 segments, end to end and beyond the text's encoding? */

import { defineConfig } from '../../config.js';
import { openLookbook } from '../../lookbook.js';
import { closeWorkshop, openWorkshop } from '../../workshop.js';
import type { Figures, Measure } from '../figures.js';
import { openWorkplace, writePictures } from '../many-pictures.js';
import { fillUp } from '../many-rows.js';

const PICTURES = 10_000;
const SEGMENTS_EACH = 6;
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
    if (segments) await fillUp({ pictures, segments }, PICTURES, () => ({ segments: SEGMENTS_EACH }));
    say(
      `${await pictures.count()} pictures, ${(await segments?.count()) ?? 0} segments (mixtures of real vectors)`,
    );
    for (const words of WORDS) await book.search(words);
    const times: number[] = [];
    const beyondEncode: number[] = [];
    for (let n = 0; n < QUESTIONS; n++) {
      const start = performance.now();
      const { timings } = await book.search(WORDS[n % WORDS.length]!);
      const time = performance.now() - start;
      times.push(time);
      beyondEncode.push(time - timings.encode);
    }
    await book.close();
    await closeWorkshop(workshop);
    return {
      'query.text_p50_ms': quantile(times, 0.5),
      'query.text_p95_ms': quantile(times, 0.95),
      'query.fused_p50_ms': quantile(beyondEncode, 0.5),
    } satisfies Figures;
  } finally {
    await place.remove();
  }
};

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)]!;
}
