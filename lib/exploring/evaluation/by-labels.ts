import { bootstrapMean } from '../../arithmetic/bootstrap.js';
import type { Turns } from '../../turns.js';
import type { ClassFigures, LabelFigures } from '../../types.js';
import { count } from '../../words.js';
import { type Labels, sizesOf } from './labels.js';
import { measureRows, type RowFigures, type Space } from './space.js';

/** How well the pictures of a space find their like, each left out of its own answer. */
export async function byLabels(
  space: Space,
  labels: Labels,
  options: { k: number } & Turns,
): Promise<{ figures: LabelFigures; notes: string[] }> {
  const rows = await measureRows(space, labels.of, options);
  const { from, of } = labels;
  return {
    figures: {
      from,
      queries: rows.queries.length,
      score: bootstrapMean(rows.score),
      precision: bootstrapMean(rows.precision),
      averagePrecision: bootstrapMean(rows.averagePrecision),
      chance: chanceOf(rows.queries, of),
      classes: classesOf(rows, of, options.k),
    },
    notes: [...labels.notes, ...sampled(rows)],
  };
}

/** A sentence where only some of the rows asked. */
export function sampled({ queries, possible }: RowFigures): string[] {
  if (queries.length === possible) return [];
  return [`Of ${count(possible)} pictures of classes ${count(queries.length)} asked, drawn with a seed.`];
}

/** The share of right ones among all that a query can meet, a mean over queries. */
export function chanceOf(queries: readonly number[], of: readonly (readonly string[])[]): number {
  const labelled = of.filter((labels) => labels.length > 0).length;
  const sizes = sizesOf(of);
  const shares = queries.map((row) => {
    const [label] = of[row]!;
    const right =
      of[row]!.length === 1
        ? sizes.get(label!)!
        : of.filter((labels) => labels.some((other) => of[row]!.includes(other))).length;
    return (right - 1) / (labelled - 1);
  });
  return mean(shares);
}

/** A picture of two classes counts in both. */
function classesOf(rows: RowFigures, of: readonly (readonly string[])[], k: number): ClassFigures[] {
  const asking = new Map<string, number[]>();
  for (const [at, row] of rows.queries.entries())
    for (const label of of[row]!) asking.set(label, [...(asking.get(label) ?? []), at]);
  const sizes = sizesOf(of);
  const classes = [...asking].map(([label, at]): ClassFigures => {
    const mistakenFor = mistake(at, rows, { of, k });
    return {
      label,
      pictures: sizes.get(label)!,
      score: mean(at.map((query) => rows.score[query]!)),
      precision: mean(at.map((query) => rows.precision[query]!)),
      averagePrecision: mean(at.map((query) => rows.averagePrecision[query]!)),
      ...(mistakenFor ? { mistakenFor } : {}),
    };
  });
  return classes.sort((a, b) => a.score - b.score || a.label.localeCompare(b.label));
}

/** The class that stands most often among the first k of these queries without being theirs. */
function mistake(
  at: readonly number[],
  { queries, nearest }: RowFigures,
  { of, k }: { of: readonly (readonly string[])[]; k: number },
): ClassFigures['mistakenFor'] {
  const met = new Map<string, number>();
  let places = 0;
  for (const query of at) {
    const own = of[queries[query]!]!;
    for (const other of nearest[query]!.slice(0, k)) {
      places++;
      if (of[other]!.some((label) => own.includes(label))) continue;
      for (const label of of[other]!) met.set(label, (met.get(label) ?? 0) + 1);
    }
  }
  const [most] = [...met].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
  return most && { label: most[0], share: most[1] / places };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
