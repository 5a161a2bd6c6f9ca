/** The process of benchmarks/umap.ts in which a large map is laid out, so that its memory is its own. */
import { project } from '../exploring/projection.js';
import { secondsOf } from './interleaved.js';
import { mixedVectors } from './mixed-vectors.js';
import { peakMb } from './own-memory.js';

/** What the process tells when it is done; megabytes of 2²⁰, the vectors among them. */
export interface LargeMap {
  seconds: number;
  peakRssMb: number;
}

const [rows, dimension] = process.argv.slice(2).map(Number);
if (!rows || !dimension) throw new Error('needs the number of rows and their dimension');
const vectors = mixedVectors({ rows, dimension, groups: 200, seed: 2 });
const seconds = await secondsOf(() => project({ vectors, dimension }));
const told: LargeMap = { seconds, peakRssMb: peakMb() };
process.send?.(told, () => process.disconnect());
