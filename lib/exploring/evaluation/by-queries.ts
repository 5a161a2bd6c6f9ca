import { bootstrapMean } from '../../arithmetic/bootstrap.js';
import { ndcgAtK, recallAtK, reciprocalRank } from '../../arithmetic/metrics.js';
import { LookbookError } from '../../errors.js';
import { type Turns, turnTaker } from '../../turns.js';
import type { QueryFigures, QueryOutcome, QueryTable } from '../../types.js';
import { finder, firstOf, type Placed, readTable } from './tables.js';

/** Answers that are looked through for the first right one. */
const DEPTH = 100;
const WORST_SHOWN = 10;
/** Pictures that are named of an outcome. */
const FIRST_SHOWN = 5;

/** Asks as a person asks. */
export interface WordSearch {
  /** Missing where the encoder has no words: its name, for the message. */
  wordless?: string;
  /** imageIds, best first. */
  find(text: string, k: number): Promise<string[]>;
}

interface Asked {
  text: string;
  /** Indices of pictures. */
  wanted: ReadonlySet<number>;
}

/** How well words find the pictures that they should, by the search as it stands. */
export async function byQueries(
  source: string | QueryTable,
  { pictures, search }: { pictures: readonly Placed[]; search: WordSearch },
  { k, ...watch }: { k: number } & Turns,
): Promise<QueryFigures> {
  const { from, queries } = await readQueries(source, pictures, search);
  const rowOf = new Map(pictures.map(({ imageId }, row) => [imageId, row]));
  const turn = turnTaker(watch);
  const outcomes: (QueryOutcome & { recall: number; reciprocal: number })[] = [];
  for (const [at, { text, wanted }] of queries.entries()) {
    await turn(at / queries.length);
    const answers = await search.find(text, Math.max(k, DEPTH));
    const right = answers.map((imageId) => wanted.has(rowOf.get(imageId) ?? -1));
    outcomes.push({
      text,
      wanted: wanted.size,
      found: right.slice(0, k).filter(Boolean).length,
      rank: right.indexOf(true) + 1 || null,
      ndcg: ndcgAtK(right, k, wanted.size),
      recall: recallAtK(right, k, wanted.size),
      reciprocal: reciprocalRank(right),
      first: answers.slice(0, FIRST_SHOWN).map((imageId, rank) => ({
        imageId,
        path: pictures[rowOf.get(imageId) ?? -1]?.locations[0] ?? imageId,
        right: right[rank]!,
      })),
    });
  }
  const estimate = (value: (outcome: (typeof outcomes)[number]) => number): QueryFigures['ndcg'] =>
    bootstrapMean(outcomes.map(value));
  return {
    from,
    queries: outcomes.length,
    recall: estimate(({ recall }) => recall),
    ndcg: estimate(({ ndcg }) => ndcg),
    reciprocalRank: estimate(({ reciprocal }) => reciprocal),
    worst: outcomes
      .filter(({ found, wanted, rank }) => rank !== 1 || found < Math.min(wanted, k))
      .sort((a, b) => a.ndcg - b.ndcg || a.reciprocal - b.reciprocal || a.text.localeCompare(b.text))
      .slice(0, WORST_SHOWN)
      .map(({ recall: _, reciprocal: __, ...outcome }) => outcome),
  };
}

/** @throws LookbookError that lists everything that is wrong with the queries at once. */
async function readQueries(
  source: string | QueryTable,
  pictures: readonly Placed[],
  { wordless }: WordSearch,
): Promise<{ from: string; queries: Asked[] }> {
  const { from, entries, base } = await readTable(source, ['text', 'path']);
  const find = finder(pictures, base);
  const byText = new Map<string, Set<number>>();
  const problems: string[] = [];
  const missing: string[] = [];
  const odd: string[] = [];
  for (const [text, value] of entries) {
    const paths = typeof value === 'string' ? [value] : value;
    if (!text.trim() || !isPaths(paths)) {
      odd.push(text.trim() || '(no words)');
      continue;
    }
    const wanted = byText.get(text) ?? new Set();
    byText.set(text, wanted);
    for (const path of paths) {
      const row = find(path);
      if (row === undefined) missing.push(path);
      else wanted.add(row);
    }
  }
  if (wordless !== undefined) problems.push(`${wordless} has no words`);
  if (entries.length === 0) problems.push('no query at all');
  if (odd.length)
    problems.push(firstOf(odd, 'query without words or paths', 'queries without words or paths'));
  if (missing.length) problems.push(firstOf(missing, 'missing file'));
  if (problems.length) {
    throw new LookbookError('evaluate', {
      what: `the queries of ${from} cannot be asked`,
      got: problems.join('; '),
      expected: 'words, each with paths of indexed pictures, and an encoder with words',
      mend: 'Index these pictures first or take their lines out; ENCODER names the encoder.',
    });
  }
  return { from, queries: [...byText].map(([text, wanted]) => ({ text, wanted })) };
}

function isPaths(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((path) => typeof path === 'string' && path !== '')
  );
}
