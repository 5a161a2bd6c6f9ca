/**
 * 500 scenes whose truth is known, indexed with the embedded model: do words find the exact thing in the whole folder, how
 * often do whole pictures alone, and how often is there a segment of it at all? Scenes and questions are drawn by seed.
 * The words asked are labels of objects that stand in some scene. Right is every object that they name: its label or its
 * short name in CLDR equals them, so "cat" is no "cat face", and of two equal names both count. Keywords count only in
 * the line that says so.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { seeded } from '../../arithmetic/seeded.js';
import { dot } from '../../arithmetic/vectors.js';
import { openLookbook } from '../../lookbook.js';
import { openEncoder } from '../../models/families.js';
import type { Hit } from '../../types.js';
import type { Figures, Measure } from '../figures.js';
import { mean, share } from '../ranks.js';
import { writeScenes } from '../scenes/files.js';
import { openIcons } from '../scenes/icons.js';
import { drawScenes, isNamed, type SceneObject, type SceneTruth } from '../scenes/scenes.js';
import { readStored, type StoredScene } from '../scenes/stored.js';

/** Chosen before anything was measured; nothing is tuned on these scenes. */
const SEED = 6;
const SCENES = 500;
const QUESTIONS = 500;
const SMALL = 0.05;
const FIRST = 10;
/** Upper ends of the sizes in the table, as shares of the picture. */
const SIZES = [0.01, SMALL, 0.1, 1];

interface World {
  truth: ReadonlyMap<string, SceneTruth>;
  stored: ReadonlyMap<string, StoredScene>;
}

interface Answer {
  words: string;
  /** The first hit's first segment is a right thing; is one with a keyword of these words. */
  isThing: boolean;
  isKeyword: boolean;
  /** With whole pictures alone, the first hit holds a right thing. */
  isPicture: boolean;
  /** Area of the largest right object. */
  largest: number;
  recall: number;
  wholeRecall: number;
}

