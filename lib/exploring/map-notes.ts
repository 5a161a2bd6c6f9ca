/** What a map cannot say by itself, in sentences for its reader. */
import type { MapView, SearchResult } from '../types.js';
import { count, counted } from '../words.js';
import type { LaidOut, VectorRow } from './laying.js';
import { FEWEST } from './projection.js';

export interface MapFacts {
  of: 'pictures' | 'segments';
  rows: readonly VectorRow[];
  /** Rows of the collection. */
  all: number;
  laidOut: LaidOut;
  query?: SearchResult | undefined;
  /** Why the kept map could not be read. */
  broken?: string | undefined;
  /** Why the map could not be kept. */
  keeping?: string | undefined;
}

const NOTHING = {
  nothing: 'Nothing is indexed yet: run 01-index with the same NAME, ENCODER and CHROMA first.',
  'no segmenter': 'This lookbook has no segments: set SEGMENTER and index again.',
  'none of them': 'No segment was found in these pictures: index them again, or take another SEGMENTER.',
};

/** A map without any point, and why. */
export function nothingOn(of: MapFacts['of'], why: keyof typeof NOTHING): MapView {
  return { title: `0 ${of}`, points: [], fields: [], note: NOTHING[why] };
}

/** All that is to be said, '' for nothing. */
export function notesOf(facts: MapFacts): string {
  return [...likeness(facts), ...keptness(facts), ...question(facts)].join(' ');
}

/** What near and far are worth. */
function likeness({ of, rows, all }: MapFacts): string[] {
  const [first] = rows;
  const shown = `${count(rows.length)} of ${count(all)} ${of} are on this map: a fixed share, and every hit.`;
  const notes = rows.length < all ? [shown] : [];
  const one = of.slice(0, -1);
  if (rows.length === 1) return [...notes, `One ${one} alone is no map: near and far need two or more.`];
  if (rows.every(({ vector }) => vector.every((value, at) => value === first!.vector[at])))
    return [...notes, `All ${of} have equal vectors: the ring that they lie on says only that.`];
  if (rows.length < FEWEST)
    return [...notes, `Of fewer than ${FEWEST} ${of} near and far say little: take it as a rough order.`];
  return notes;
}

/** What became of the map that was kept. */
function keptness({ of, rows, laidOut, broken, keeping }: MapFacts): string[] {
  const { placed, strangers } = laidOut;
  return [
    ...(broken === undefined ? [] : [`The kept map could not be read (${broken}), so it was laid out anew.`]),
    ...(strangers === undefined
      ? []
      : [
          `The map was laid out anew and all points moved: ${count(strangers)} of ${count(rows.length)} ${of} had come since the last time.`,
        ]),
    ...(placed ? [`${counted(placed, `new ${of.slice(0, -1)}`)} joined the map; no other point moved.`] : []),
    ...(keeping === undefined ? [] : [`The map could not be kept for the next time: ${keeping}.`]),
  ];
}

/** What of the question is not on the map. */
function question({ query }: MapFacts): string[] {
  if (!query) return [];
  if (!query.vector)
    return [
      `“${query.title}” has no point of its own here: it is several things, or words that this encoder cannot read.`,
    ];
  return query.hits.length ? [] : [`Nothing answers “${query.title}” well enough to be numbered.`];
}
