/** How a cell of a comparison is named and told. */
import type { ComparisonCell, Estimate, Metric } from '../types.js';
import { cutMiddle } from './html.js';
import { score, share } from './measures.js';

/** A cell with its place in the comparison, which names its example row. */
export interface Shown {
  cell: ComparisonCell;
  id: string;
}

/** What a cell is told by: its score, else how well pieces find their picture. */
export function figureOf({ score: points, edits }: ComparisonCell): {
  estimate: Estimate;
  most: number;
  text: string;
} {
  if (points) return { estimate: points, most: 100, text: score(points) };
  const estimate = edits?.[0]?.first ?? { mean: 0, low: 0, high: 0 };
  return { estimate, most: 1, text: share(estimate) };
}

/** 0..1 */
export function levelOf(cell: ComparisonCell): number {
  const { estimate, most } = figureOf(cell);
  return estimate.mean / most;
}

/** The layer in a word. */
export function layerOf({ layer }: ComparisonCell): string {
  return layer === null ? 'own vector' : cutMiddle(layer, 40);
}

/** The metric, with what its name leaves open. */
export function metricName(metric: Metric): string {
  return metric === 'minkowski' ? 'minkowski, p = 3' : metric;
}
