import { densityClusters } from '../arithmetic/density-clusters.js';
import { inTurns, type Turns, turnTaker } from '../turns.js';
import type { Cluster, Clusters, MapField, MapView } from '../types.js';
import { clusterNames, type NamingWord } from './cluster-names.js';
import type { LaidRows } from './map-sources.js';

export interface ClusterOptions extends Turns {
  /** What clusters can be named by; null where the encoder has no words. */
  words: readonly NamingWord[] | null;
  /** Of the picture that a row is or belongs to. */
  folderOf(id: string): string | undefined;
}

/** The field's name. */
const CLUSTER = 'cluster';
/** What points of no cluster are called. */
const SCATTERED = 'scattered';

/**
 * A cluster has LEAST · √n points at least, FEWEST or more: 5 of 120, 19 of 1,445, 158 of 100,000. Tried from .35 to .7 on
 * maps of demo pictures, their segments, drawings and 200 photographs, four to eight layouts of each: more finds large
 * groups a little better (adjusted Rand index of pictures .19 here, .22 at .6; of photographs .96 and .98), but leaves small
 * groups that lie apart scattered, where everybody sees them.
 */
const LEAST = 0.5;
const FEWEST = 4;
/** Of a cluster's least size: so many points around a point make it dense. */
const DENSE = 0.35;
const FEWEST_DENSE = 3;
/** A cluster of more than this share of all points says little. */
const MOST = 1 / 3;
/** Pictures that stand for a cluster. */
const EXAMPLES = 8;

/**
 * Which cluster each of the points of a map is of. They are looked for on the map, not among the vectors: there HDBSCAN* of
 * any setting leaves most rows scattered or finds two clusters (adjusted Rand index .07 at best of demo pictures, .04 of
 * drawings, whose maps give .19 and .25), and what a name stands over is what is seen.
 * @param points float32[n, 2]
 * @returns int32[n], 0 the largest cluster, −1 scattered.
 */
export function findClusters(points: Float32Array, turns: Turns = {}): Promise<Int32Array> {
  const count = points.length / 2;
  const least = Math.max(FEWEST, Math.round(LEAST * Math.sqrt(count)));
  const dense = Math.max(FEWEST_DENSE, Math.round(DENSE * least));
  return inTurns(densityClusters(points, { least, dense, most: MOST * count }), turnTaker(turns));
}

/** What a map can be coloured by: each point's cluster by its name; nothing where there are no clusters. */
export async function clusterFields(
  { rows, points }: LaidRows,
  options: ClusterOptions,
): Promise<MapField[]> {
  const clusters = await findClusters(points, options);
  if (clusters.every((cluster) => cluster < 0)) return [];
  const named = {
    vectors: rows.map(({ vector }) => vector),
    labels: rows.map(({ metadata: { label } }) => (typeof label === 'string' ? label : undefined)),
    folders: rows.map(({ id }) => options.folderOf(id)),
    clusters,
  };
  const names = await inTurns(clusterNames(named, options.words), turnTaker(options));
  const values = Array.from(clusters, (cluster) => names[cluster] ?? null);
  return [{ name: CLUSTER, kind: 'category', none: SCATTERED, values }];
}

/** The clusters of a map, the largest first, each with some pictures that stand for it. */
export function clustersOf({ points, fields }: MapView): Clusters {
  const values = fields?.find(({ name }) => name === CLUSTER)?.values ?? [];
  const members = new Map<string, number[]>();
  const scattered: string[] = [];
  for (const [index, { id, kind }] of points.entries()) {
    if (kind === 'query') continue;
    const name = values[index];
    if (typeof name !== 'string') scattered.push(id);
    else if (members.has(name)) members.get(name)!.push(index);
    else members.set(name, [index]);
  }
  const clusters = [...members]
    .map(([name, own]): Cluster => {
      const examples = examplesOf(own, points);
      return { name, ids: own.map((index) => points[index]!.id), examples };
    })
    .sort((a, b) => b.ids.length - a.ids.length || (a.name < b.name ? -1 : 1));
  return { clusters, scattered, ids: clusters.flatMap(({ examples }) => examples) };
}

/** From the middle of a cluster to its edge, evenly. */
function examplesOf(own: readonly number[], points: MapView['points']): string[] {
  const middle = { x: 0, y: 0 };
  for (const index of own) {
    middle.x += points[index]!.x / own.length;
    middle.y += points[index]!.y / own.length;
  }
  const far = (index: number): number => Math.hypot(points[index]!.x - middle.x, points[index]!.y - middle.y);
  const ordered = [...own].sort((a, b) => far(a) - far(b) || a - b);
  const many = Math.min(EXAMPLES, ordered.length);
  return Array.from(
    { length: many },
    (_, at) => points[ordered[Math.floor((at * ordered.length) / many)]!]!.id,
  );
}
