import { describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { normalise } from '#lib/arithmetic/vectors.js';
import { clusterNames, type NamedRows, type NamingWord } from '#lib/exploring/cluster-names.js';
import { clusterFields, clustersOf } from '#lib/exploring/clusters.js';
import type { LaidRows } from '#lib/exploring/map-view.js';
import { groupPoints } from '#lib/rendering/legend.js';
import type { MapView } from '#lib/types.js';

const AXES = 12;

function axis(at: number, more: readonly number[] = []): Float32Array {
  const vector = new Float32Array(AXES);
  vector[at] = 1;
  for (const [other, value] of more.entries()) vector[other]! += value;
  return normalise(vector);
}

const direction = seeded(9);
const words: NamingWord[] = [
  { word: 'animal', vector: axis(0), isKind: true },
  { word: 'fox', vector: axis(0, [0, 0.02]), isKind: false },
  { word: 'boat', vector: axis(1), isKind: false },
  { word: 'ship', vector: axis(1, [0.1]), isKind: false },
  { word: 'cake', vector: axis(2), isKind: false },
  ...Array.from({ length: 95 }, (_, n) => ({
    word: `other ${n}`,
    vector: axis(
      3 + (n % 9),
      Array.from({ length: AXES }, () => direction()),
    ),
    isKind: false,
  })),
];
/** A heap of many different things. */
const ANYTHING = -1;

/** Heaps of 20 on the map, each about its own axis among the vectors, and three points far from all. */
function laid(axes: readonly number[], label?: (heap: number) => string | undefined): LaidRows {
  const random = seeded(4);
  const rows = [
    ...axes.flatMap((at, heap) => Array.from({ length: 20 }, () => ({ at, heap }))),
    ...Array.from({ length: 3 }, () => ({ at: 4, heap: -1 })),
  ];
  return {
    rows: rows.map(({ at, heap }, n) => {
      const own = label?.(heap);
      return {
        id: `id${n}`,
        metadata: own === undefined ? {} : { label: own },
        vector: axis(
          at === ANYTHING ? 3 + (n % 9) : at,
          Array.from({ length: AXES }, () => 0.1 * random()),
        ),
      };
    }),
    points: Float32Array.from(
      rows.flatMap(({ heap }, n) =>
        heap < 0
          ? [0.2 * (n % 5), 0.95 - 0.1 * (n % 2)]
          : [0.15 + 0.3 * heap + 0.03 * random(), 0.3 + 0.03 * random()],
      ),
    ),
  };
}

const namesOn = async (rows: LaidRows, known: readonly NamingWord[] | null): Promise<Set<unknown>> => {
  const [field] = await clusterFields(rows, { words: known, folderOf: (id) => `folder of ${id}` });
  return new Set(field!.values);
};

/** Without words. */
function named(rows: NamedRows): string[] {
  const work = clusterNames(rows, null);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

describe('clusters of a map', () => {
  it('have the word that fits them best, a kind before a thing, and no two the same; the rest is scattered', async () => {
    expect(await namesOn(laid([0, 1, 1]), words)).toEqual(new Set(['animal', 'boat', 'ship', null]));
  });

  it('are called mixed where no word tells them from the others', async () => {
    expect(await namesOn(laid([0, ANYTHING, ANYTHING]), words)).toEqual(
      new Set(['animal', 'mixed', 'mixed 2', null]),
    );
  });

  it('have the label that most of them carry, before any word', async () => {
    const labelled = laid([0, 1, 2], (heap) => (heap === 2 ? 'pie' : undefined));
    expect(await namesOn(labelled, words)).toEqual(new Set(['animal', 'boat', 'pie', null]));
    const alike = laid([0, 1, 2], (heap) => (heap < 2 ? 'thing' : 'pie'));
    expect([...(await namesOn(alike, words))].filter((name) => name === 'thing')).toHaveLength(1);
  });

  it('have the folder of most of them where the encoder has no words, else a number', () => {
    const vectors = Array.from({ length: 9 }, () => axis(0));
    const clusters = Int32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2);
    const folders = ['sea', 'sea', 'park', 'a', 'b', 'c', 'sea', 'sea', undefined];
    const labels = folders.map(() => undefined);
    expect(named({ vectors, labels, folders, clusters })).toEqual(['sea', 'cluster 2', 'sea 2']);
  });

  it('are told from a map again, the largest first, with examples of each and what is scattered', async () => {
    const { rows, points } = laid([0, 1, 2]);
    const fields = await clusterFields({ rows, points }, { words, folderOf: () => undefined });
    const view: MapView = {
      title: 'm',
      fields,
      points: [
        ...rows.map(({ id }, at) => ({
          id,
          x: points[2 * at]!,
          y: points[2 * at + 1]!,
          title: id,
          kind: 'plain' as const,
        })),
        { id: 'query', x: 0.5, y: 0.5, title: 'q', kind: 'query' },
      ],
    };
    const found = clustersOf(view);
    expect(found.clusters.map(({ name }) => name).sort()).toEqual(['animal', 'boat', 'cake']);
    expect([...found.clusters.flatMap(({ ids }) => ids), ...found.scattered].sort()).toEqual(
      rows.map(({ id }) => id).sort(),
    );
    expect(found.scattered).toEqual(['id60', 'id61', 'id62']);
    for (const { ids, examples } of found.clusters) {
      expect(new Set(examples).size).toBe(8);
      expect(ids).toEqual(expect.arrayContaining(examples));
    }
    expect(found.ids).toEqual(found.clusters.flatMap(({ examples }) => examples));
    expect(groupPoints(view.points, fields[0]!).entries.at(-1)).toMatchObject({
      label: 'scattered',
      count: 3,
    });
    expect(clustersOf({ title: 'none', points: view.points })).toMatchObject({ clusters: [], ids: [] });
  });

  it('are none on a map of too few points, which then has no such colouring', async () => {
    const few = laid([0]);
    const options = { words, folderOf: () => undefined };
    expect(
      await clusterFields({ rows: few.rows.slice(0, 6), points: few.points.slice(0, 12) }, options),
    ).toEqual([]);
    expect(await clusterFields({ rows: [], points: new Float32Array(0) }, options)).toEqual([]);
  });
});
