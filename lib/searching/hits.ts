/** From candidates to hits: rows read, evidence told, relevance judged, near duplicates put together. */
import { collapseNear, type Look, nearLimits, strictLimits } from '../arithmetic/near-duplicates.js';
import { shownPath } from '../paths.js';
import { factsOf, hashOf, placesOf, segmentOf } from '../rows.js';
import type { Explanation, Hit, SegmentEvidence, StoredRecord, VectorCollection } from '../types.js';
import { type Candidate, fusionOf, type Question, relevanceOfAll } from './candidates.js';
import { formulaOf } from './fusion.js';
import { explained, type Judged } from './judging.js';
import type { Library } from './library.js';
import { wordsOf } from './query.js';
import { relevanceOf } from './relevance.js';
import { whyOf } from './why.js';

/** Segments of one hit that are worth a look. */
const SEGMENTS_SHOWN = 3;

/** A hit, and what says whether another is the same picture edited. */
interface Found {
  hit: Hit;
  look: Look;
}

/** The hits that are wanted; rows are read of these alone, a page at a time, until enough are left. */
export async function hitsOf(candidates: readonly Candidate[], question: Question): Promise<Hit[]> {
  const { query, library } = question;
  const wanted = query.k + query.offset;
  const limits = strictLimits(nearLimits(library.encoder.duplicates));
  const found: Found[] = [];
  let hits: Hit[] = [];
  for (let start = 0; start < candidates.length && hits.length < wanted; start += wanted) {
    const page = await pageOf(candidates.slice(start, start + wanted), question);
    // What comes later is no better: a page without a hit is the last.
    if (page.length === 0 && start > 0) break;
    found.push(...page);
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
async function pageOf(candidates: readonly Candidate[], question: Question): Promise<Found[]> {
  const { pictures, segments } = question.library;
  const shown = candidates.flatMap((candidate) =>
    candidate.answers ? [] : candidate.segments.slice(0, SEGMENTS_SHOWN).map(({ segmentId }) => segmentId),
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
  const segments = candidate.answers
    ? answering(candidate.answers, question)
    : candidate.segments.flatMap((segment) => evidenceOf(segment, parts.get(segment.segmentId), question));
  const best = segments[0] && parts.get(segments[0].segmentId)?.vector;
  const ofPart = !candidate.answers && best ? question.judge.judge(asked!, best) : undefined;
  const isWholeAsked = match !== 'partial' && !candidate.answers && row.vector !== undefined;
  const ofWhole = isWholeAsked ? question.judge.judge(asked!, row.vector!) : undefined;
  const label = labelOf(candidate, segments);
  const relevances = {
    partial: candidate.answers ? relevanceOfAll(candidate.answers) : shareOf(ofPart),
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
      ? { explanation: explain(candidate, { ofWhole, ofPart, label }, question) }
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
  const cut = library.encoder.relevance?.[asked[0]!.kind]?.cut ?? 0;
  const line = { full: cut, partial: cut, ...query.minRelevance };
  return full >= line.full || Math.max(partial, label) >= line.partial;
}

/** Nothing for segments that are too small to count or beyond what is shown. */
function evidenceOf(
  { segmentId, rank, score }: Candidate['segments'][number],
  row: StoredRecord | undefined,
  { library, judge }: Question,
): SegmentEvidence[] {
  if (!row) return [];
  const { bbox, area, label, origin } = segmentOf(segmentId, row.metadata);
  if (area < library.minSegmentArea) return [];
  const name = label ?? (row.vector && judge.name(row.vector));
  return [
    {
      segmentId,
      bbox,
      score,
      rank,
      ...(name === undefined ? {} : { label: name }),
      ...(origin === undefined ? {} : { origin }),
    },
  ];
}

/** The segments of `all`, in the order of its things, each called by what it answers. */
function answering(answers: NonNullable<Candidate['answers']>, { query }: Question): SegmentEvidence[] {
  return answers.map(({ part, judged, rank }, thing) => {
    const title = query.all[thing]!.map((term) => wordsOf(term, (id) => id)).join(' + ');
    const { segmentId, bbox, origin } = part;
    return {
      segmentId,
      bbox,
      score: judged.cosine,
      rank,
      label: title,
      answers: title,
      ...(origin === undefined ? {} : { origin }),
    };
  });
}

function labelOf(
  candidate: Candidate,
  segments: readonly SegmentEvidence[],
): { label: string; relevance: number } | undefined {
  const [first] = candidate.segments;
  const [shown] = segments;
  if (!first?.label || shown?.segmentId !== first.segmentId || shown.label === undefined) return undefined;
  return { label: shown.label, relevance: first.label };
}

function explain(
  candidate: Candidate,
  judged: { ofWhole: Judged | undefined; ofPart: Judged | undefined; label: Hit['evidence']['label'] },
  question: Question,
): Explanation {
  const { query } = question;
  const titles = (things: typeof query.all): string[] =>
    things.map((thing) => thing.map((term) => wordsOf(term, (id) => id)).join(' + '));
  const { ofWhole, ofPart, label } = judged;
  return {
    ...(ofWhole ? { picture: explained(ofWhole) } : {}),
    ...(ofPart ? { segment: explained(ofPart) } : {}),
    ...(label ? { label } : {}),
    ...(candidate.answers
      ? {
          all: titles(query.all).map((title, thing) => ({
            title,
            ...explained(candidate.answers![thing]!.judged),
          })),
        }
      : {}),
    ...(candidate.held
      ? { without: titles(query.without).map((title, thing) => ({ title, logit: candidate.held![thing]! })) }
      : {}),
    formula: candidate.answers
      ? 'the mean of the logarithms of relevance of a segment for each thing'
      : formulaOf(fusionOf(question)),
  };
}

/** What a library says of an id for headings: its path. */
export async function pathOf(id: string, { pictures, locate }: Library): Promise<string> {
  const isSegment = id.includes(':');
  const [row] = await pictures.get([isSegment ? id.slice(0, id.lastIndexOf(':')) : id]);
  const [place] = row ? placesOf(row.metadata) : [];
  return place ? `${isSegment ? 'a part of ' : ''}${shownPath(locate(place))}` : id;
}
