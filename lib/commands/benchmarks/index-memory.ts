/** Does memory grow with the number of pictures, and how long does a run over an unchanged folder take? */
import { openLookbook } from '../../lookbook.js';
import type { Figures, Measure } from '../figures.js';
import { openWorkplace, writePictures } from '../many-pictures.js';

const FIRST = 400;
const ALL = 2000;

export const measure: Measure = async (say) => {
  const place = await openWorkplace();
  try {
    await writePictures(place.pictures, 0, FIRST);
    const book = await openLookbook({
      name: 'memory',
      images: place.pictures,
      chroma: place.chroma,
      masks: place.masks,
      encoder: 'pictoclip',
    });
    await book.index();
    const first = await settledRss();
    await writePictures(place.pictures, FIRST, ALL);
    await book.index();
    const all = await settledRss();
    const start = performance.now();
    const again = await book.index();
    const rerun = (performance.now() - start) / 1000;
    await book.close();
    say(`${mb(first)} MB after ${FIRST} pictures, ${mb(all)} MB after ${ALL}; ${again.kept} kept again`);
    return { 'index.rss_growth_mb': (all - first) / 2 ** 20, 'index.rerun_2k_s': rerun } satisfies Figures;
  } finally {
    await place.remove();
  }
};

/** Resident memory once the runtime has had time to give back what it does not need. */
async function settledRss(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return process.memoryUsage.rss();
}

function mb(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
