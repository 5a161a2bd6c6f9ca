/** Which of the compared cells stand out: the best one, what it is held against, and what is laid out. */
import { bootstrapMean } from '../../arithmetic/bootstrap.js';
import type { Comparison, ComparisonCell } from '../../types.js';
import type { SeenLayer } from './compared-maps.js';
import type { RowFigures } from './space.js';

/** A cell on its way, with what outlives the vectors. */
export interface Measured {
  cell: Omit<ComparisonCell, 'example'>;
  rows: RowFigures | null;
  /** Of the example, where it is known before all cells are. */
  nearest: number[] | null;
  /** Of the first cell of a model, where there are several models: the nearest of the rows that are compared. */
  rankings: number[][] | null;
}

/** How a cell compares with others: 0..1. */
function levelOf({ cell }: Measured): number {
  return cell.score ? cell.score.mean / 100 : (cell.edits?.[0]?.first.mean ?? 0);
}

/** The best cell, held against the best one of another model, or of another layer or metric where there is one model. */
export function leadOf(measured: readonly Measured[]): Pick<Comparison, 'lead'> {
  const order = [...measured.keys()].sort((a, b) => levelOf(measured[b]!) - levelOf(measured[a]!));
  const [best] = order;
  const first = best === undefined ? undefined : measured[best];
  if (best === undefined || !first?.rows) return {};
  const isOther = (field: 'encoder' | 'layer' | 'metric') => (at: number) =>
    measured[at]!.cell[field] !== first.cell[field];
  const rival =
    order.find(isOther('encoder')) ?? order.find(isOther('layer')) ?? order.find(isOther('metric'));
  if (rival === undefined) return {};
  const others = measured[rival]!.rows!.score;
  // The same pictures ask both: what a picture finds hard is hard for both, and its own difference is what counts.
  const ahead = bootstrapMean(first.rows.score.map((score, query) => score - others[query]!));
  return { lead: { best, rival, ahead } };
}

/** The best and the worst layer of one model. */
export interface Extremes {
  best: SeenLayer;
  worst: SeenLayer;
  level: number;
}

/** @param measured the cells of this one model, of all its layers and metrics. */
export function extremesOf(seen: readonly SeenLayer[], measured: readonly Measured[]): Extremes {
  const levels = seen.map(({ layer }) =>
    Math.max(...measured.filter(({ cell }) => cell.layer === layer).map(levelOf)),
  );
  const level = Math.max(...levels);
  return { best: seen[levels.indexOf(level)]!, worst: seen[levels.indexOf(Math.min(...levels))]!, level };
}

/** The best layers of the two best models; of one model its best and its worst. */
export function laidOf(extremes: readonly Extremes[]): SeenLayer[] {
  const [first, second] = [...extremes].sort((a, b) => b.level - a.level);
  if (!first) return [];
  const other = second ? second.best : first.worst;
  return other === first.best ? [first.best] : [first.best, other];
}
