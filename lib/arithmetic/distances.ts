/** Distances between rows of float32[rows, dimension], and the order that they give: the smaller, the nearer. Pure. */
import type { Metric } from '../types.js';

/** Every metric, in the order in which they are told. */
export const METRICS: readonly Metric[] = ['cosine', 'euclidean', 'sqeuclidean', 'minkowski', 'dot'];

/** Rows of a block that stay in the cache while all queries meet them. */
const ROWS_AT_ONCE = 64;

/** More rows than this have no place beside their distance in one number: see orderOf. */
const MOST_ROWS = 2 ** 21;

/**
 * The distance of every query to every row: float32[queries, dimension] and float32[rows, dimension] →
 * float32[queries, rows]. `cosine` is 1 − cosine, and 1 where a vector is all zeros; `minkowski` is that of p = 3; `dot`
 * is the product with its sign turned, so that here too the smallest is the nearest. Costs queries · rows · dimension.
 */
export function distances(
  queries: Float32Array,
  block: Float32Array,
  { dimension, metric }: { dimension: number; metric: Metric },
): Float32Array {
  const rows = dimension ? block.length / dimension : 0;
  const asking = dimension ? queries.length / dimension : 0;
  const found = new Float32Array(asking * rows);
  const between = BETWEEN[metric];
  const [left, right] =
    metric === 'cosine' ? [lengths(queries, dimension), lengths(block, dimension)] : [NONE, NONE];
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    const end = Math.min(rows, start + ROWS_AT_ONCE);
    for (let query = 0; query < asking; query++) {
      const own = queries.subarray(query * dimension, (query + 1) * dimension);
      for (let row = start; row < end; row++) {
        const value = between(own, block, row * dimension);
        const scale = metric === 'cosine' ? left[query]! * right[row]! : 1;
        found[query * rows + row] = metric === 'cosine' ? 1 - (scale > 0 ? value / scale : 0) : value;
      }
    }
  }
  return found;
}

/**
 * Rows from the nearest to the farthest, ties by the smaller index. A distance and its row are put into one number, whose
 * typed array sorts many times faster than indices with a comparison.
 * @param all float32[rows] without NaN, at most 2,097,152.
 * @throws RangeError of more rows.
 */
export function orderOf(all: Float32Array): Uint32Array {
  if (all.length > MOST_ROWS) throw new RangeError(`${all.length} rows cannot be put in order at once`);
  const plain = all.map((value) => value + 0); // −0 → 0, which would come behind it
  const bits = new Uint32Array(plain.buffer);
  const keys = new Float64Array(all.length);
  for (let row = 0; row < all.length; row++) {
    const pattern = bits[row]!;
    // Of negative floats the larger pattern is the smaller number.
    keys[row] = (pattern >>> 31 ? ~pattern >>> 0 : (pattern | 0x80000000) >>> 0) * MOST_ROWS + row;
  }
  keys.sort();
  return Uint32Array.from(keys, (key) => key % MOST_ROWS);
}

const NONE = new Float64Array(0);

type Between = (query: Float32Array, block: Float32Array, start: number) => number;

/** Of a query and the row of a block that begins at `start`. */
const BETWEEN: Record<Metric, Between> = {
  cosine: product,
  dot: (query, block, start) => -product(query, block, start),
  euclidean: (query, block, start) => Math.sqrt(squares(query, block, start)),
  sqeuclidean: squares,
  minkowski: (query, block, start) => Math.cbrt(cubes(query, block, start)),
};

function product(query: Float32Array, block: Float32Array, start: number): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += query[i]! * block[start + i]!;
  return sum;
}

function squares(query: Float32Array, block: Float32Array, start: number): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) {
    const difference = query[i]! - block[start + i]!;
    sum += difference * difference;
  }
  return sum;
}

function cubes(query: Float32Array, block: Float32Array, start: number): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) {
    const difference = Math.abs(query[i]! - block[start + i]!);
    sum += difference * difference * difference;
  }
  return sum;
}

function lengths(block: Float32Array, dimension: number): Float64Array {
  const rows = dimension ? block.length / dimension : 0;
  return Float64Array.from({ length: rows }, (_, row) => {
    const own = block.subarray(row * dimension, (row + 1) * dimension);
    return Math.sqrt(product(own, own, 0));
  });
}
