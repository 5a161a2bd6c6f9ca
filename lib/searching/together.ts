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
  /** The sum of the scores. */
  score: number;
}

/** Boxes may overlap by this share of the smaller side and still lie beside each other. */
const OVERLAP = 0.5;
/** This share of a box lies in another that it is inside of. */
const INSIDE = 0.8;
/** So many times the area make a thing larger. */
const LARGER = 1.2;

/**
 * Gives each thing a segment of its own so that the sum of their scores is greatest.
 * @param scores [thing][segment], none above 0: logarithms of shares.
 * @param segments their boxes, needed for a relation alone.
 * @param relation of the first thing's segment to the second's.
 * @returns null where there are too few segments, or none that stand so to each other.
 */
export function assign(
  scores: readonly (readonly number[])[],
  segments: readonly (Candidate | null)[],
  relation: Relation | null,
): Assignment | null {
  // A relation may rule out all of the best: then every pair is tried.
  const tried = relation ? Number.POSITIVE_INFINITY : scores.length;
  const choices = scores.map((row) =>
    [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, tried),
  );
  let best: Assignment | null = null;
  const taken: number[] = [];
  const place = (thing: number, score: number): void => {
    if (best && score <= best.score) return; // no thing adds more than 0
    if (thing === scores.length) {
      best = { segments: [...taken], score };
      return;
    }
    for (const segment of choices[thing]!) {
      if (taken.includes(segment)) continue;
      if (thing === 1 && relation && !doStand(relation, segments[taken[0]!], segments[segment])) continue;
      taken.push(segment);
      place(thing + 1, score + scores[thing]![segment]!);
      taken.pop();
    }
  };
  place(0, 0);
  return best;
}

function doStand(
  relation: Relation,
  first: Candidate | null | undefined,
  second: Candidate | null | undefined,
): boolean {
  return first != null && second != null && stands(relation, first, second);
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
