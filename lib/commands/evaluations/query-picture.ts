/**
 * A query picture with a caption over it: does it find its original better once the lettering is removed? And does the
 * removal, or enhancing, harm a picture without any? 100 scenes among 500, with the embedded model.
 */
import { nearestRows } from '../../arithmetic/neighbours.js';
import { seeded } from '../../arithmetic/seeded.js';
import { stack } from '../../arithmetic/vectors.js';
import { captioned, decode, png } from '../../decoders/image.js';
import { openEncoder } from '../../models/families.js';
import { prepareQueryPicture } from '../../searching/prepare-picture.js';
import type { Encoder } from '../../types.js';
import type { Figures, Measure } from '../figures.js';
import { mean } from '../ranks.js';
import { openIcons } from '../scenes/icons.js';
import { drawScenes } from '../scenes/scenes.js';

const SCENES = 500;
const QUERIES = 100;
const SEED = 13;

const CAPTIONS = [
  ['BIG SUMMER SALE', 'up to 50 % off'],
  ['Happy Birthday!', 'to the best of us'],
  ['www.example.org', 'photo of the day', 'number 1024'],
  ['when you find it', 'on the last page'],
  ['MONDAY AGAIN'],
  ['For rent: two rooms', 'call after six'],
  ['Please do not touch', 'Bitte nicht anfassen'],
];

export const measure: Measure = async (say) => {
  const encoder = await openEncoder('pictoclip', { device: 'cpu' });
  const scenes: Uint8Array[] = [];
  for (const { pixels } of drawScenes(await openIcons(say), { count: SCENES, seed: SEED }))
    scenes.push(await png(pixels));
  const stored = stack(await embedAll(encoder, scenes), encoder.dimension);
  const clean = scenes.slice(0, QUERIES);
  const random = seeded(SEED);
  const lettered = await Promise.all(clean.map((bytes, n) => captioned(bytes, captionOf(n, random))));
  const prepared = (pictures: readonly Uint8Array[], how: { removeText?: boolean; enhance?: boolean }) =>
    Promise.all(pictures.map(async (bytes) => (await prepareQueryPicture(bytes, how)).bytes));
  const sets = {
    text_left: lettered,
    text_removed: await prepared(lettered, { removeText: true }),
    text_enhanced: await prepared(lettered, { enhance: true }),
    clean_removed: await prepared(clean, { removeText: true }),
    clean_enhanced: await prepared(clean, { enhance: true }),
  };
  const figures: Figures = {};
  for (const [name, pictures] of Object.entries(sets)) {
    const vectors = await embedAll(encoder, pictures);
    const ranks = vectors.map((vector, own) => {
      const order = nearestRows(stored, vector, SCENES);
      return { first: order[0]!.index === own, cosine: order.find(({ index }) => index === own)!.score };
    });
    figures[`query.picture.${name}_r1`] = mean(ranks.map(({ first }) => Number(first)));
    figures[`query.picture.${name}_cosine`] = mean(ranks.map(({ cosine }) => cosine));
  }
  await encoder.close();
  return figures;
};

/** Any of five looks, 6 to 12 % of the height, at the top, in the middle or at the bottom. */
function captionOf(n: number, random: () => number): Parameters<typeof captioned>[1] {
  const looks = [
    { fill: '#fff', outline: '#000' },
    { fill: '#000' },
    { fill: '#fff' },
    { fill: '#e11', outline: '#fff' },
    { fill: '#ff0', outline: '#000' },
  ];
  return {
    lines: CAPTIONS[n % CAPTIONS.length]!,
    size: 0.06 + 0.06 * random(),
    at: ([0, 0.5, 1] as const)[Math.floor(3 * random())]!,
    bold: random() < 0.5,
    ...looks[Math.floor(looks.length * random())]!,
  };
}

async function embedAll(encoder: Encoder, pictures: readonly Uint8Array[]): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const bytes of pictures) {
    const { inputs } = await decode(bytes, { preprocessings: [encoder.preprocessing] });
    vectors.push((await encoder.embed([{ pixels: inputs[0]! }]))[0]!.picture);
  }
  return vectors;
}
