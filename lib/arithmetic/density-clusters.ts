import { type CondensedTree, condensed, linkage } from './density-tree.js';
import { around, nearestSquared, type PlaneTree, planeTree } from './plane-tree.js';
import { spanningTree } from './spanning-tree.js';

export interface DensityOptions {
  /** A cluster has so many points at least, 2 or more. */
  least: number;
  /** So many points around a point, itself among them, make it dense. */
  dense: number;
  /** A cluster of more points than this is told apart as soon as it can be. */
  most: number;
}

/** Which neighbour's distance says how far apart points usually lie. */
const USUAL_NEIGHBOUR = 5;
/** Scattered points this many times as far from a cluster's nearest point as points usually lie join it: see below. */
const JOIN_WITHIN = 4;
/** Points that lie nearer than this share of the usual distance are not told apart: copies would outweigh all else. */
const EQUAL_WITHIN = 0.05;
/** Points that are looked at before others may have their turn. */
const POINTS_A_STEP = 512;

/**
 * Clusters of points in a plane by density: HDBSCAN* (Campello, Moulavi, Zimek and Sander 2015), clusters chosen by
 * excess of mass. Two things are ours. A cluster of more than `most` points gives way to its parts. And scattered
 * points that lie near a cluster join it: of 120 to 4,312 pictures and drawings 20 to 50 of 100 were scattered
 * without, none to 20 with, and true groups were found better (adjusted Rand index .16 to .20, .27 to .32, .20 to .27).
 * Deterministic; 100,000 points take seconds. Pauses with the share done.
 * @returns int32[n]: the cluster of each point, 0 the largest; −1 scattered.
 */
export function* densityClusters(
  points: Float32Array,
  options: DensityOptions,
): Generator<number, Int32Array> {
  const tree = planeTree(points);
  const { count } = tree;
  if (count < 2 * options.least) return new Int32Array(count).fill(-1);
  const k = Math.max(options.dense - 1, USUAL_NEIGHBOUR);
  const cores = new Float64Array(count);
  const near = new Float64Array(count);
  for (let place = 0; place < count; place++) {
    const index = tree.order[place]!;
    const squared = nearestSquared(tree, index, k);
    cores[index] = Math.sqrt(squared[Math.min(options.dense - 1, squared.length) - 1] ?? 0);
    near[index] = Math.sqrt(squared[Math.min(USUAL_NEIGHBOUR, squared.length) - 1] ?? 0);
    if (place % POINTS_A_STEP === 0) yield (0.4 * place) / count;
  }
  const usual = near.slice().sort()[count >> 1]!;
  const merged = linkage(yield* shifted(spanningTree(tree, cores), 0.4, 0.95));
  const clusters = chosen(condensed(merged, options.least, EQUAL_WITHIN * usual), options);
  joinNear(tree, clusters, JOIN_WITHIN * usual);
  return bySize(clusters);
}

/** Work that tells its own shares, as a part of other work. */
function* shifted<Result>(
  work: Generator<number, Result>,
  from: number,
  to: number,
): Generator<number, Result> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield from + (to - from) * step.value;
  }
}

/** The clusters whose stabilities add up to most, none within another: the cluster of each point, −1 for none. */
function chosen(
  { parents, sizes, stabilities, leftFrom }: CondensedTree,
  { most }: DensityOptions,
): Int32Array {
  const count = parents.length;
  const best = stabilities.slice();
  const below = new Float64Array(count);
  const isSplit = new Uint8Array(count);
  const isChosen = new Uint8Array(count);
  // Children come after their parents.
  for (let cluster = count - 1; cluster > 0; cluster--) {
    const tooLarge = sizes[cluster]! > most && isSplit[cluster] === 1;
    isChosen[cluster] = Number(!tooLarge && best[cluster]! >= below[cluster]!);
    if (!isChosen[cluster]) best[cluster] = below[cluster]!;
    below[parents[cluster]!]! += best[cluster]!;
    isSplit[parents[cluster]!] = 1;
  }
  const owner = new Int32Array(count).fill(-1);
  for (let cluster = 1; cluster < count; cluster++) {
    const above = owner[parents[cluster]!]!;
    owner[cluster] = above >= 0 ? above : isChosen[cluster] ? cluster : -1;
  }
  return leftFrom.map((cluster) => owner[cluster]!);
}

/** Scattered points join the cluster of the nearest point that is in one, if it is near enough. Changes `clusters`. */
function joinNear(tree: PlaneTree, clusters: Int32Array, within: number): void {
  const found = clusters.slice();
  for (let index = 0; index < clusters.length; index++) {
    if (found[index]! >= 0) continue;
    let [nearest, least] = [-1, Number.POSITIVE_INFINITY];
    const wanted = {
      least: (_: number, squared: number): number => squared,
      cost: (other: number, squared: number): number =>
        found[other]! < 0 ? Number.POSITIVE_INFINITY : squared,
      take(other: number, squared: number): number {
        if (squared < least || (squared === least && other < nearest)) [nearest, least] = [other, squared];
        return least;
      },
    };
    around(tree, index, wanted, within * within);
    if (nearest >= 0) clusters[index] = found[nearest]!;
  }
}

/** Numbered anew, the largest first, ties by their first point. */
function bySize(clusters: Int32Array): Int32Array {
  const sizes = new Map<number, number>();
  for (const cluster of clusters) if (cluster >= 0) sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  const ordered = [...sizes].sort(([, a], [, b]) => b - a).map(([cluster]) => cluster);
  const numbers = new Map(ordered.map((cluster, number) => [cluster, number]));
  return clusters.map((cluster) => numbers.get(cluster) ?? -1);
}
