/** Words against the clean icons of the seen style: labels, sentences, typos, synonyms and kinds. */
import { seeded } from '../../arithmetic/seeded.js';
import type { Figures } from '../figures.js';
import { bestOf, mean, percents, rankOf, recallAt, share } from '../ranks.js';
import { cleanIcon, STYLE } from '../scenes/icons.js';
import { type Eyes, pictureVectors, textVectors } from './eyes.js';
import {
  isOfKind,
  labelOf,
  misspell,
  type Queries,
  readQueries,
  unknownSynonyms,
  withArticle,
} from './queries.js';

const SEED = 41;
const FIRST = 10;

/** Every drawn concept's icon alone over white, and what it is called; same order. */
export interface Clean {
  labels: string[];
  pictures: Float32Array[];
}

export async function cleanIcons({ icons, encoder }: Eyes): Promise<Clean> {
  return {
    labels: icons.drawn.map((concept) => labelOf(icons.concepts[concept]!)),
    pictures: await pictureVectors(
      encoder,
      icons.drawn.map((concept) => cleanIcon(icons, concept)),
    ),
  };
}

export async function measureWords(eyes: Eyes, clean: Clean, say: (line: string) => void): Promise<Figures> {
  const { labels, pictures } = clean;
  const ranksOf = async (texts: readonly string[]): Promise<number[]> =>
    (await textVectors(eyes.encoder, texts)).map((text, own) => rankOf(own, text, pictures));
  const random = seeded(SEED);
  const bare = await ranksOf(labels);
  const filled = await ranksOf(labels.map((label) => `I am looking for a picture of ${withArticle(label)}`));
  const misspelt = await ranksOf(labels.map((label) => misspell(label, random)));
  const queries = await readQueries();
  say(
    `${labels.length} concepts, style ${STYLE}; R@5 of bare labels ${percents(recallAt(5, bare))}, in a sentence ` +
      `${percents(recallAt(5, filled))}, with a letter wrong ${percents(recallAt(5, misspelt))}`,
  );
  return {
    'embedded.seen.r1': recallAt(1, bare),
    'embedded.seen.r5': recallAt(5, bare),
    'embedded.seen.r10': recallAt(10, bare),
    'embedded.synonyms.hit5': await synonymsFigure(eyes, { ...clean, queries }, say),
    'embedded.kinds.p10': await kindsFigure(eyes, { ...clean, queries }, say),
    'embedded.filler_ratio': recallAt(5, filled) / recallAt(5, bare),
    'embedded.typo_ratio': recallAt(5, misspelt) / recallAt(5, bare),
  };
}

type Asked = Clean & { queries: Queries };

/** Is a label that a person would accept among the first five? */
async function synonymsFigure(
  { encoder, icons }: Eyes,
  { labels, pictures, queries }: Asked,
  say: (line: string) => void,
): Promise<number> {
  const asked = unknownSynonyms(queries.synonyms, icons.concepts);
  const texts = await textVectors(
    encoder,
    asked.map(([text]) => text),
  );
  const found = asked.map(([text, meant], n) => {
    const best = bestOf(FIRST, texts[n]!, pictures).map((index) => labels[index]!);
    const place = best.findIndex((label) => meant.test(label));
    return { text, place: place < 0 ? FIRST : place, first: best[0]! };
  });
  const at = (k: number, some = found): number => share(some, ({ place }) => place < k);
  const isPhrase = ({ text }: { text: string }): boolean => text.includes(' ');
  say(
    `${found.length} synonyms, hit@1/5/10 ${[1, 5, FIRST].map((k) => percents(at(k))).join('/')}; hit@5 of the ` +
      `${found.filter(isPhrase).length} of several words ${percents(at(5, found.filter(isPhrase)))}`,
  );
  const missed = found.filter(({ place }) => place >= 5);
  say(`missed: ${missed.map(({ text, first }) => `${text} (${first})`).join(', ')}`);
  return at(5);
}

/** Mean share of right ones among the best ten, or among as many as there are. */
async function kindsFigure(
  { encoder, icons }: Eyes,
  { pictures, queries }: Asked,
  say: (line: string) => void,
): Promise<number> {
  const kinds = Object.entries(queries.kinds);
  const texts = await textVectors(
    encoder,
    kinds.map(([text]) => text),
  );
  const precisions = kinds.map(([text, kind], n) => {
    const right = icons.drawn.map((concept) => isOfKind(icons.concepts[concept]!, kind));
    const asked = Math.min(FIRST, right.filter(Boolean).length);
    return { text, value: share(bestOf(asked, texts[n]!, pictures), (index) => right[index]!) };
  });
  const worst = [...precisions].sort((a, b) => a.value - b.value).slice(0, 8);
  say(
    `${kinds.length} kinds; worst ${worst.map(({ text, value }) => `${text} ${percents(value)}`).join(', ')}`,
  );
  return mean(precisions.map(({ value }) => value));
}
