/** Does relevance tell words that mean nothing from real ones? Over a folder of all clean icons, as people search. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auroc } from '../../arithmetic/logistic.js';
import { seeded } from '../../arithmetic/seeded.js';
import { type Lookbook, openLookbook } from '../../lookbook.js';
import type { Figures } from '../figures.js';
import { mean, pickDifferent } from '../ranks.js';
import { writeCleanIcons } from '../scenes/files.js';
import type { Icons } from '../scenes/icons.js';
import { ENCODER, SEGMENTER } from './eyes.js';
import { labelOf, readQueries, unknownSynonyms } from './queries.js';

const SEED = 48;
/** Real words: so many labels, and so many synonyms. */
const OF_EACH = 50;

export async function measureNonsense(icons: Icons, say: (line: string) => void): Promise<Figures> {
  const random = seeded(SEED);
  const { synonyms, nonsense } = await readQueries();
  const labels = icons.drawn.map((concept) => labelOf(icons.concepts[concept]!));
  const asked = unknownSynonyms(synonyms, icons.concepts).map(([text]) => text);
  const some = {
    labels: pickDifferent([...new Set(labels)], OF_EACH, random),
    synonyms: pickDifferent(asked, OF_EACH, random),
    nonsense,
  };
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  try {
    const images = join(folder, 'images');
    await writeCleanIcons(images, icons);
    const book = await openLookbook({
      name: 'evaluate',
      images,
      encoder: ENCODER,
      segmenter: SEGMENTER,
      masks: join(folder, 'masks'),
      chroma: 'memory:',
    });
    try {
      await book.index();
      const found = {
        labels: await relevances(book, some.labels),
        synonyms: await relevances(book, some.synonyms),
        nonsense: await relevances(book, some.nonsense),
      };
      for (const [kind, values] of Object.entries(found))
        say(`relevance of the first hit of ${values.length} ${kind}: ${mean(values).toFixed(3)} in the mean`);
      const alone = [found.labels, found.synonyms].map((real) => auroc(real, found.nonsense).toFixed(3));
      say(`AUROC of labels alone ${alone[0]}, of synonyms alone ${alone[1]}`);
      const real = [...found.labels, ...found.synonyms];
      return { 'embedded.nonsense.auroc': auroc(real, found.nonsense) };
    } finally {
      await book.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of the first hit for each text; 0 where there is none. */
async function relevances(book: Lookbook, texts: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const text of texts) {
    const [first] = (await book.search({ text, k: 1, minRelevance: 0 })).hits;
    found.push(first?.relevance ?? 0);
  }
  return found;
}
