/** How long does a text query take over 10,000 pictures and 60,000 segments, end to end and beyond the text's encoding? */

import { defineConfig } from '../../config.js';
import { openLookbook } from '../../lookbook.js';
import type { Query } from '../../types.js';
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
    const [times, beyondEncode, ofTwo]: [number[], number[], number[]] = [[], [], []];
    const ask = async (query: Query): Promise<{ time: number; beyond: number }> => {
      const start = performance.now();
      const { timings } = await book.search(query);
      const time = performance.now() - start;
      return { time, beyond: time - timings.encode };
    };
    for (let n = 0; n < QUESTIONS; n++) {
      const [text, other] = [WORDS[n % WORDS.length]!, WORDS[(n + 3) % WORDS.length]!];
      const { time, beyond } = await ask({ text });
      times.push(time);
      beyondEncode.push(beyond);
      ofTwo.push((await ask({ all: [text, other] })).beyond);
    }
    await book.close();
    await closeWorkshop(workshop);
    return {
      'query.text_p50_ms': quantile(times, 0.5),
      'query.text_p95_ms': quantile(times, 0.95),
      'query.fused_p50_ms': quantile(beyondEncode, 0.5),
      'query.all_p50_ms': quantile(ofTwo, 0.5),
    } satisfies Figures;
  } finally {
    await place.remove();
  }
};

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)]!;
}
