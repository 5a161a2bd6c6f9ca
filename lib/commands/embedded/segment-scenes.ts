/** The scenes that segments are judged on: one to four things that stand close, in any pose, over mixed grounds. */
import { seeded } from '../../arithmetic/seeded.js';
import type { Mask, Pixels } from '../../types.js';
import { pickDifferent } from '../ranks.js';
import { compose } from '../scenes/composed.js';
import { chooseGround } from '../scenes/grounds.js';
import type { Concept } from '../scenes/icons.js';
import { anyLayout, jostledPlaces } from '../scenes/layouts.js';
import { shownBy } from '../scenes/stored.js';
import { type Eyes, type Look, lookAt } from './eyes.js';

/** Chosen once; nothing is tuned on these scenes. */
const SEED = 44;
/** Of one, two, three and four things in turn: 501 of them have several. */
const SCENES = 668;
const MOST = 4;
/** Twice the model's input: the drawings are about as large as they are stored, and a closer look sees more. */
export const SCENE_PX = 192;
/** Share of white grounds, as training/evaluate.py draws its scenes for segments. */
const WHITE = 0.4;

/** A scene with its truth and what the model sees in it. */
export interface SegmentScene {
  pixels: Pixels;
  /** The things, and the mask of what is seen of each. */
  things: Concept[];
  masks: Mask[];
  look: Look;
  /** Of each found segment, the things that it is, as indexes. */
  shows: number[][];
}

export async function segmentScenes(eyes: Eyes): Promise<SegmentScene[]> {
  const { concepts, drawn } = eyes.icons;
  const scenes = Array.from({ length: SCENES }, (_, number) => {
    const random = seeded(SEED * 1_000_003 + number);
    const cast = pickDifferent(drawn, 1 + (number % MOST), random);
    const places = jostledPlaces(anyLayout(cast.length, random), random);
    const parts = cast.map((concept, n) => ({ concept, place: places[n]! }));
    const ground = chooseGround(random, WHITE);
    const composed = compose(eyes.icons, parts, { px: SCENE_PX, ground, isAugmented: true, random });
    return { ...composed, things: cast.map((concept) => concepts[concept]!) };
  });
  const looks = await lookAt(
    eyes,
    scenes.map(({ pixels }) => pixels),
  );
  return scenes.map((scene, n) => ({
    ...scene,
    look: looks[n]!,
    shows: looks[n]!.found.map(({ mask }) => shownBy(mask, scene.masks)),
  }));
}
