/** Which pictures may be hits, best first, before their rows are read. */
import { imageIdOf } from '../rows.js';
import type { Fusion } from '../types.js';
import type { Asked } from './asking.js';
import type { FilterPlan } from './filters.js';
import { FOR_EXAMPLES, FOR_WORDS, type Fused, fuse, type RankedSegment, regionScore } from './fusion.js';
import type { Judge, Judged } from './judging.js';
import { namedLabels } from './labels.js';
import type { Library } from './library.js';
import { type Among, type Near, nearestPictures, nearestSegments } from './nearest.js';
import { type Part, type Whole, wholesOf } from './parts.js';
import type { CheckedQuery } from './query.js';
import { relevanceOf } from './relevance.js';
import { assign, logRelevance } from './together.js';

/** A question on its way: what asks, what may answer, and how answers are judged. */
export interface Question {
  query: CheckedQuery;
  library: Library;
  plan: FilterPlan;
  /** One thing, or each of `all`. */
  asked: Asked[];
  unwanted: Asked[];
  judge: Judge;
}

/** A picture that may be a hit. */
export interface Candidate extends Fused {
  /** Of `all`: the segment of each thing, and of the least of them the logit. */
  answers?: { part: Part; judged: Judged; rank: number }[];
  /** Of `without`: the logit of each thing, where it is held most. */
  held?: number[];
}

/** Neighbours asked of each collection, for k hits. */
const PICTURES_PER_HIT = 3;
const SEGMENTS_PER_HIT = 8;
const LEAST_NEIGHBOURS = 100;
/** Pictures whose segments are all looked at, for k hits, where `all`, `without` or `regions` ask for it. */
const LOOKED_AT_PER_HIT = 3;
const LEAST_LOOKED_AT = 40;
/** Up to this share of a picture segments are left out of the evidence, not of the search. */
const FEW_SMALLER = 0.002;

/** How the evidence of a question becomes one score. */
export function fusionOf({ query, asked, library }: Question): Fusion {
  const usual = asked[0]!.isWhole ? FOR_EXAMPLES : (library.encoder.fusion ?? FOR_WORDS);
  return query.fusion ?? usual;
}

/** @returns best first; with `all` or `without` only pictures that hold all and none of it. */
export async function candidatesOf(question: Question): Promise<Candidate[]> {
  const { query } = question;
  const candidates = query.all.length ? await together(question) : await nearest(question);
  return query.without.length ? without(candidates, question) : candidates;
}

/** Both collections asked for ids and scores alone: a hundred rows of metadata cost more than the search itself. */
async function nearest(question: Question): Promise<Candidate[]> {
  const { query, library, plan } = question;
  const asked = question.asked[0]!;
  const [wholes, parts] = await Promise.all([
    query.match === 'partial'
      ? []
      : nearestPictures(asked.vector, count(query, PICTURES_PER_HIT), { from: library.pictures, plan }),
    query.match === 'full' ? [] : nearestParts(asked, question),
  ]);
  const pictures = wholes.map(({ id, score }) => ({ imageId: id, score }));
  const fusion = fusionOf(question);
  const fused = fuse(pictures, parts, fusion);
  return fusion === 'regions' && parts.length ? byRegions(fused, parts, question) : fused;
}

function count({ k, offset }: CheckedQuery, perHit: number): number {
  return Math.max(LEAST_NEIGHBOURS, perHit * (k + offset));
}

/** The nearest segments, and those whose label the words name. */
async function nearestParts(asked: Asked, { query, library, plan }: Question): Promise<RankedSegment[]> {
  const { segments } = library;
  if (!segments) return [];
  const k = count(query, SEGMENTS_PER_HIT);
  const among = { from: segments, plan: largeEnough(plan, library) };
  const text = query.terms.length === 1 ? query.terms[0]!.text : undefined;
  const [near, named] = await Promise.all([
    nearestSegments(asked.vector, k, among),
    namedLabels(text, asked, library),
  ]);
  const labels = new Map<string, number>();
  const found = new Map(near.map(({ id, score }) => [id, score]));
  for (const { label, segments: own } of await labelled(asked, named, { among, k })) {
    for (const { id, score } of own) {
      labels.set(id, Math.max(labels.get(id) ?? 0, named.get(label)!));
      found.set(id, score);
    }
  }
  return [...found]
    .map(([segmentId, score]) => {
      const label = labels.get(segmentId);
      return { segmentId, imageId: imageIdOf(segmentId), score, ...(label === undefined ? {} : { label }) };
    })
    .sort((a, b) => b.score - a.score || (a.segmentId < b.segmentId ? -1 : 1));
}

function labelled(
  { vector }: Asked,
  named: ReadonlyMap<string, number>,
  { among, k }: { among: Among; k: number },
): Promise<{ label: string; segments: Near[] }[]> {
  const { segments: where } = among.plan ?? {};
  return Promise.all(
    [...named.keys()].map(async (label) => {
      const own = { field: 'label', is: label };
      const plan = { ...among.plan, segments: where ? { and: [where, own] } : own };
      return { label, segments: await nearestSegments(vector, k, { ...among, plan }) };
    }),
  );
}

/** A filter costs the store more than the search itself, and below FEW_SMALLER there is hardly a segment to leave out. */
function largeEnough(plan: FilterPlan, { minSegmentArea }: Library): FilterPlan {
  if (minSegmentArea <= FEW_SMALLER) return plan;
  const large = { field: 'area', from: minSegmentArea };
  return { ...plan, segments: plan.segments ? { and: [plan.segments, large] } : large };
}

