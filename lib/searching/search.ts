import { shownPath } from '../paths.js';
import type { PreparedPicture, SearchResult } from '../types.js';
import { ask } from './asking.js';
import { hitsByLabel } from './by-label.js';
import { type Candidates, candidatesOf, type Question } from './candidates.js';
import { planFilter } from './filters.js';
import { hitsOf, pathOf } from './hits.js';
import { createJudge } from './judging.js';
import type { Library } from './library.js';
import { type CheckedQuery, titleOf } from './query.js';

const NOTHING_INDEXED = 'Nothing is indexed yet: run 01-index with the same NAME, ENCODER and CHROMA first.';

/**
 * Nearest pictures and segments, fused; every hit with its evidence and its relevance.
 * @throws LookbookError for a query picture that cannot be read, an id that is gone, a region outside its picture.
 */
export async function search(query: CheckedQuery, library: Library): Promise<SearchResult> {
  const start = performance.now();
  const prepared: PreparedPicture[] = [];
  const things = query.all.length ? query.all : [query.terms];
  const [asked, plan, pathOf] = await Promise.all([
    ask([...things, ...query.without], library, prepared),
    planFilter(query.asked.where, library),
    pathsFor(query, library),
  ]);
  const title = titleOf(query, pathOf);
  if (asked === null) return withoutWords(query, title, { plan, library });
  const judge = await createJudge(new Set(asked.map(({ kind }) => kind)), library);
  const question: Question = {
    query,
    library,
    plan,
    asked: asked.slice(0, things.length),
    unwanted: asked.slice(things.length),
    judge,
    pathOf,
  };
  const encoded = performance.now();
  const candidates = await candidatesOf(question);
  const queried = performance.now();
  const hits = await hitsOf(candidates, question);
  const note = hits.length ? cutNote(query, library) : await emptyNote(question, candidates);
  const end = performance.now();
  return {
    query: query.asked,
    title,
    hits,
    vector: things.length === 1 ? asked[0]!.vector : null,
    ...(note === undefined ? {} : { note }),
    ...(prepared.length ? { prepared } : {}),
    timings: {
      encode: encoded - start,
      query: queried - encoded,
      evidence: end - queried,
      total: end - start,
    },
  };
}

/** What of the words was not read. */
function cutNote({ terms, all, without }: CheckedQuery, { encoder }: Library): string | undefined {
  const texts = [...terms, ...all.flat(), ...without.flat()].flatMap(({ text }) => text ?? []);
  const notes = texts.flatMap((text) => encoder.cutOf?.(text) ?? []);
  return notes.length ? notes.join(' ') : undefined;
}

/** Why there is no hit. */
async function emptyNote(question: Question, candidates: Candidates): Promise<string> {
  const { query, plan, library } = question;
  if ((await library.pictures.count()) === 0) return NOTHING_INDEXED;
  if (plan.note) return plan.note;
  if (library.segments === null && (query.match === 'partial' || query.all.length))
    return 'This lookbook has no segments: set SEGMENTER and index again.';
  const cut = cutNote(query, library);
  if (cut) return cut;
  if (query.offset > 0) return `There are no hits after the first ${query.offset}.`;
  if (query.without.length && candidates.list.length > 0)
    return 'Nothing answers well enough that holds none of what is not wanted.';
  if (query.all.length)
    return `No picture holds all of it in different segments${query.relation ? ' that lie so to each other' : ''}.`;
  return `Nothing here answers well enough${await nearestOf(question, candidates)}. Ask in other words, or with minRelevance: 0 to see what lies below the line.`;
}

/** What comes nearest all the same: often it is what was meant. */
async function nearestOf(question: Question, candidates: Candidates): Promise<string> {
  const query = { ...question.query, k: 1, minRelevance: { full: 0, partial: 0 } };
  const [hit] = await hitsOf(candidates, { ...question, query });
  return hit?.paths[0] ? `: the nearest is ${shownPath(hit.paths[0])}, at ${hit.relevance.toFixed(2)}` : '';
}

/** A notebook asks with words and with a picture: a model without words answers what it can and explains the rest. */
async function withoutWords(
  query: CheckedQuery,
  title: string,
  { plan, library }: Pick<Question, 'plan' | 'library'>,
): Promise<SearchResult> {
  const start = performance.now();
  const answers = await hitsByLabel(query, plan, library);
  const evidence = performance.now() - start;
  return {
    query: query.asked,
    title,
    ...answers,
    vector: null,
    timings: { encode: 0, query: 0, evidence, total: evidence },
  };
}

/** An id means nothing to a person: a stored picture is called by its path. */
async function pathsFor(query: CheckedQuery, library: Library): Promise<(id: string) => string> {
  const ids = [...query.terms, ...query.all.flat(), ...query.without.flat()].flatMap(
    ({ like }) => like ?? [],
  );
  const paths = new Map<string, string>();
  for (const id of new Set(ids)) paths.set(id, await pathOf(id, library));
  return (id) => paths.get(id) ?? id;
}
