/** Words against segments: the right one of its scene, and the first of a whole folder, in each way to make vectors. */
import { dot } from '../../arithmetic/vectors.js';
import type { Figures } from '../figures.js';
import { percents, share } from '../ranks.js';
import { isNamed } from '../scenes/scenes.js';
import { encodingCosts } from './cost.js';
import { type Eyes, textVectors, type Way } from './eyes.js';
import { labelOf } from './queries.js';
import type { SegmentScene } from './segment-scenes.js';

const WAYS: Way[] = ['dense', 'crop', 'stored'];
/** So many scenes are the folder. */
const FOLDER = 500;

export async function measureSegments(
  eyes: Eyes,
  scenes: readonly SegmentScene[],
  say: (line: string) => void,
): Promise<Figures> {
  const labels = [...new Set(scenes.flatMap(({ things }) => things.map(labelOf)))];
  const vectors = await textVectors(eyes.encoder, labels);
  const texts = new Map(labels.map((label, n) => [label, vectors[n]!]));
  const several = scenes.filter(({ things }) => things.length > 1);
  const folder = scenes.slice(0, FOLDER);
  const costs = await encodingCosts(several);
  const found = share(
    folder.flatMap(({ things, shows }) => things.map((_, n) => shows.some((own) => own.includes(n)))),
    (isFound) => isFound,
  );
  say(
    `${several.length} scenes of several things, a folder of ${folder.length} scenes with ` +
      `${folder.flatMap(({ shows }) => shows).length} segments; ${percents(found)} of its things have one`,
  );
  const figures = WAYS.map((way) => {
    const within = withinScenes(several, texts, way);
    const amongAll = firstOfFolder(folder, texts, way);
    say(
      `  ${way.padEnd(6)} right one of its scene ${percents(within.all)} (of those found ${percents(within.found)}), ` +
        `first of the folder ${percents(amongAll)}, ${costs[way].toFixed(1)} ms a picture for its vectors`,
    );
    return { within: within.all, amongAll };
  });
  const [dense, crop, stored] = figures;
  say('  stored = as the index makes them, by the manifest');
  return {
    'embedded.segment.p1': dense!.within,
    'embedded.segment.p1_crop': crop!.within,
    'embedded.segment.folder_p1': stored!.amongAll,
  };
}

type Texts = ReadonlyMap<string, Float32Array>;

/** Every thing of every scene asks for its segment: all of them, and those that have one. */
function withinScenes(
  scenes: readonly SegmentScene[],
  texts: Texts,
  way: Way,
): { all: number; found: number } {
  const asked = scenes.flatMap(({ things, shows, look }) =>
    things.map((thing, own) => {
      const text = texts.get(labelOf(thing))!;
      const best = highest(look.vectors[way].map((vector) => dot(text, vector)));
      return {
        isRight: shows[best]?.includes(own) ?? false,
        isFound: shows.some((shown) => shown.includes(own)),
      };
    }),
  );
  const isRight = (one: { isRight: boolean }): boolean => one.isRight;
  return {
    all: share(asked, isRight),
    found: share(
      asked.filter(({ isFound }) => isFound),
      isRight,
    ),
  };
}

/** Every label that occurs asks all segments: is the first one a thing of that name? */
function firstOfFolder(scenes: readonly SegmentScene[], texts: Texts, way: Way): number {
  const segments = scenes.flatMap(({ things, shows, look }) =>
    shows.map((shown, n) => ({
      vector: look.vectors[way][n]!,
      things: shown.map((index) => things[index]!),
    })),
  );
  const labels = [...new Set(scenes.flatMap(({ things }) => things.map(labelOf)))];
  return share(labels, (label) => {
    const text = texts.get(label)!;
    const first = segments[highest(segments.map(({ vector }) => dot(text, vector)))];
    return first?.things.some((thing) => isNamed(thing, label)) ?? false;
  });
}

/** The index of the largest number; −1 of none. */
export function highest(values: readonly number[]): number {
  return values.indexOf(values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY));
}
