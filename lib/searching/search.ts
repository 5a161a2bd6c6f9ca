import type { PreparedPicture, SearchResult } from '../types.js';
import { ask } from './asking.js';
import { hitsByLabel } from './by-label.js';
import { candidatesOf, type Question } from './candidates.js';
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
  const [asked, plan, title] = await Promise.all([
    ask([...things, ...query.without], library, prepared),
    planFilter(query.asked.where, library),
    titleFor(query, library),
  ]);
  if (asked === null) return withoutWords(query, title, library);
  const judge = await createJudge(new Set(asked.map(({ kind }) => kind)), library);
  const question: Question = {
    query,
    library,
    plan,
    asked: asked.slice(0, things.length),
    unwanted: asked.slice(things.length),
    judge,
  };
  const encoded = performance.now();
  const candidates = await candidatesOf(question);
  const queried = performance.now();
  const hits = await hitsOf(candidates, question);
  const note = hits.length ? cutNote(query, library) : await emptyNote(question, candidates.length);
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
async function emptyNote({ query, plan, library }: Question, candidates: number): Promise<string> {
  if ((await library.pictures.count()) === 0) return NOTHING_INDEXED;
  if (plan.note) return plan.note;
  const cut = cutNote(query, library);
  if (cut) return cut;
  if (query.offset > 0) return `There are no hits after the first ${query.offset}.`;
  if (query.all.length && candidates === 0)
    return `No picture holds all of it in different segments${query.relation ? ' that lie so to each other' : ''}.`;
  if (query.without.length && candidates === 0)
    return 'Every picture that answers holds something that is not wanted.';
  return 'Nothing here answers well enough. Ask in other words, or with minRelevance: 0 to see the nearest all the same.';
}

/** A notebook asks with words and with a picture: a model without words answers what it can and explains the rest. */
async function withoutWords(query: CheckedQuery, title: string, library: Library): Promise<SearchResult> {
  const start = performance.now();
  const hits = await hitsByLabel(query, library);
  const { name } = library.encoder;
  const evidence = performance.now() - start;
  return {
    query: query.asked,
    title,
    hits,
    vector: null,
    note: hits.length
      ? `${name} understands pictures only: these are the segments that the segmenter calls so.`
      : `${name} understands pictures only: ask with an example picture, or set ENCODER to a model with words and index with it.`,
    timings: { encode: 0, query: 0, evidence, total: evidence },
  };
}

/** An id means nothing to a person: a stored picture is called by its path. */
async function titleFor(query: CheckedQuery, library: Library): Promise<string> {
  const ids = [...query.terms, ...query.all.flat(), ...query.without.flat()].flatMap(
    ({ like }) => like ?? [],
  );
  const paths = new Map<string, string>();
  for (const id of new Set(ids)) paths.set(id, await pathOf(id, library));
  return titleOf(query, (id) => paths.get(id) ?? id);
}
