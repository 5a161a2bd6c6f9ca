/** How long does a map of 10,000 and of 100,000 vectors take, beside umap-js and umap-learn at equal epochs, and is it as true? */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { UMAP } from 'umap-js';
import { seeded } from '../../arithmetic/seeded.js';
import { trustworthiness } from '../../arithmetic/trustworthiness.js';
import { neighbours } from '../../exploring/neighbours.js';
import { project } from '../../exploring/projection.js';
import type { Figures, Measure } from '../figures.js';
import { median, secondsOf } from '../interleaved.js';
import { mixedVectors } from '../mixed-vectors.js';
import type { LargeMap } from '../umap-child.js';
import { umapLearn } from '../umap-learn-peer.js';

const ROWS = 10_000;
const LARGE_ROWS = 100_000;
const DIMENSION = 512;
/** What umap-js takes for 10,000; umap-learn would take 500 unless told. */
const EPOCHS = 200;
const ROUNDS = 3;
/** Points whose neighbours are checked: all would take minutes. */
const ASKED = 1000;

export const measure: Measure = async (say) => {
  const vectors = mixedVectors({ rows: ROWS, dimension: DIMENSION, groups: 60, seed: 1 });
  const block = { vectors, dimension: DIMENSION };
  // The first call starts the threads of onnxruntime and has the loops compiled.
  await project({ vectors: vectors.subarray(0, 1000 * DIMENSION), dimension: DIMENSION }, { epochs: 50 });
  const found: number[] = [];
  const laid: number[] = [];
  const runs: Float32Array[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    found.push(await secondsOf(() => neighbours(block, { k: 15, way: 'onnx' })));
    laid.push(
      await secondsOf(async () => {
        runs.push((await project(block, { epochs: EPOCHS })).points);
      }),
    );
  }
  const own = median(laid);
  const plain = plainUmap(vectors);
  say(
    `${ROWS} × ${DIMENSION}, ${EPOCHS} epochs: ours ${own.toFixed(2)} s, umap-js ${plain.seconds.toFixed(2)} s`,
  );
  const learnt = await umapLearn({ ...block, epochs: EPOCHS }, say);
  if (learnt) say(`umap-learn ${learnt.version}, seeded: ${learnt.seconds.toFixed(2)} s`);
  const maps = [runs[0]!, plain.points, ...(learnt ? [learnt.points] : [])];
  const trust = trustworthiness({ block: vectors, dimension: DIMENSION }, maps, { k: 15, asked: ASKED });
  const names = ['ours', 'umap-js', 'umap-learn'];
  say(`trustworthiness@15: ${trust.map((value, n) => `${names[n]} ${value.toFixed(4)}`).join(', ')}`);
  const large = await largeMap();
  return {
    'umap.vs_umapjs': own / plain.seconds,
    ...(learnt ? { 'umap.vs_umap_learn': own / learnt.seconds } : {}),
    // Against umap-learn where it is there, else against umap-js.
    'umap.trustworthiness_delta': trust[0]! - trust.at(-1)!,
    // Between runs of one seed, of the longer side; that new pictures move no old one by any bit is a test.
    'umap.moved': Math.max(...runs.map((points) => farthest(points, runs[0]!))),
    'knn.10k_s': median(found),
    'umap.100k_s': large.seconds,
    'umap.100k_rss_mb': large.peakRssMb,
  } satisfies Figures;
};

/** The largest difference of a coordinate. */
function farthest(points: Float32Array, others: Float32Array): number {
  return points.reduce((most, value, at) => Math.max(most, Math.abs(value - others[at]!)), 0);
}

function plainUmap(vectors: Float32Array): { seconds: number; points: Float32Array } {
  const rows = Array.from({ length: ROWS }, (_, row) =>
    Array.from(vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION)),
  );
  const umap = new UMAP({ nNeighbors: 15, minDist: 0.1, nEpochs: EPOCHS, random: seeded(1) });
  const start = performance.now();
  const points = umap.fit(rows);
  return { seconds: (performance.now() - start) / 1000, points: Float32Array.from(points.flat()) };
}

async function largeMap(): Promise<LargeMap> {
  const child = fork(fileURLToPath(new URL('../umap-child.js', import.meta.url)), [
    String(LARGE_ROWS),
    String(DIMENSION),
  ]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of the large map ended with ${code}`);
  });
  const told: LargeMap[] = await Promise.race([once(child, 'message'), ended]);
  return told[0]!;
}
