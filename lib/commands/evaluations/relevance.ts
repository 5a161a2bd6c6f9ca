/**
 * What relevance says: do words that mean nothing find nothing, do real ones keep their right answer, and is a hit of
 * relevance one half right in one half of the cases? On scenes whose truth is known. Beside the figures stands the curve
 * that fits other scenes best; for words models/pictoclip.json stands between it and the one that fits the demo pictures.
 */
import { auroc, fitLogistic } from '../../arithmetic/logistic.js';
import { seeded } from '../../arithmetic/seeded.js';
import { png } from '../../decoders/image.js';
import { type Kind, strengthOf } from '../../searching/relevance.js';
import type { Hit, Query } from '../../types.js';
import { readQueries } from '../embedded/queries.js';
import type { Figures, Measure } from '../figures.js';
import { type SceneBook, withScenes } from '../scenes/book.js';
import { cleanIcon, type Icons, openIcons } from '../scenes/icons.js';

const SEED = 10;
/** Of the scenes that the curve was fitted on. */
const FIT_SEED = 31;
const SCENES = 300;
const REAL = 100;
const FIRST = 10;

export const measure: Measure = async (say) => {
  const icons = await openIcons(say);
  await withScenes({ count: SCENES, seed: FIT_SEED }, say, async (scenes) => {
    say(`words: ${curvesOf(await lookedAt(scenes, (label) => ({ text: label })))}`);
    say(`pictures: ${curveOf(await lookedAt(scenes, await drawingOf(icons)))}`);
  });
  return withScenes({ count: SCENES, seed: SEED }, say, async (scenes) => {
    const { book } = scenes;
    const looks = await lookedAt(scenes, (label) => ({ text: label }));
    const { nonsense } = await readQueries();
    const answers: number[] = [];
    let empty = 0;
    for (const text of nonsense) {
      answers.push((await book.search({ text, k: 1, minRelevance: 0 })).hits[0]?.relevance ?? 0);
      empty += Number((await book.search(text)).hits.length === 0);
    }
    let right = 0;
    let lost = 0;
    for (const label of labelsOf(scenes)) {
      const [all] = (await book.search({ text: label, k: 1, minRelevance: 0 })).hits;
      if (!all || !scenes.holds(all, label)) continue;
      right++;
      const [first] = (await book.search(label, { k: 1 })).hits;
      lost += Number(first?.imageId !== all.imageId);
    }
    const [yes, no] = [true, false].map((is) => looks.filter((look) => look.right === is));
    const firsts = looks.filter(({ rank, right }) => rank === 0 && right);
    say(`${nonsense.length} words of nonsense, ${right} of ${REAL} labels with a right first answer`);
    say(`right among hits by relevance: ${reliability(looks)}`);
    return {
      'relevance.nonsense_empty': empty / nonsense.length,
      'relevance.real_lost': right ? lost / right : 0,
      'relevance.nonsense_auroc': auroc(
        firsts.map(({ relevance }) => relevance),
        answers,
      ),
      'relevance.hits_auroc': auroc(
        yes!.map(({ relevance }) => relevance),
        no!.map(({ relevance }) => relevance),
      ),
    } satisfies Figures;
  });
};

export interface Look {
  right: boolean;
  rank: number;
  relevance: number;
  /** What the curve is of, for words with a share of the rivals taken off. */
  strength(share: number): number;
}

/** The first hits of a hundred labels that stand in some scene. */
async function lookedAt(scenes: SceneBook, ask: (label: string) => Query | null): Promise<Look[]> {
  const looks: Look[] = [];
  for (const label of labelsOf(scenes)) {
    const query = ask(label);
    if (!query) continue;
    const { hits } = await scenes.book.search({ ...query, k: FIRST, minRelevance: 0, explain: true });
    for (const [rank, hit] of hits.entries())
      looks.push({
        right: scenes.holds(hit, label),
        rank,
        relevance: hit.relevance,
        strength: strengthsOf(hit, query),
      });
  }
  return looks;
}

function labelsOf({ truth }: SceneBook): string[] {
  const random = seeded(SEED);
  const labels = [
    ...new Set([...truth.values()].flatMap(({ objects }) => objects.map(({ label }) => label))),
  ];
  return labels
    .map((label) => ({ label, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, REAL)
    .map(({ label }) => label);
}

/** A label's own drawing, clean over white, as a query picture. */
async function drawingOf(icons: Icons): Promise<(label: string) => Query | null> {
  const byLabel = new Map(icons.drawn.map((concept) => [icons.concepts[concept]!.label, concept]));
  const pictures = new Map<string, Uint8Array>();
  for (const [label, concept] of byLabel) pictures.set(label, await png(cleanIcon(icons, concept)));
  return (label) => {
    const image = pictures.get(label);
    return image ? { image } : null;
  };
}

/** What the curve is of, of the better side of a hit. */
export function strengthsOf({ explanation }: Hit, { text }: Query): Look['strength'] {
  const kind: Kind = text === undefined ? 'pictures' : 'words';
  const sides = [explanation?.picture, explanation?.segment].flatMap((judged) => judged ?? []);
  return (share) =>
    Math.max(...sides.map(({ cosine, background }) => strengthOf(cosine, background, { kind, share })));
}

/** Shares of the rivals that a curve could take off. */
const SHARES = [0, 0.25, 0.5];

/** With different shares of the rivals taken off, and how many pairs of a right hit and a wrong one each tells. */
export function curvesOf(looks: readonly Look[]): string {
  const told = SHARES.map((share) => {
    const [right, wrong] = [true, false].map((is) =>
      looks.filter((look) => look.right === is).map((look) => look.strength(share)),
    );
    return `${share} of the rivals off: ${auroc(right!, wrong!).toFixed(3)} of pairs, ${curveOf(looks, share)}`;
  });
  return told.join('; ');
}

export function curveOf(looks: readonly Look[], share = 0): string {
  const { half, slope } = fitLogistic(
    looks.map(({ strength }) => strength(share)),
    looks.map(({ right }) => right),
  );
  return `the curve that fits them has half ${half.toFixed(3)} and slope ${slope.toFixed(1)} (${looks.length} hits)`;
}

/** In tenths of relevance: the share of hits that are right, and how many there are. */
function reliability(looks: readonly Look[]): string {
  return Array.from({ length: 5 }, (_, fifth) => {
    const own = looks.filter(({ relevance }) => Math.min(4, Math.floor(relevance * 5)) === fifth);
    const right = own.filter((look) => look.right).length / Math.max(1, own.length);
    return `${fifth / 5}-${(fifth + 1) / 5}: ${right.toFixed(2)} of ${own.length}`;
  }).join(', ');
}