export const measure: Measure = async (say) => {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  try {
    const icons = await openIcons(say);
    const images = join(folder, 'images');
    const truth = await writeScenes(images, drawScenes(icons, { count: SCENES, seed: SEED }));
    const config = {
      name: 'evaluate',
      images,
      encoder: 'pictoclip',
      segmenter: 'pictoclip-segments',
      masks: join(folder, 'masks'),
      // As exact as `memory:`, and what it holds can be read beside the truth.
      chroma: `flat:${join(folder, 'store')}`,
    };
    const indexing = await openLookbook(config);
    const report = await indexing.index();
    await indexing.close();
    const objects = [...truth.values()].flatMap((scene) => scene.objects);
    say(`${report.added} scenes, ${objects.length} objects, ${report.segments} segments`);
    const world = { truth, stored: await readStored(config, truth) };
    const questions = labelsOf(objects);
    const given = await withinPictures(questions, world);
    const book = await openLookbook(config);
    const answers: Answer[] = [];
    for (const words of questions) {
      const asked = await book.search(words, { k: FIRST });
      // Whole pictures against segments is a matter of order: the cut-off, which is made for both together, stays out.
      const fused = await book.search({ text: words, minRelevance: 0, k: FIRST });
      const whole = await book.search({ text: words, minRelevance: 0, segments: false, k: FIRST });
      answers.push(judge(words, { asked: asked.hits, fused: fused.hits, whole: whole.hits }, world));
    }
    await book.close();
    tell(answers, say);
    const small = answers.filter(({ largest }) => largest < SMALL);
    return {
      'segments.text.p1': share(answers, ({ isThing }) => isThing),
      'segments.text.picture_p1': share(answers, ({ isPicture }) => isPicture),
      'segments.given.p1': given,
      'segments.small.recall10': mean(small.map(({ recall }) => recall)),
      'segments.small.recall10.without': mean(small.map(({ wholeRecall }) => wholeRecall)),
      'segments.found': foundShare(world),
    } satisfies Figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Labels that occur, each once, in an order that the seed decides. */
function labelsOf(objects: readonly SceneObject[]): string[] {
  const labels = [...new Set(objects.map(({ label }) => label))];
  const random = seeded(SEED);
  const drawn = labels.map((label) => ({ label, at: random() })).sort((a, b) => a.at - b.at);
  return drawn.slice(0, QUESTIONS).map(({ label }) => label);
}

/** @param hits as they come, and without the cut-off: with segments, and of whole pictures alone. */
function judge(
  words: string,
  hits: Record<'asked' | 'fused' | 'whole', readonly Hit[]>,
  world: World,
): Answer {
  const right = [...world.truth].filter(([, { objects }]) =>
    objects.some((object) => isNamed(object, words)),
  );
  const files = right.map(([file]) => file);
  const areas = right.flatMap(([, { objects }]) =>
    objects.filter((object) => isNamed(object, words)).map(({ area }) => area),
  );
  const shown = shownFirst(hits.asked[0], world);
  return {
    words,
    isThing: shown.some((object) => isNamed(object, words)),
    isKeyword: shown.some((object) => isNamed(object, words) || object.tags.includes(words.toLowerCase())),
    isPicture: hits.whole[0] !== undefined && files.includes(fileOf(hits.whole[0])),
    largest: Math.max(...areas),
    recall: recallOf(hits.fused, files),
    wholeRecall: recallOf(hits.whole, files),
  };
}

/** The objects that the hit's first segment is. */
function shownFirst(hit: Hit | undefined, { truth, stored }: World): SceneObject[] {
  const first = hit?.evidence.segments[0]?.segmentId;
  if (!hit || first === undefined) return [];
  const file = fileOf(hit);
  const segment = stored.get(file)?.segments.find(({ segmentId }) => segmentId === first);
  return (segment?.shows ?? []).map((index) => truth.get(file)!.objects[index]!);
}

function fileOf({ paths }: Hit): string {
  return basename(paths[0] ?? '');
}

/** Share of the right pictures that are among the hits; of more than FIRST, as many as there is room for. */
function recallOf(hits: readonly Hit[], right: readonly string[]): number {
  const found = hits.slice(0, FIRST).filter((hit) => right.includes(fileOf(hit))).length;
  return found / Math.min(FIRST, right.length);
}

/** Each question in each picture that holds a right thing: is the segment that fits its words best that thing? */
async function withinPictures(questions: readonly string[], { truth, stored }: World): Promise<number> {
  const encoder = await openEncoder('pictoclip', {});
  const texts = await encoder.embedTexts!(questions);
  await encoder.close();
  const outcomes = questions.flatMap((words, n) =>
    [...truth].flatMap(([file, { objects }]) => {
      if (!objects.some((object) => isNamed(object, words))) return [];
      const segments = stored.get(file)?.segments ?? [];
      const scores = segments.map(({ vector }) => dot(texts[n]!, vector));
      const best = segments[scores.indexOf(Math.max(...scores))];
      return [best?.shows.some((index) => isNamed(objects[index]!, words)) ?? false];
    }),
  );
  return share(outcomes, (isRight) => isRight);
}

/** How many objects have a stored segment: no answer can be better. */
function foundShare({ truth, stored }: World): number {
  const found = [...truth].flatMap(([file, { objects }]) =>
    objects.map((_, index) => stored.get(file)?.segments.some(({ shows }) => shows.includes(index)) ?? false),
  );
  return share(found, (isFound) => isFound);
}

function tell(answers: readonly Answer[], say: (line: string) => void): void {
  const things = (some: readonly Answer[]): string => share(some, ({ isThing }) => isThing).toFixed(3);
  const pictures = (some: readonly Answer[]): string => share(some, ({ isPicture }) => isPicture).toFixed(3);
  say(`${answers.length} labels asked; P@1 of the thing, of the whole picture, by the largest right object:`);
  for (const [n, to] of SIZES.entries()) {
    const from = SIZES[n - 1] ?? 0;
    const some = answers.filter(({ largest }) => largest >= from && largest < to);
    say(
      `  ${100 * from} to ${100 * to} % of the picture (${some.length}): ${things(some)}, ${pictures(some)}`,
    );
  }
  const keywords = share(answers, ({ isKeyword }) => isKeyword).toFixed(3);
  say(`  where a keyword counts as a name too: ${keywords}`);
}
