/** Which pictures may be hits, best first, before their rows are read. */
import { dot } from '../arithmetic/vectors.js';
import { imageIdOf } from '../rows.js';
import type { Fusion } from '../types.js';
import type { Asked } from './asking.js';
import type { FilterPlan } from './filters.js';
import {
  FOR_EXAMPLES,
  FOR_WORDS,
  type Fused,
  floorOf,
  fuse,
  LEAST_NEIGHBOURS,
  type RankedSegment,
  regionScore,
} from './fusion.js';
import type { Judge } from './judging.js';
import { namedLabels } from './labels.js';
import type { Library } from './library.js';
import { type Among, type Near, nearestPictures, nearestSegments } from './nearest.js';
import { type Whole, wholesOf } from './parts.js';
import type { CheckedQuery } from './query.js';
import { relevanceOf } from './relevance.js';
import { assign } from './together.js';

/** A question on its way: what asks, what may answer, and how answers are judged. */
export interface Question {
  query: CheckedQuery;
  library: Library;
  plan: FilterPlan;
  /** One thing, or each of `all`. */
  asked: Asked[];
  unwanted: Asked[];
  judge: Judge;
  /** The path of a stored picture or segment that asks, for people. */
  pathOf(id: string): string;
}

/** A picture that may be a hit. */
export interface Candidate extends Fused {
  /** Of `all`: the segment of each thing. */
  answers?: Answer[];
  /** Of `without`: the logit of each thing, where it is held most. */
  held?: number[];
}

/** A segment that answers one of several things. */
export interface Answer {
  segmentId: string;
  vector: Float32Array;
  rank: number;
}

/** Neighbours asked of each collection, for k hits. */
const PICTURES_PER_HIT = 3;
const SEGMENTS_PER_HIT = 8;
/** Up to this share of a picture segments are left out of the evidence, not of the search. */
const FEW_SMALLER = 0.002;

/** How the evidence of a question becomes one score. */
export function fusionOf({ query, asked, library }: Question): Fusion {
  const usual = asked[0]!.isWhole ? FOR_EXAMPLES : (library.encoder.fusion ?? FOR_WORDS);
  return query.fusion ?? usual;
}

/** Pictures that may answer, best first as far as their neighbours tell. */
export interface Candidates {
  list: Candidate[];
  /**
   * Looks at every segment of some of them, where the question wants it: what does not answer is left out, the rest comes
   * in its final order. Given blocks of BLOCK, one after the other, so that a page never depends on how many were asked.
   */
  refine: ((block: readonly Candidate[]) => Promise<Candidate[]>) | null;
}

/** Pictures whose segments are all looked at together. */
export const BLOCK = 20;

export async function candidatesOf(question: Question): Promise<Candidates> {
  const { query } = question;
  const { list, steps } = query.all.length ? await together(question) : await nearest(question);
  if (query.without.length) steps.push(without(list, question));
  if (steps.length === 0) return { list, refine: null };
  return {
    list,
    async refine(block) {
      let looked = await lookedAt(block, question);
      for (const step of steps) looked = looked.flatMap((one) => step(one) ?? []);
      return looked.map(({ candidate }) => candidate).sort(byScore);
    },
  };
}

interface Looked {
  candidate: Candidate;
  whole: Whole;
}

/** What is made of a picture once all its segments are known; null where it does not answer. */
type Step = (looked: Looked) => Looked | null;

interface Plan {
  list: Candidate[];
  steps: Step[];
}

function byScore(a: Candidate, b: Candidate): number {
  return b.score - a.score || (a.imageId < b.imageId ? -1 : 1);
}

