/** The embedded model on clean icons of a style that it has seen: does a label find its own icon among all? */
import { dot } from '../../arithmetic/vectors.js';
import { openEncoder } from '../../models/families.js';
import type { Figures, Measure } from '../figures.js';
import { cleanIcon, openIcons, STYLE } from '../scenes/icons.js';

const BATCH = 64;

export const measure: Measure = async (say) => {
  const icons = await openIcons(say);
  const { concepts, drawn } = icons;
  const encoder = await openEncoder('pictoclip', {});
  const pictures: Float32Array[] = [];
  for (let start = 0; start < drawn.length; start += BATCH) {
    const batch = drawn.slice(start, start + BATCH).map((concept) => ({ pixels: cleanIcon(icons, concept) }));
    pictures.push(...(await encoder.embed(batch)).map(({ picture }) => picture));
  }
  const texts = await encoder.embedTexts!(drawn.map((concept) => concepts[concept]!.label));
  await encoder.close();
  const ranks = texts.map((text, own) => rankOf(own, text, pictures));
  say(`${drawn.length} concepts, style ${STYLE}, labels against clean icons`);
  return {
    'embedded.seen.r1': recallAt(1, ranks),
    'embedded.seen.r5': recallAt(5, ranks),
    'embedded.seen.r10': recallAt(10, ranks),
  } satisfies Figures;
};

/** 0 = the own picture scores highest. */
function rankOf(own: number, text: Float32Array, pictures: readonly Float32Array[]): number {
  const score = dot(text, pictures[own]!);
  return pictures.filter((picture, other) => other !== own && dot(text, picture) > score).length;
}

function recallAt(k: number, ranks: readonly number[]): number {
  return ranks.filter((rank) => rank < k).length / ranks.length;
}
