import { Pieces, type SpanningTree } from './spanning-tree.js';

/** How points come together, the nearest first: merge m makes node n + m of two nodes; below n are the points. */
export interface Linkage {
  count: number;
  left: Int32Array;
  right: Int32Array;
  distances: Float64Array;
  /** Points of each merge. */
  sizes: Int32Array;
}

/** Single linkage from a spanning tree's edges, shortest first, ties as they stand. */
export function linkage({ from, to, weights }: SpanningTree): Linkage {
  const merges = weights.length;
  const count = merges + 1;
  const order = Int32Array.from({ length: merges }, (_, edge) => edge).sort(
    (a, b) => weights[a]! - weights[b]! || a - b,
  );
  const made: Linkage = {
    count,
    left: new Int32Array(merges),
    right: new Int32Array(merges),
    distances: new Float64Array(merges),
    sizes: new Int32Array(merges),
  };
  const pieces = new Pieces(count);
  // The node that a piece has become.
  const nodes = Int32Array.from({ length: count }, (_, index) => index);
  for (let merge = 0; merge < merges; merge++) {
    const edge = order[merge]!;
    const left = nodes[pieces.of(from[edge]!)]!;
    const right = nodes[pieces.of(to[edge]!)]!;
    pieces.join(from[edge]!, to[edge]!);
    nodes[pieces.of(from[edge]!)] = count + merge;
    made.left[merge] = left;
    made.right[merge] = right;
    made.distances[merge] = weights[edge]!;
    made.sizes[merge] = sizeOf(made, left) + sizeOf(made, right);
  }
  return made;
}

function sizeOf({ count, sizes }: Linkage, node: number): number {
  return node < count ? 1 : sizes[node - count]!;
}

/** Clusters that came to be while a growing density broke the points apart; 0 is all of them, children follow parents. */
export interface CondensedTree {
  parents: Int32Array;
  /** Points of a cluster when it came to be. */
  sizes: Int32Array;
  /** Over its points: for how long each was of it, in 1 / distance. */
  stabilities: Float64Array;
  /** Of each point: the smallest cluster that it was of. */
  leftFrom: Int32Array;
}

/**
 * The tree of clusters of `least` points or more: pieces that are smaller fall away from their cluster (Campello et al.
 * 2015, section 3.4).
 * @param floor distances below are told as this.
 */
export function condensed(made: Linkage, least: number, floor: number): CondensedTree {
  const { count, left, right, distances } = made;
  const density = (merge: number): number => 1 / Math.max(distances[merge]!, floor, 1e-12);
  const parents = [0];
  const sizes = [count];
  const stabilities = [0];
  const births = [0];
  const leftFrom = new Int32Array(count);
  const open = count > 1 ? [{ node: 2 * count - 2, cluster: 0 }] : [];
  const falling: number[] = [];
  /** All points below a node leave a cluster. */
  const leave = (node: number, cluster: number, at: number): void => {
    stabilities[cluster]! += (at - births[cluster]!) * sizeOf(made, node);
    falling.push(node);
    while (falling.length) {
      const below = falling.pop()!;
      if (below < count) leftFrom[below] = cluster;
      else falling.push(left[below - count]!, right[below - count]!);
    }
  };
  while (open.length) {
    const { node, cluster } = open.pop()!;
    const at = density(node - count);
    const halves = [left[node - count]!, right[node - count]!];
    const large = halves.filter((half) => sizeOf(made, half) >= least);
    for (const half of halves) {
      if (!large.includes(half)) leave(half, cluster, at);
      else if (large.length === 1) open.push({ node: half, cluster });
      else {
        stabilities[cluster]! += (at - births[cluster]!) * sizeOf(made, half);
        parents.push(cluster);
        sizes.push(sizeOf(made, half));
        stabilities.push(0);
        births.push(at);
        open.push({ node: half, cluster: parents.length - 1 });
      }
    }
  }
  return {
    parents: Int32Array.from(parents),
    sizes: Int32Array.from(sizes),
    stabilities: Float64Array.from(stabilities),
    leftFrom,
  };
}