/** Both collections asked for ids and scores alone: a hundred rows of metadata cost more than the search itself. */
async function nearest(question: Question): Promise<Plan> {
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
  const list = fuse(pictures, parts, fusion);
  return { list, steps: fusion === 'regions' && parts.length ? [byRegions(asked, parts)] : [] };
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

async function lookedAt(candidates: readonly Candidate[], { query, library }: Question): Promise<Looked[]> {
  const wholes = await wholesOf(
    candidates.map(({ imageId }) => imageId),
    library,
    {
      vectors: query.without.length > 0,
      boxes: query.relation !== null || library.minSegmentArea > FEW_SMALLER,
    },
  );
  return candidates.flatMap((candidate) => {
    const whole = wholes.get(candidate.imageId);
    return whole ? [{ candidate, whole }] : [];
  });
}

/** All segments count, not the best alone. */
function byRegions({ vector }: Asked, parts: readonly RankedSegment[]): Step {
  const line = floorOf(parts);
  return ({ candidate, whole }) => {
    const scores = whole.parts.map((part) => dot(vector, part.vector));
    const score = scores.length ? regionScore(scores, line) : candidate.score;
    return { candidate: { ...candidate, score }, whole };
  };
}

/**
 * Pictures near to any of the things come first by the sum of their best segments; then every segment is looked at. The
 * score is the mean of the logarithms of the cosines: on 520 scenes (40 pairs of things, embedded model) .775 of the first
 * five hold both, by the product of relevances .75, by the least of the two .72, and the plain sentence .5.
 */
async function together(question: Question): Promise<Plan> {
  const { asked, query } = question;
  const lists = await Promise.all(asked.map((thing) => nearestParts(thing, question)));
  const ranks = lists.map((list) => new Map(list.map(({ segmentId }, index) => [segmentId, index + 1])));
  const step: Step = ({ candidate, whole }) => {
    const { parts } = whole;
    const scores = asked.map((thing) =>
      parts.map(({ vector }) => Math.log(Math.max(LEAST_COSINE, dot(thing.vector, vector)))),
    );
    const boxes = parts.map(({ segment }) => segment ?? null);
    const best = assign(scores, boxes, query.relation);
    if (!best) return null;
    const answers = best.segments.map((index, thing): Answer => {
      const { segmentId, vector } = parts[index]!;
      return { segmentId, vector, rank: ranks[thing]!.get(segmentId) ?? lists[thing]!.length + 1 };
    });
    return { candidate: { ...candidate, score: best.score / asked.length, answers }, whole };
  };
  return { list: promising(lists), steps: [step] };
}

/** What lies further off is no nearer to an answer. */
const LEAST_COSINE = 0.01;

/** Each thing's best segment of a picture, or where it has none among the neighbours, the last of these, in sum. */
function promising(lists: readonly (readonly RankedSegment[])[]): Candidate[] {
  const floors = lists.map(floorOf);
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
    .sort(byScore);
}

/**
 * From this relevance on a picture holds what is not wanted. Low, because leaving out too much costs less than leaving in:
 * of 520 scenes (40 pairs of things, embedded model) .5 lets 18 % of the first ten through, .2 14 %, .1 12 %, .05 10 %, .03
 * 8 %, and the right ones stay in all of them. Where no curve was measured the middle is all that is known.
 */
const HOLDS = 0.05;
const HOLDS_UNMEASURED = 0.5;

/** Pictures with a segment that answers something unwanted go; what comes near to it sinks, by its relevance. */
function without(list: readonly Candidate[], { unwanted, judge, query, library }: Question): Step {
  const range = (list[0]?.score ?? 0) - (list[Math.min(list.length, LEAST_NEIGHBOURS) - 1]?.score ?? 0);
  return ({ candidate, whole }) => {
    const parts = query.match === 'full' ? [] : whole.parts.map(({ vector }) => vector);
    const vectors = whole.row.vector ? [...parts, whole.row.vector] : parts;
    const held = unwanted.map((thing) =>
      Math.max(...vectors.map((vector) => judge.judge(thing, vector).logit)),
    );
    const isHeld = unwanted.some(({ kind }, thing) => {
      const line = library.encoder.relevance?.[kind] ? HOLDS : HOLDS_UNMEASURED;
      return relevanceOf(held[thing]!) >= line;
    });
    if (isHeld) return null;
    const score = candidate.score - range * relevanceOf(Math.max(...held));
    return { candidate: { ...candidate, held, score }, whole };
  };
}
