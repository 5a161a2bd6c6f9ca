/** Does relevance tell right answers from answers to nonsense? Half is the line: above it for the one, below for the other. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { openLookbook } from '../../lookbook.js';
import { projectPath } from '../../paths.js';
import type { Figures, Measure } from '../figures.js';

/** Words that no drawing answers: made up, or of things that nobody draws. */
const NONSENSE =
  `qwerty asdf; lorem ipsum; blorf; fnord snark; hgfdsa; jjjjj; asdkjh qwe; tax return 2019; municipal bond yield;
photosynthesis; parliamentary procedure; democracy; regret; the theory of relativity; kubernetes cluster; sql injection;
semicolon; wisdom tooth extraction; mortgage; inflation rate; covariance matrix; constitutional amendment; metaphysics;
epistemology; bankruptcy; warranty; subpoena; insomnia; nostalgia; pancreatitis; tectonic; syllogism; polymer; gerund;
iambic pentameter; litigation; escrow; amortization; quantum chromodynamics; zzyzx`
    .split(';')
    .map((words) => words.trim());

const LINE = 0.5;

export const measure: Measure = async (say) => {
  const truth: { queries: { text: string; paths: string[] }[] } = JSON.parse(
    await readFile(projectPath('test/fixtures/demo-truth.json'), 'utf8'),
  );
  const masks = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  const book = await openLookbook({ name: 'evaluate', chroma: 'memory:', images: 'images', masks });
  await book.index();
  const first = async (text: string): Promise<{ path: string; relevance: number }> => {
    const [hit] = (await book.search(text, { k: 1 })).hits;
    return { path: relative(projectPath('images'), hit?.paths[0] ?? ''), relevance: hit?.relevance ?? 0 };
  };
  const right: number[] = [];
  for (const { text, paths } of truth.queries) {
    const { path, relevance } = await first(text);
    if (paths.includes(path)) right.push(relevance);
  }
  const nonsense: number[] = [];
  for (const words of NONSENSE) nonsense.push((await first(words)).relevance);
  await book.close();
  await rm(masks, { recursive: true, force: true });
  say(`${right.length} right first answers, ${nonsense.length} answers to nonsense`);
  return {
    'relevance.right_above_half': share(right, (relevance) => relevance > LINE),
    'relevance.nonsense_below_half': share(nonsense, (relevance) => relevance < LINE),
  } satisfies Figures;
};

function share(values: readonly number[], fits: (value: number) => boolean): number {
  return values.filter(fits).length / values.length;
}
