/** Several things in one picture: which of its segments answers which, and where they lie to each other. Pure. */
import type { BoundingBox, Relation } from '../types.js';

/** A segment that may answer: its box and its area, a share of the picture. */
export interface Candidate {
  bbox: BoundingBox;
  area: number;
}

export interface Assignment {
  /** For each thing the index of its segment. */
  segments: number[];
  /** The sum of the logarithms of relevance, at most 0. */
  score: number;
}

/** More than so many segments a thing are not tried: the best assignment hardly ever needs the next. */
const TRIED = 6;

/** Boxes may overlap by this share of the smaller side and still lie beside each other. */
const OVERLAP = 0.5;
/** This share of a box lies in another that it is inside of. */
const INSIDE = 0.8;
/** So many times the area make a thing larger. */
const LARGER = 1.2;

/**
 * Gives each thing a segment of its own so that the product of their relevances is greatest.
 * @param logits [thing][segment].
 * @param relation of the first thing's segment to the second's.
 * @returns null where there are too few segments, or none that stand so to each other.
 */
export function assign(
  logits: readonly (readonly number[])[],
  segments: readonly Candidate[],
  relation: Relation | null,
): Assignment | null {
  const choices = logits.map((row) =>
    [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, TRIED + logits.length),
  );
  let best: Assignment | null = null;
  const taken: number[] = [];
  const place = (thing: number, score: number): void => {
    if (best && score <= best.score) return; // no thing adds more than 0
    if (thing === logits.length) {
      best = { segments: [...taken], score };
      return;
    }
    for (const segment of choices[thing]!) {
      if (taken.includes(segment)) continue;
      if (thing === 1 && relation && !stands(relation, segments[taken[0]!]!, segments[segment]!)) continue;
      taken.push(segment);
      place(thing + 1, score + logRelevance(logits[thing]![segment]!));
      taken.pop();
    }
  };
  place(0, 0);
  return best;
}

/** log of 1 / (1 + e^−logit), without overflow. */
export function logRelevance(logit: number): number {
  return logit > 0 ? -Math.log1p(Math.exp(-logit)) : logit - Math.log1p(Math.exp(logit));
}

/** Whether the first stands so to the second. Sides by their centres, as far as they do not lie over each other. */
export function stands(relation: Relation, first: Candidate, second: Candidate): boolean {
  const [a, b] = [first.bbox, second.bbox];
  switch (relation) {
    case 'left of':
      return isBefore([a.x, a.width], [b.x, b.width]);
    case 'right of':
      return isBefore([b.x, b.width], [a.x, a.width]);
    case 'above':
      return isBefore([a.y, a.height], [b.y, b.height]);
    case 'below':
      return isBefore([b.y, b.height], [a.y, a.height]);
    case 'inside':
      return shareWithin(a, b) >= INSIDE && first.area < second.area;
    case 'larger than':
      return first.area >= LARGER * second.area;
    case 'smaller than':
      return second.area >= LARGER * first.area;
  }
}

function isBefore([start, length]: [number, number], [otherStart, otherLength]: [number, number]): boolean {
  const overlap = Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart);
  return (
    start + length / 2 < otherStart + otherLength / 2 && overlap <= OVERLAP * Math.min(length, otherLength)
  );
}

function shareWithin(a: BoundingBox, b: BoundingBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return (Math.max(0, width) * Math.max(0, height)) / Math.max(1, a.width * a.height);
}
