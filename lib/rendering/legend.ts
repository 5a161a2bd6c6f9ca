import type { MapField, MapPoint, MapView } from '../types.js';
import { counted } from '../words.js';
import { rangesOf } from './map-ranges.js';
import { colourOf, dotColours, otherColour } from './palette.js';

/** One line of a legend: a label, its colour, and how many points carry it. */
export interface LegendEntry {
  label: string;
  colour: string;
  count: number;
  /** Whether it stands for many values, or for none. */
  rest?: boolean;
}

/** How one field tells the points apart. */
export interface Grouping {
  /** The field's name. */
  name: string;
  kind: MapField['kind'];
  /** Categories: most points first; ranges: lowest first; what has no colour of its own comes last. */
  entries: LegendEntry[];
  /** uint8[points]: each point's entry; NO_GROUP for the query's own point. */
  codes: Uint8Array;
  /** Each point's own value: what the last entry stands for at this point. */
  own: Own;
}

/** The code of a point that belongs to no group. */
export const NO_GROUP = 255;

/** The field that every map has: what its points are called. */
const LABEL = 'label';

/**
 * From low to high; middle tones that can be seen on light and on dark paper, so that it is the hue that climbs, from
 * blue to orange: people with any colour vision see its ends apart.
 */
const ramp: readonly string[] = ['#2C7FD1', '#7468D2', '#A95BBB', '#CC5590', '#D65F55', '#D9822B'];

/** All ways to colour a map, the one that it begins with first. */
export function groupingsOf(view: MapView): Grouping[] {
  return colouringFields(view).map((field) => groupPoints(view.points, field));
}

/** The way to colour that a map begins with. */
export function firstGrouping(view: MapView): Grouping {
  return groupPoints(view.points, colouringFields(view)[0]!);
}

/** The points' own labels are a field too, unless there are none and something else can colour. */
function colouringFields({ points, fields = [], colourBy = LABEL }: MapView): MapField[] {
  const named = fields.some(({ name }) => name === LABEL);
  const labelled = points.some(({ label }) => label !== undefined);
  const all = named || (!labelled && fields.length) ? fields : [labelField(points), ...fields];
  const first = all.find(({ name }) => name === colourBy) ?? all[0]!;
  return [first, ...all.filter((field) => field !== first)];
}

/** Tells points apart by a field: its eight most frequent categories, or up to six ranges of its numbers or dates. */
export function groupPoints(points: readonly MapPoint[], field: MapField): Grouping {
  const own = points.map(({ kind }, index) => (kind === 'query' ? undefined : (field.values[index] ?? null)));
  return field.kind === 'category' ? byCategory(own, field) : byRange(own, field);
}

/** Hits in the order of their rank, each with the number to draw. */
export function numberedHits(points: readonly MapPoint[]): { index: number; number: number }[] {
  return points
    .flatMap(({ kind, rank }, index) => (kind === 'hit' ? [{ index, rank }] : []))
    .map(({ index, rank }, n) => ({ index, number: rank ?? n + 1 }))
    .sort((a, b) => a.number - b.number);
}

/** null: the point has no value; undefined: it is the query, which belongs to no group. */
export type Own = readonly (string | number | null | undefined)[];

function byCategory(own: Own, field: MapField): Grouping {
  const counts = new Map<string, number>();
  for (const value of own)
    if (value !== null && value !== undefined)
      counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const ordered = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const entries = ordered
    .slice(0, dotColours.length)
    .map(([label, count], index): LegendEntry => ({ label, count, colour: colourOf(dotColours, index) }));
  const codes = new Map(entries.map(({ label }, code) => [label, code]));
  const codeOf = (value: string | number): number | undefined => codes.get(String(value));
  return grouping(own, field, { entries, codeOf, others: ordered.length - entries.length });
}

function byRange(own: Own, field: MapField): Grouping {
  const ranges = rangesOf(
    own.filter((value): value is number => Number.isFinite(value)),
    field,
  );
  const step = (ramp.length - 1) / Math.max(1, ranges.length - 1);
  const entries = ranges.map(
    ({ label, count }, index): LegendEntry => ({ label, count, colour: ramp[Math.round(index * step)]! }),
  );
  const codeOf = (value: string | number): number | undefined => {
    const at = Number.isFinite(value) ? ranges.findIndex(({ last }) => Number(value) <= last) : -1;
    return at < 0 ? undefined : at;
  };
  return grouping(own, field, { entries, codeOf, others: 0 });
}

interface Told {
  entries: LegendEntry[];
  codeOf(value: string | number): number | undefined;
  /** How many values share the last entry. */
  others: number;
}

/** Gives every point its code; what has none of its own shares one grey entry at the end. */
function grouping(own: Own, field: MapField, { entries, codeOf, others }: Told): Grouping {
  const codes = new Uint8Array(own.length).fill(NO_GROUP);
  const rest = entries.length;
  let none = 0;
  let resting = 0;
  for (const [index, value] of own.entries()) {
    if (value === undefined) continue;
    const code = value === null ? undefined : codeOf(value);
    codes[index] = code ?? rest;
    if (code === undefined) resting++;
    if (value === null) none++;
  }
  const { name, kind } = field;
  if (!resting) return { name, kind, entries, codes, own };
  // Without a single value there is nothing to tell apart: one calm colour serves all.
  const last: LegendEntry = rest
    ? { label: restName(field, others, none), count: resting, colour: otherColour, rest: true }
    : { label: 'all points', count: resting, colour: dotColours[0]!, rest: true };
  return { name, kind, entries: [...entries, last], codes, own };
}

function restName({ name, none: noneName }: MapField, others: number, none: number): string {
  if (!others) return noneName ?? `no ${name}`;
  return `${counted(others, `other ${name}`)}${none ? `, or ${noneName ?? 'none'}` : ''}`;
}

function labelField(points: readonly MapPoint[]): MapField {
  return { name: LABEL, kind: 'category', values: points.map(({ label }) => label ?? null) };
}
