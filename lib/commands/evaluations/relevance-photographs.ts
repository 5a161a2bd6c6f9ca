/**
 * What relevance says of 200 photographs of ten classes (see iconic200.ts): the curves that fit them, which the manifests of
 * the two MobileNets hold, and whether words that mean nothing find nothing. Curves and figures are of the same photographs.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { auroc } from '../../arithmetic/logistic.js';
import { type Lookbook, openLookbook } from '../../lookbook.js';
import type { Query } from '../../types.js';
import { readQueries } from '../embedded/queries.js';
import type { Figures, Measure } from '../figures.js';
import { photographsFolder, QUERIES } from '../photographs.js';
import { curveOf, curvesOf, type Look, strengthsOf } from './relevance.js';

const FIRST = 20;

export const measure: Measure = async (say) => {
  const folder = photographsFolder(say);
  if (folder === undefined) return {};
  process.env.LOOKBOOK_MODELS ||= [
    join(folder, '../models'),
    join(folder, '../models/all-MiniLM-L6-v2'),
  ].join(':');
  const classes: Record<string, string> = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8'));
  const masks = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  const figures: Figures = {};
  for (const encoder of ['mobilenet-v2-words', 'mobilenet-v2']) {
    const book = await openLookbook({
      name: 'evaluate',
      images: folder,
      encoder,
      segmenter: 'deeplab-v3',
      chroma: 'memory:',
      masks,
    });
    await book.index();
    const all = await idsOf(book, classes);
    const pictures = await looksOf(book, all, classes);
    say(`${encoder}, pictures: ${curveOf(pictures)}`);
    figures[`relevance.${encoder}.pictures.hits_auroc`] = hitsAuroc(pictures);
    if (encoder === 'mobilenet-v2-words') {
      const asked = Object.entries(QUERIES).map(([name, text]) => ({ name, query: { text } }));
      const words = await looksOf(book, asked, classes);
      say(`${encoder}, words: ${curvesOf(words)}`);
      figures[`relevance.${encoder}.words.hits_auroc`] = hitsAuroc(words);
      const { nonsense } = await readQueries();
      let empty = 0;
      for (const text of nonsense) empty += Number((await book.search(text)).hits.length === 0);
      figures[`relevance.${encoder}.nonsense_empty`] = empty / nonsense.length;
    }
    await book.close();
  }
  await rm(masks, { recursive: true, force: true });
  return figures;
};

/** Every photograph as a question. */
async function idsOf(
  book: Lookbook,
  classes: Readonly<Record<string, string>>,
): Promise<{ name: string; query: Query; own: string }[]> {
  const { hits } = await book.search({
    like: await book.example(),
    k: 1000,
    minRelevance: 0,
    collapse: false,
  });
  return hits.map(({ imageId, paths }) => ({
    name: classes[basename(paths[0]!)]!,
    query: { like: imageId },
    own: imageId,
  }));
}

async function looksOf(
  book: Lookbook,
  asked: readonly { name: string; query: Query; own?: string }[],
  classes: Readonly<Record<string, string>>,
): Promise<Look[]> {
  const looks: Look[] = [];
  for (const { name, query, own } of asked) {
    const { hits } = await book.search({
      ...query,
      k: FIRST,
      minRelevance: 0,
      collapse: false,
      explain: true,
    });
    for (const [rank, hit] of hits.filter(({ imageId }) => imageId !== own).entries()) {
      const right = classes[basename(hit.paths[0]!)] === name;
      looks.push({
        right,
        rank,
        relevance: hit.relevance,
        strength: strengthsOf(hit, query),
      });
    }
  }
  return looks;
}

function hitsAuroc(looks: readonly Look[]): number {
  const [right, wrong] = [true, false].map((is) =>
    looks.filter((look) => look.right === is).map(({ relevance }) => relevance),
  );
  return auroc(right!, wrong!);
}
