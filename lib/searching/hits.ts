/** From candidates to hits: rows read, evidence told, relevance judged, near duplicates put together. */
import { collapseNear, type Look, nearLimits, strictLimits } from '../arithmetic/near-duplicates.js';
import { shownPath } from '../paths.js';
import { factsOf, hashOf, placesOf } from '../rows.js';
import type { Hit, StoredRecord, VectorCollection } from '../types.js';
import { type Answer, BLOCK, type Candidate, type Candidates, type Question } from './candidates.js';
import { answering, evidenceOf, explain, labelOf } from './evidence.js';
import type { Judged } from './judging.js';
import type { Library } from './library.js';
import { relevanceOf } from './relevance.js';
import { whyOf } from './why.js';

/** Segments of one hit that are worth a look. */
export const SEGMENTS_SHOWN = 3;

/** A hit, and what says whether another is the same picture edited. */
interface Found {
  hit: Hit;
  look: Look;
}

/** Candidates that are read at once after the first page. */
const NEXT = 50;
/** So many more than are wanted are read at most; of `all` few, because hardly a picture holds everything asked. */
const MOST_BEYOND = 400;
const MOST_BEYOND_OF_ALL = 10;

/** Rows are read of the hits alone, a page at a time, until enough are left above their line. */
export async function hitsOf({ list, refine }: Candidates, question: Question): Promise<Hit[]> {
  const { query, library } = question;
  const wanted = query.k + query.offset;
  const limits = strictLimits(nearLimits(library.encoder.duplicates));
  const found: Found[] = [];
  let hits: Hit[] = [];
  let start = 0;
  const most = wanted + (query.all.length ? MOST_BEYOND_OF_ALL : MOST_BEYOND);
  while (start < Math.min(list.length, most) && hits.length < wanted) {
    const size = refine ? BLOCK : start === 0 ? wanted : NEXT;
    const block = list.slice(start, start + size);
    start += size;
    found.push(...(await pageOf(refine ? await refine(block) : block, question)));
    hits = query.collapse
      ? collapseNear(found, ({ look }) => look, limits).map(({ hit: { hit }, others }) =>
          withCopies(hit, others),
        )
      : found.map(({ hit }) => hit);
  }
  return hits.slice(query.offset, wanted);
}

function withCopies(hit: Hit, others: readonly Found[]): Hit {
  if (others.length === 0) return hit;
  return { ...hit, copies: others.map(({ hit: { imageId, paths } }) => ({ imageId, paths })) };
}

/** Rows of some candidates; a segment whose picture has no row is what a kill left of a picture that is gone. */
async function pageOf(block: readonly Candidate[], question: Question): Promise<Found[]> {
  const { pictures, segments } = question.library;
  const candidates = block.filter(({ answers }) => !answers || doAnswer(answers, question));
  const shown = candidates.flatMap(({ answers, segments: near }) =>
    (answers ?? near.slice(0, SEGMENTS_SHOWN)).map(({ segmentId }) => segmentId),
  );
  const [wholes, parts] = await Promise.all([
    rowsOf(
      pictures,
      candidates.map(({ imageId }) => imageId),
    ),
    rowsOf(segments, shown),
  ]);
  return candidates.flatMap((candidate) => {
    const row = wholes.get(candidate.imageId);
    const found = row ? foundOf(candidate, { row, parts }, question) : null;
    return found ? [found] : [];
  });
}

/** Of several things it is known before any row is read whether they are answered well enough. */
function doAnswer(answers: readonly Answer[], question: Question): boolean {
  const partial = relevanceOfAll(judgedOf(answers, question));
  return isAbove({ partial, full: -1, label: -1 }, question);
}

function judgedOf(answers: readonly Answer[], { judge, asked }: Question): Judged[] {
  return answers.map(({ vector }, thing) => judge.judge(asked[thing]!, vector));
}

async function rowsOf(
  collection: VectorCollection | null,
  ids: readonly string[],
): Promise<Map<string, StoredRecord>> {
  const rows = collection && ids.length ? await collection.get(ids, { vectors: true }) : [];
  return new Map(rows.map((row) => [row.id, row]));
}

/** @returns null for what lies below the line. */
function foundOf(
  candidate: Candidate,
  { row, parts }: { row: StoredRecord; parts: ReadonlyMap<string, StoredRecord> },
  question: Question,
): Found | null {
  const facts = factsOf(row.metadata);
  const [asked] = question.asked;
  const { match } = question.query;
  const judged = candidate.answers && judgedOf(candidate.answers, question);
  const segments = candidate.answers
    ? answering(candidate.answers, parts, { judged: judged!, question })
    : candidate.segments.flatMap((segment) => evidenceOf(segment, parts.get(segment.segmentId), question));
  const best = segments[0] && parts.get(segments[0].segmentId)?.vector;
  const ofPart = !candidate.answers && best ? question.judge.judge(asked!, best) : undefined;
  const isWholeAsked = match !== 'partial' && !candidate.answers && row.vector !== undefined;
  const ofWhole = isWholeAsked ? question.judge.judge(asked!, row.vector!) : undefined;
  const label = labelOf(candidate, segments);
  const relevances = {
    partial: judged ? relevanceOfAll(judged) : shareOf(ofPart),
    full: shareOf(ofWhole),
    label: label?.relevance ?? -1,
  };
  if (!isAbove(relevances, question)) return null;
  const relevance = Math.max(0, ...Object.values(relevances));
  const evidence = {
    ...(candidate.picture ? { picture: candidate.picture } : {}),
    segments,
    ...(label ? { label } : {}),
  };
  const hit: Hit = {
    imageId: candidate.imageId,
    paths: placesOf(row.metadata).map(question.library.locate),
    facts,
    score: candidate.score,
    relevance,
    evidence,
    why: whyOf({ evidence }),
    ...(question.query.explain
      ? { explanation: explain(candidate, { ofWhole, ofPart, label, answers: judged }, question) }
      : {}),
  };
  const hash = hashOf(row.metadata);
  const { width, height } = facts;
  const look = { width, height, ...(hash ? { hash } : {}), ...(row.vector ? { vector: row.vector } : {}) };
  return { hit, look };
}

/** Below every line where there is nothing to judge. */
function shareOf(judged: Judged | undefined): number {
  return judged ? relevanceOf(judged.logit) : -1;
}

/** Either kind of match passes by its own line; a named label is a match of a part. */
function isAbove(
  { partial, full, label }: { partial: number; full: number; label: number },
  { query, asked, library }: Question,
): boolean {
  // Things of two kinds are held to the stricter line, whichever comes first.
  const cut = Math.max(...asked.map(({ kind }) => library.encoder.relevance?.[kind]?.cut ?? 0));
  const line = { full: cut, partial: cut, ...query.minRelevance };
  return full >= line.full || Math.max(partial, label) >= line.partial;
}

/** The geometric mean, so that one thing that is missing counts. */
function relevanceOfAll(judged: readonly Judged[]): number {
  const logs = judged.map(({ logit }) => Math.log(Math.max(Number.MIN_VALUE, relevanceOf(logit))));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** What a library says of an id for headings: its path. */
export async function pathOf(id: string, { pictures, locate }: Library): Promise<string> {
  const isSegment = id.includes(':');
  const [row] = await pictures.get([isSegment ? id.slice(0, id.lastIndexOf(':')) : id]);
  const [place] = row ? placesOf(row.metadata) : [];
  return place ? `${isSegment ? 'a part of ' : ''}${shownPath(locate(place))}` : id;
}
