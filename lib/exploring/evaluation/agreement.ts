import { bootstrapMean } from '../../arithmetic/bootstrap.js';
import { overlapAtK } from '../../arithmetic/metrics.js';
import type { Estimate } from '../../types.js';

/**
 * How alike two encoders see the same pictures: the share of the k nearest that both name, a mean over the pictures.
 * @param a for each picture the ids of its neighbours, nearest first; `b` in the same order of pictures.
 * @throws RangeError when they are not of the same pictures.
 */
export function agreement<Id>(
  a: readonly (readonly Id[])[],
  b: readonly (readonly Id[])[],
  k: number,
): Estimate {
  if (a.length !== b.length) throw new RangeError(`rankings of ${a.length} and of ${b.length} pictures`);
  return bootstrapMean(a.map((own, row) => overlapAtK(own, b[row]!, k)));
}
