/** From the start of the query notebook's kernel to its first gallery, over the demo pictures: with no server running, and with one. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openLookbook } from '../../lookbook.js';
import { executeNotebook } from '../../notebook/execute.js';
import { projectPath } from '../../paths.js';
import { openStore } from '../../stores/open-store.js';
import type { Measure } from '../figures.js';
import { median } from '../interleaved.js';
import { openWorkplace, type Workplace } from '../many-pictures.js';
import { isServerGone } from '../server-process.js';

const ROUNDS = 5;
const NAME = 'first-gallery';
const PATIENCE_MS = 60_000;

export const measure: Measure = async (say, { quick }) => {
  const place = await openWorkplace();
  try {
    const { chroma, masks } = place;
    const book = await openLookbook({ name: NAME, images: projectPath('images'), chroma, masks });
    await book.index();
    await book.close();
    const rounds = quick ? 1 : ROUNDS;
    const cold: number[] = [];
    for (let round = 0; round < rounds; round++) {
      while (!(await isServerGone(chroma))) await setTimeout(100);
      cold.push(await firstGallery(place));
    }
    const store = await openStore(chroma);
    const warm: number[] = [];
    for (let round = 0; round < rounds; round++) warm.push(await firstGallery(place));
    await store.close();
    for (const [name, seconds] of Object.entries({ cold, warm }))
      say(`${name}: ${seconds.map((value) => value.toFixed(2)).join(', ')} s`);
    return { 'notebook.first_gallery_s': median(cold), 'notebook.first_gallery_server_up_s': median(warm) };
  } finally {
    await place.remove();
  }
};

/** Seconds from before the process of the cells is started; it is stopped once the gallery is there. */
async function firstGallery({ chroma, masks }: Workplace): Promise<number> {
  const controller = new AbortController();
  const start = performance.now();
  let seconds = Number.NaN;
  const { failure } = await executeNotebook(join(projectPath('notebooks'), '02-query.ipynb'), {
    signal: AbortSignal.any([controller.signal, AbortSignal.timeout(PATIENCE_MS)]),
    patienceMs: 500,
    env: { LOOKBOOK_NAME: NAME, LOOKBOOK_CHROMA: chroma, LOOKBOOK_MASKS: masks },
    onMessage(message) {
      if (message.kind !== 'display' || !/<img/.test(String(message.data['text/html'] ?? ''))) return;
      if (Number.isNaN(seconds)) seconds = (performance.now() - start) / 1000;
      controller.abort();
    },
  });
  if (Number.isNaN(seconds)) throw new Error(`no gallery came: ${failure?.error.evalue ?? 'the time is up'}`);
  return seconds;
}
