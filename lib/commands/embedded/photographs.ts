/** The honest figure: what the embedded model makes of photographs, which it never saw. */

import { dot } from '../../arithmetic/vectors.js';
import type { Encoder } from '../../types.js';
import type { Figures } from '../figures.js';
import { embedAll, photographsFolder, QUERIES, readPhotographs } from '../photographs.js';
import { share } from '../ranks.js';
import { textVectors } from './eyes.js';
import { highest } from './segments.js';

/** Which of ten classes, asked for in words, is nearest to each of 200 photographs? One in ten is chance. */
export async function measurePhotographs(encoder: Encoder, say: (line: string) => void): Promise<Figures> {
  const folder = photographsFolder(say);
  if (folder === undefined) return {};
  const { pixels, classes } = await readPhotographs(folder, encoder);
  const vectors = await embedAll(encoder, pixels);
  const names = Object.keys(QUERIES);
  const texts = await textVectors(encoder, Object.values(QUERIES));
  const right = share(
    [...classes.keys()],
    (n) => names[highest(texts.map((text) => dot(text, vectors[n]!)))] === classes[n],
  );
  return { 'embedded.photographs.p1': right };
}
