/** umap-learn as a peer to measure against, never a dependency: used where python3 has it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reasonOf } from '../errors.js';

/** Seeded, so on one core; a small run first compiles what is compiled at the first call. */
const SCRIPT = `
import sys, time
import numpy, umap
path, dimension, epochs, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
vectors = numpy.fromfile(path, dtype=numpy.float32).reshape(-1, dimension)
def fit(rows):
    return umap.UMAP(n_neighbors=15, min_dist=0.1, n_epochs=epochs, random_state=42, n_jobs=1).fit_transform(rows)
# Above 4096 rows it searches in another way, which is compiled too.
fit(vectors[:4200])
start = time.perf_counter()
points = fit(vectors)
seconds = time.perf_counter() - start
points.astype(numpy.float32).tofile(out)
print('version', umap.__version__, 'seconds', seconds)
`;
const MOST_MS = 900_000;

export interface PeerMap {
  version: string;
  seconds: number;
  /** float32[rows, 2] */
  points: Float32Array;
}

/** @returns null, and says why, where python3 does not have it. */
export async function umapLearn(
  { vectors, dimension, epochs }: { vectors: Float32Array; dimension: number; epochs: number },
  say: (line: string) => void,
): Promise<PeerMap | null> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-umap-learn-'));
  try {
    const [path, out] = [join(folder, 'vectors.float32'), join(folder, 'points.float32')];
    await writeFile(path, new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
    const { stdout } = await promisify(execFile)(
      'python3',
      ['-W', 'ignore', '-c', SCRIPT, path, String(dimension), String(epochs), out],
      { timeout: MOST_MS },
    );
    const told = /version (\S+) seconds (\S+)/.exec(stdout);
    if (!told) throw new Error(`it said ${stdout.slice(0, 200)}`);
    const bytes = await readFile(out);
    const points = new Float32Array(new Uint8Array(bytes).buffer);
    return { version: told[1]!, seconds: Number(told[2]), points };
  } catch (error) {
    say(
      `umap.vs_umap_learn SKIPPED: python3 does not run umap-learn: ${lastLine(reasonOf(error), error)}. Install it: pip install umap-learn.`,
    );
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What Python says of an error stands in its last line. */
function lastLine(first: string, error: unknown): string {
  const told = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return told.split('\n').at(-1) || first;
}
