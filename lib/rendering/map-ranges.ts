import type { MapField } from '../types.js';
import { bytes, count, percent } from '../words.js';

/** A stretch of numbers: those above the stretch before, up to and with `last`. */
export interface Range {
  label: string;
  last: number;
  count: number;
}

const MOST_RANGES = 6;
const YEAR = (time: number): number => new Date(time).getUTCFullYear();

/**
 * Splits numbers at the field's own edges, else into at most six ranges of about equal counts, lowest first; dates into
 * years where these are few.
 */
export function rangesOf(
  numbers: readonly number[],
  field: Pick<MapField, 'kind' | 'unit' | 'edges'>,
): Range[] {
  const { edges } = field;
  const sorted = Float64Array.from(numbers).sort();
  const years = field.kind === 'date' ? cutsBetween(sorted, YEAR) : [];
  const byYear = years.length > 1 && years.length <= MOST_RANGES;
  const parted = edges && cutsBetween(sorted, (value) => edges.filter((edge) => value >= edge).length);
  const cuts = byYear ? years : (parted ?? evenCuts(sorted));
  const write = byYear ? (time: number): string => String(YEAR(time)) : writer(field);
  const ranges: Range[] = [];
  for (const [index, end] of cuts.entries()) {
    const start = cuts[index - 1] ?? 0;
    const [from, to] = [write(sorted[start]!), write(sorted[end - 1]!)];
    const range = {
      label: from === to ? from : `${from} – ${to}`,
      last: sorted[end - 1]!,
      count: end - start,
    };
    const before = ranges.at(-1);
    // Two that read alike are one to the reader: times of one day, shares of one percent.
    if (before?.label !== range.label) ranges.push(range);
    else ranges[ranges.length - 1] = { ...range, count: before.count + range.count };
  }
  return ranges;
}

/** Where each range ends; equal numbers are never parted, and few different numbers have a range each. */
function evenCuts(sorted: Float64Array): number[] {
  const different = cutsBetween(sorted, (value) => value);
  if (different.length <= MOST_RANGES) return different;
  const cuts: number[] = [];
  for (const end of different) {
    const wanted = ((cuts.length + 1) * sorted.length) / MOST_RANGES;
    if (end >= wanted && cuts.length < MOST_RANGES - 1) cuts.push(end);
  }
  return cuts.at(-1) === sorted.length ? cuts : [...cuts, sorted.length];
}

/** The ends of the runs of numbers that are the same in one respect. */
function cutsBetween(sorted: Float64Array, respect: (value: number) => number): number[] {
  const cuts: number[] = [];
  for (let end = 1; end <= sorted.length; end++)
    if (end === sorted.length || respect(sorted[end]!) !== respect(sorted[end - 1]!)) cuts.push(end);
  return cuts;
}

function writer({ kind, unit }: Pick<MapField, 'kind' | 'unit'>): (value: number) => string {
  if (kind === 'date') return (time) => new Date(time).toISOString().slice(0, 10);
  if (unit === 'share') return percent;
  if (unit === 'bytes') return bytes;
  return (value) => (Math.abs(value) >= 100 ? count(value) : String(Number(value.toPrecision(3))));
}
