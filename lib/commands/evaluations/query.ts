/**
 * Ways of asking, on scenes whose truth is known: two things in one picture, one without the other, one beside the other.
 * For each of thirty pairs of things some scenes hold both, some only the first, some only the second, and each has up to
 * two other things besides. Pairs and scenes are drawn by seed, before anything was measured.
 */
import { seeded } from '../../arithmetic/seeded.js';
import type { Hit } from '../../types.js';
import type { Figures, Measure } from '../figures.js';
import { mean } from '../ranks.js';
import { type SceneBook, withScenes } from '../scenes/book.js';
import { openIcons } from '../scenes/icons.js';
import { isNamed } from '../scenes/scenes.js';

const SEED = 8;
const PAIRS = 30;
/** Scenes of a pair that hold both, the first alone, the second alone. */
const BOTH = 5;
const ALONE = 4;
const A_PAIR = BOTH + 2 * ALONE;
const MOST_OTHERS = 2;
const FIRST = 5;
const TOP = 10;

type Pair = readonly [first: number, second: number];

export const measure: Measure = async (say) => {
  const icons = await openIcons(say);
  const pairs = pairsOf(icons.drawn);
  const names = pairs.map(
    (pair) => pair.map((concept) => icons.concepts[concept]!.label) as [string, string],
  );
  const cast =
    (concepts: readonly number[]) =>
    (scene: number, random: () => number): number[] =>
      castOf(pairs[Math.floor(scene / A_PAIR)]!, scene % A_PAIR, { concepts, random });
  return withScenes({ count: PAIRS * A_PAIR, seed: SEED, cast }, say, async (scenes) => {
    const figures: Record<string, number[]> = {};
    const note = (figure: string, value: number | null): void => {
      figures[figure] ??= [];
      if (value !== null) figures[figure].push(value);
    };
    for (const [first, second] of names) {
      await together([first, second], scenes, note);
      await apart([first, second], scenes, note);
      await beside([first, second], scenes, note);
    }
    return Object.fromEntries(
      Object.entries(figures).map(([figure, values]) => [figure, mean(values)]),
    ) satisfies Figures;
  });
};

type Note = (figure: string, value: number | null) => void;
type Names = readonly [first: string, second: string];

/** Of the first five answers, how many hold both? An answer that is missing counts as a wrong one. */
async function together([first, second]: Names, { book, holds }: SceneBook, note: Note): Promise<void> {
  const isRight = (hit: Hit): boolean => holds(hit, first) && holds(hit, second);
  const asked = await book.search({ all: [first, second], k: FIRST });
  const plain = await book.search(`${first} and ${second}`, { k: FIRST });
  note('query.all.p5', asked.hits.filter(isRight).length / FIRST);
  note('query.plain.p5', plain.hits.filter(isRight).length / FIRST);
}

/** Of the first ten answers, which share holds what was not wanted? And how many of those that do not are still found? */
async function apart([first, second]: Names, scenes: SceneBook, note: Note): Promise<void> {
  const { book, holds, truth } = scenes;
  const asked = await book.search({ text: first, without: [second], k: TOP });
  const plain = await book.search({ text: first, k: TOP });
  const leak = (hits: readonly Hit[]): number | null =>
    hits.length ? hits.filter((hit) => holds(hit, second)).length / hits.length : null;
  const wanted = [...truth.values()].filter(
    ({ objects }) =>
      objects.some((one) => isNamed(one, first)) && !objects.some((one) => isNamed(one, second)),
  ).length;
  const kept = (hits: readonly Hit[]): number =>
    hits.filter((hit) => holds(hit, first) && !holds(hit, second)).length / Math.min(TOP, wanted);
  note('query.without.leak', leak(asked.hits));
  note('query.without.plain_leak', leak(plain.hits));
  note('query.without.recall10', kept(asked.hits));
  note('query.without.plain_recall10', kept(plain.hits));
}

/** Of the answers that hold both things, in how many does the first lie left of the second, as was asked? */
async function beside([first, second]: Names, scenes: SceneBook, note: Note): Promise<void> {
  const { book, holds, truth } = scenes;
  const { hits } = await book.search({ all: [first, second], relation: 'left of', k: FIRST });
  const both = hits.filter((hit) => holds(hit, first) && holds(hit, second));
  const isLeft = (hit: Hit): boolean => {
    const objects = truth.get(hit.paths[0]!.split('/').at(-1)!)!.objects;
    const across = (words: string): number[] =>
      objects.filter((object) => isNamed(object, words)).map(({ position }) => position.x);
    return Math.min(...across(first)) < Math.max(...across(second));
  };
  note('query.relation.right', both.length ? both.filter(isLeft).length / both.length : null);
}

function pairsOf(concepts: readonly number[]): Pair[] {
  const random = seeded(SEED);
  const drawn = new Set<number>();
  while (drawn.size < 2 * PAIRS) drawn.add(concepts[Math.floor(random() * concepts.length)]!);
  const all = [...drawn];
  return Array.from({ length: PAIRS }, (_, n) => [all[2 * n]!, all[2 * n + 1]!]);
}

function castOf(
  [first, second]: Pair,
  place: number,
  { concepts, random }: { concepts: readonly number[]; random: () => number },
): number[] {
  const own = place < BOTH ? [first, second] : place < BOTH + ALONE ? [first] : [second];
  const others = Math.floor(random() * (MOST_OTHERS + 1));
  const cast = new Set(own);
  while (cast.size < own.length + others) {
    const other = concepts[Math.floor(random() * concepts.length)]!;
    if (other !== first && other !== second) cast.add(other);
  }
  return [...cast];
}