/** The first of a list with everything that was found in them. */
async function lookedAt(
  candidates: readonly Candidate[],
  { query, library }: Question,
): Promise<{ candidate: Candidate; whole: Whole }[]> {
  const first = candidates.slice(0, Math.max(LEAST_LOOKED_AT, LOOKED_AT_PER_HIT * (query.k + query.offset)));
  const wholes = await wholesOf(
    first.map(({ imageId }) => imageId),
    library,
    query.without.length > 0,
  );
  return first.flatMap((candidate) => {
    const whole = wholes.get(candidate.imageId);
    return whole ? [{ candidate, whole }] : [];
  });
}

/** All segments of the first candidates count, not the best alone. */
async function byRegions(
  fused: readonly Candidate[],
  parts: readonly RankedSegment[],
  question: Question,
): Promise<Candidate[]> {
  const range = { best: parts[0]!.score, last: parts.at(-1)!.score };
  const asked = question.asked[0]!;
  const looked = await lookedAt(fused, question);
  return looked
    .map(({ candidate, whole }) => {
      const scores = whole.parts.map(({ vector }) => question.judge.judge(asked, vector).cosine);
      return { ...candidate, score: scores.length ? regionScore(scores, range) : candidate.score };
    })
    .sort((a, b) => b.score - a.score || (a.imageId < b.imageId ? -1 : 1));
}

/** Pictures near to any of the things come first by the sum of their best segments; then every segment is judged. */
async function together(question: Question): Promise<Candidate[]> {
  const { asked, query, judge } = question;
  const lists = await Promise.all(asked.map((thing) => nearestParts(thing, question)));
  const ranks = lists.map((list) => new Map(list.map(({ segmentId }, index) => [segmentId, index + 1])));
  const looked = await lookedAt(promising(lists), question);
  return looked
    .flatMap(({ candidate, whole }) => {
      const judged = asked.map((thing) => whole.parts.map(({ vector }) => judge.judge(thing, vector)));
      const logits = judged.map((row) => row.map(({ logit }) => logit));
      const best = assign(logits, whole.parts, query.relation);
      if (!best) return [];
      const answers = best.segments.map((segment, thing) => {
        const part = whole.parts[segment]!;
        const rank = ranks[thing]!.get(part.segmentId) ?? lists[thing]!.length + 1;
        return { part, judged: judged[thing]![segment]!, rank };
      });
      return [{ ...candidate, score: best.score / asked.length, answers }];
    })
    .sort((a, b) => b.score - a.score || (a.imageId < b.imageId ? -1 : 1));
}

/** Each thing's best segment of a picture, or where it has none among the neighbours, the last of these, in sum. */
function promising(lists: readonly (readonly RankedSegment[])[]): Candidate[] {
  const floors = lists.map((list) => list.at(-1)?.score ?? 0);
  const best = new Map<string, number[]>();
  for (const [thing, list] of lists.entries()) {
    for (const { imageId, score } of list) {
      const scores = best.get(imageId) ?? [...floors];
      scores[thing] = Math.max(scores[thing]!, score);
      best.set(imageId, scores);
    }
  }
  return [...best]
    .map(([imageId, scores]) => ({
      imageId,
      score: scores.reduce((sum, score) => sum + score, 0),
      segments: [],
    }))
    .sort((a, b) => b.score - a.score || (a.imageId < b.imageId ? -1 : 1));
}

/**
 * From this relevance on a picture holds what is not wanted. Low, because leaving out too much costs less than leaving in:
 * of 520 scenes (40 pairs of things, embedded model) .5 lets 18 % of the first ten through, .2 14 %, .1 12 %, .05 10 %, .03
 * 8 %, and the right ones stay in all of them. Where no curve was measured the middle is all that is known.
 */
const HOLDS = 0.05;
const HOLDS_UNMEASURED = 0.5;

/** Pictures with a segment that answers something unwanted go; what comes near to it sinks, by its relevance. */
async function without(candidates: readonly Candidate[], question: Question): Promise<Candidate[]> {
  const { unwanted, judge, query, library } = question;
  const line = library.encoder.relevance ? HOLDS : HOLDS_UNMEASURED;
  const range = (candidates[0]?.score ?? 0) - (candidates.at(-1)?.score ?? 0);
  const looked = await lookedAt(candidates, question);
  return looked
    .map(({ candidate, whole }) => {
      const parts = query.match === 'full' ? [] : whole.parts.map(({ vector }) => vector);
      const vectors = whole.row.vector ? [...parts, whole.row.vector] : parts;
      const held = unwanted.map((thing) =>
        Math.max(...vectors.map((vector) => judge.judge(thing, vector).logit)),
      );
      const relevance = relevanceOf(Math.max(...held));
      return { ...candidate, held, relevance, score: candidate.score - range * relevance };
    })
    .filter(({ relevance }) => relevance < line)
    .map(({ relevance: _, ...candidate }) => candidate)
    .sort((a, b) => b.score - a.score || (a.imageId < b.imageId ? -1 : 1));
}

/** The relevance of a picture for several things: the geometric mean of theirs, so that one that is missing counts. */
export function relevanceOfAll(answers: NonNullable<Candidate['answers']>): number {
  const logs = answers.map(({ judged }) => logRelevance(judged.logit));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}
