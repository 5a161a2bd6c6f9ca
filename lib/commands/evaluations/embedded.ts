/**
 * The embedded model's own table, from the committed weights through the runtime: what two prototypes reached, what is
 * asked, what is reached. Labels, words, scenes and segments on pictures of known truth, drawn by seeds that were chosen
 * once; the figures of an unseen style come from the training run that held it out.
 */
import { measureComposition } from '../embedded/composition.js';
import { measureCost } from '../embedded/cost.js';
import { openEyes } from '../embedded/eyes.js';
import { measureInstances } from '../embedded/instances.js';
import { measureLanguages } from '../embedded/languages.js';
import { measureNonsense } from '../embedded/nonsense.js';
import { measurePhotographs } from '../embedded/photographs.js';
import { measurePictures } from '../embedded/pictures.js';
import { segmentScenes } from '../embedded/segment-scenes.js';
import { measureSegments } from '../embedded/segments.js';
import { ROWS, tableOf } from '../embedded/table.js';
import { readUnseen } from '../embedded/unseen.js';
import { cleanIcons, measureWords } from '../embedded/words.js';
import type { Figures, Measure } from '../figures.js';

/** So many of the scenes with segments count for masks, numbers and boxes: as many of one, two, three and four things. */
const INSTANCE_SCENES = 500;

export const measure: Measure = async (say) => {
  const eyes = await openEyes(say);
  const measured: Figures = {};
  try {
    // Alone on the machine, as far as this process goes.
    Object.assign(measured, await measureCost(eyes.icons));
    const clean = await cleanIcons(eyes);
    Object.assign(measured, await measureWords(eyes, clean, say));
    Object.assign(measured, await measureLanguages(eyes, clean, say));
    Object.assign(measured, await measurePictures(eyes, clean, say));
    Object.assign(measured, await readUnseen(say));
    Object.assign(measured, await measurePhotographs(eyes.encoder, say));
    Object.assign(measured, await measureComposition(eyes, say));
    const scenes = await segmentScenes(eyes);
    Object.assign(measured, await measureInstances(eyes, scenes.slice(0, INSTANCE_SCENES), say));
    Object.assign(measured, await measureSegments(eyes, scenes, say));
  } finally {
    await Promise.all([eyes.encoder.close(), eyes.segmenter.close()]);
  }
  Object.assign(measured, await measureNonsense(eyes.icons, say));
  say('shares in percent; first and second prototype, what is asked, what is reached:');
  for (const line of tableOf(measured)) say(line);
  const order = ROWS.map(({ figure }) => figure).filter((figure) => figure in measured);
  return Object.fromEntries(order.map((figure) => [figure, measured[figure]!]));
};
