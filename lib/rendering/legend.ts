import type { MapPoint } from '../types.js';
import { counted } from '../words.js';
import { colourOf, dotColours, otherColour } from './palette.js';

/** One line of a legend: a label, its colour, and how many points carry it. */
export interface LegendEntry {
  label: string;
  colour: string;
  count: number;
}

export interface Legend {
  /** Most points first; what has no colour of its own comes last as "other". */
  entries: LegendEntry[];
  colourOf(point: MapPoint): string;
  /** The colour of points whose label has none of its own. */
  fallback: string;
}

/** Colours for the eight most frequent labels; all other points share one grey. */
export function legendOf(points: readonly MapPoint[]): Legend {
  const counts = new Map<string, number>();
  let unlabelled = 0;
  for (const { label, kind } of points) {
    if (kind === 'query') continue;
    if (label === undefined) unlabelled++;
    else counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const ordered = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const shown = ordered.slice(0, dotColours.length);
  const rest = ordered.slice(dotColours.length);
  const entries = shown.map(([label, count], index) => ({
    label,
    count,
    colour: colourOf(dotColours, index),
  }));
  const others = rest.reduce((sum, [, count]) => sum + count, unlabelled);
  const colours = new Map(entries.map(({ label, colour }) => [label, colour]));
  // Without a single label there is nothing to tell apart: one calm colour serves all.
  const fallback = entries.length ? otherColour : dotColours[0]!;
  if (others && entries.length) {
    const name = rest.length
      ? `${counted(rest.length, 'other label')}${unlabelled ? ', or none' : ''}`
      : 'no label';
    entries.push({ label: name, count: others, colour: otherColour });
  }
  return {
    entries,
    fallback,
    colourOf: ({ label }) => (label === undefined ? undefined : colours.get(label)) ?? fallback,
  };
}

/** Hits in the order of their rank, each with the number to draw. */
export function numberedHits(points: readonly MapPoint[]): { point: MapPoint; number: number }[] {
  return points
    .filter(({ kind }) => kind === 'hit')
    .map((point, index) => ({ point, number: point.rank ?? index + 1 }))
    .sort((a, b) => a.number - b.number);
}
