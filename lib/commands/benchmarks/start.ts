/**
 * From openLookbook to the first answer in a fresh process, with the embedded model over 10,000 pictures: with no server
 * running (it is started and reads its index), and with one that another process holds open.
 */
import { setTimeout } from 'node:timers/promises';
import { defineConfig, type LookbookConfig } from '../../config.js';
import { openLookbook } from '../../lookbook.js';
import { openStore } from '../../stores/open-store.js';
import { closeWorkshop, openWorkshop } from '../../workshop.js';
import { childAnswer } from '../child-answer.js';
import type { Measure } from '../figures.js';
import { median } from '../interleaved.js';
import { openWorkplace, writePictures } from '../many-pictures.js';
import { fillUp } from '../many-rows.js';
import { isServerGone } from '../server-process.js';
import type { FirstAnswer } from '../start-child.js';

const PICTURES = 10_000;
const QUICK_PICTURES = 500;
const SEGMENTS_EACH = 3;
const REAL = 120;
const ROUNDS = 5;
const PATIENCE_MS = 30_000;

export const measure: Measure = async (say, { quick }) => {
  const place = await openWorkplace();
  try {
    await writePictures(place.pictures, 0, REAL);
    const config: LookbookConfig = {
      name: 'start',
      images: place.pictures,
      chroma: place.chroma,
      masks: place.masks,
      encoder: 'pictoclip',
    };
    const book = await openLookbook(config);
    await book.index();
    await book.close();
    const workshop = await openWorkshop(defineConfig(config));
    const { pictures, segments } = workshop;
    if (!segments) throw new Error('this lookbook has no segments');
    const count = quick ? QUICK_PICTURES : PICTURES;
    await fillUp({ pictures, segments }, count, () => ({ segments: SEGMENTS_EACH }));
    say(`${await pictures.count()} pictures, ${await segments.count()} segments`);
    await closeWorkshop(workshop);
    const rounds = quick ? 1 : ROUNDS;
    const cold: FirstAnswer[] = [];
    for (let round = 0; round < rounds; round++) {
      await serverGone(place.chroma);
      cold.push(await childAnswer<FirstAnswer>('start-child', config));
    }
    const store = await openStore(place.chroma);
    const warm: FirstAnswer[] = [];
    for (let round = 0; round < rounds; round++)
      warm.push(await childAnswer<FirstAnswer>('start-child', config));
    await store.close();
    for (const [name, answers] of Object.entries({ cold, warm }))
      for (const { seconds, open, before, hits } of answers)
        say(
          `${name}: ${seconds.toFixed(2)} s, of it ${open.toFixed(2)} to open; ${before.toFixed(2)} s before it to load; ${hits} hits`,
        );
    const secondsOf = (answers: readonly FirstAnswer[]): number =>
      median(answers.map(({ seconds }) => seconds));
    return { 'start.first_answer_s': secondsOf(cold), 'start.first_answer_server_up_s': secondsOf(warm) };
  } finally {
    await place.remove();
  }
};

/** It lives on for a moment after the last that held it. */
async function serverGone(chroma: string): Promise<void> {
  const start = performance.now();
  while (!(await isServerGone(chroma))) {
    if (performance.now() - start > PATIENCE_MS) throw new Error('the server of the store does not end');
    await setTimeout(100);
  }
}
