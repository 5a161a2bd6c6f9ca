/** Whole pictures that are not clean: hard ones, and scenes of several things. */
import { seeded } from '../../arithmetic/seeded.js';
import type { Pixels } from '../../types.js';
import type { Figures } from '../figures.js';
import { percents, pickDifferent, rankOf, recallAt } from '../ranks.js';
import { compose } from '../scenes/composed.js';
import { chooseGround } from '../scenes/grounds.js';
import { drawHard } from '../scenes/hard.js';
import { ICON_PX, type Icons } from '../scenes/icons.js';
import { loosePlaces } from '../scenes/layouts.js';
import { type Eyes, pictureVectors, textVectors } from './eyes.js';
import { labelOf, withArticle } from './queries.js';
import type { Clean } from './words.js';

/** Chosen once; nothing is tuned on these pictures. */
const HARD_SEED = 42;
const SCENES_SEED = 43;
const SCENES = 1000;

export async function measurePictures(
  { icons, encoder }: Eyes,
  { labels }: Clean,
  say: (line: string) => void,
): Promise<Figures> {
  const hard = await pictureVectors(encoder, drawHard(icons, HARD_SEED));
  const hardRanks = (await textVectors(encoder, labels)).map((text, own) => rankOf(own, text, hard));
  const scenes = Array.from({ length: SCENES }, (_, n) => sceneOf(icons, n));
  const pictures = await pictureVectors(encoder, drawn(icons, scenes));
  const texts = await textVectors(
    encoder,
    scenes.map(({ text }) => text),
  );
  const sceneRanks = texts.map((text, own) => rankOf(own, text, pictures));
  const all = (ranks: readonly number[]): string =>
    [1, 5, 10].map((k) => percents(recallAt(k, ranks))).join('/');
  say(`R@1/5/10 of ${hard.length} hard pictures ${all(hardRanks)}, of ${SCENES} scenes ${all(sceneRanks)}`);
  return { 'embedded.hard.r5': recallAt(5, hardRanks), 'embedded.scenes.r5': recallAt(5, sceneRanks) };
}

interface NamedScene {
  concepts: number[];
  text: string;
  /** Goes on where the choice ended. */
  random: () => number;
}

/** Two or three different things, named in any order. */
function sceneOf({ concepts, drawn }: Icons, number: number): NamedScene {
  const random = seeded(SCENES_SEED * 1_000_003 + number);
  const chosen = pickDifferent(drawn, 2 + (number % 2), random);
  const words = pickDifferent(chosen, chosen.length, random).map((concept) =>
    withArticle(labelOf(concepts[concept]!)),
  );
  return { concepts: chosen, text: `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`, random };
}

/** Half over white, half over other grounds. */
function* drawn(icons: Icons, scenes: readonly NamedScene[]): Generator<Pixels> {
  for (const { concepts, random } of scenes) {
    const places = loosePlaces(concepts.length, random);
    const parts = concepts.map((concept, n) => ({ concept, place: places[n]! }));
    yield compose(icons, parts, {
      px: ICON_PX,
      ground: chooseGround(random, 0.5),
      isAugmented: false,
      random,
    }).pixels;
  }
}
