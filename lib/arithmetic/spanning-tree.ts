import { around, type PlaneTree } from './plane-tree.js';

/** The n − 1 edges that join all points most cheaply, in no order. */
export interface SpanningTree {
  from: Int32Array;
  to: Int32Array;
  /** Mutual reachability, see below. */
  weights: Float64Array;
}

/** Points that are looked at before others may have their turn. */
const POINTS_A_STEP = 512;

/**
 * The minimum spanning tree by mutual reachability: the distance of two points or the core distance of either, whichever
 * is greatest. Borůvka's algorithm over a k-d tree (March, Ram and Gray 2010, one tree): in each round every piece
 * takes its cheapest edge to another. Pauses with the share done, as far as that can be told.
 * @param cores float64[n] core distances.
 */
export function* spanningTree(tree: PlaneTree, cores: Float64Array): Generator<number, SpanningTree> {
  const { count, order } = tree;
  const edges = Math.max(0, count - 1);
  const spanning: SpanningTree = {
    from: new Int32Array(edges),
    to: new Int32Array(edges),
    weights: new Float64Array(edges),
  };
  const pieces = new Pieces(count);
  const squaredCores = cores.map((core) => core * core);
  const leastCores = leastOf(tree, squaredCores);
  const piece = new Int32Array(count);
  for (let done = 0; done < edges; ) {
    for (let index = 0; index < count; index++) piece[index] = pieces.of(index);
    const whole = pieceOfNodes(tree, piece);
    const best = {
      cost: new Float64Array(count).fill(Number.MAX_VALUE),
      from: new Int32Array(count),
      to: new Int32Array(count).fill(-1),
    };
    let own = 0;
    let at = 0;
    const wanted = {
      least: (node: number, squared: number): number =>
        whole[node] === own ? Number.POSITIVE_INFINITY : Math.max(squared, leastCores[node]!),
      cost: (index: number, squared: number): number =>
        piece[index] === own
          ? Number.POSITIVE_INFINITY
          : Math.max(squared, squaredCores[index]!, squaredCores[at]!),
      take(index: number, cost: number): number {
        if (cost < best.cost[own]!) {
          best.cost[own] = cost;
          best.from[own] = at;
          best.to[own] = index;
        }
        return best.cost[own]!;
      },
    };
    for (let place = 0; place < count; place++) {
      at = order[place]!;
      own = piece[at]!;
      // Nothing that this point can offer is cheaper than what its piece has.
      if (squaredCores[at]! < best.cost[own]!) around(tree, at, wanted, best.cost[own]!);
      if (place % POINTS_A_STEP === 0)
        yield (done + ((edges - done) * place) / count / 2) / Math.max(1, edges);
    }
    for (let index = 0; index < count; index++) {
      if (best.to[index]! < 0 || !pieces.join(best.from[index]!, best.to[index]!)) continue;
      spanning.from[done] = best.from[index]!;
      spanning.to[done] = best.to[index]!;
      spanning.weights[done++] = Math.sqrt(best.cost[index]!);
    }
  }
  return spanning;
}

/** The least of a number that points have, of each node. */
function leastOf({ child, from, to, order }: PlaneTree, values: Float64Array): Float64Array {
  const least = new Float64Array(child.length).fill(Number.POSITIVE_INFINITY);
  for (let node = child.length - 1; node >= 0; node--) {
    const left = child[node]!;
    if (left >= 0) least[node] = Math.min(least[left]!, least[left + 1]!);
    else
      for (let at = from[node]!; at < to[node]!; at++)
        least[node] = Math.min(least[node]!, values[order[at]!]!);
  }
  return least;
}

/** The piece that all points of a node belong to, −1 where they are of several. */
function pieceOfNodes({ child, from, to, order }: PlaneTree, piece: Int32Array): Int32Array {
  const whole = new Int32Array(child.length);
  for (let node = child.length - 1; node >= 0; node--) {
    const left = child[node]!;
    if (left >= 0) {
      whole[node] = whole[left] === whole[left + 1] ? whole[left]! : -1;
      continue;
    }
    whole[node] = piece[order[from[node]!]!]!;
    for (let at = from[node]!; at < to[node]!; at++) if (piece[order[at]!] !== whole[node]) whole[node] = -1;
  }
  return whole;
}

/** Sets that only grow together (union by size, paths halved). */
export class Pieces {
  readonly #above: Int32Array;
  readonly #sizes: Int32Array;

  constructor(count: number) {
    this.#above = Int32Array.from({ length: count }, (_, index) => index);
    this.#sizes = new Int32Array(count).fill(1);
  }

  /** A number that all of one piece share. */
  of(index: number): number {
    const above = this.#above;
    let at = index;
    while (above[at] !== at) {
      above[at] = above[above[at]!]!;
      at = above[at]!;
    }
    return at;
  }

  /** @returns whether they were two. */
  join(a: number, b: number): boolean {
    const [one, other] = [this.of(a), this.of(b)];
    if (one === other) return false;
    const [small, large] = this.#sizes[one]! < this.#sizes[other]! ? [one, other] : [other, one];
    this.#above[small] = large;
    this.#sizes[large]! += this.#sizes[small]!;
    return true;
  }
}
