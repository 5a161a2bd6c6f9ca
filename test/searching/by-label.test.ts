import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalise } from '#lib/arithmetic/vectors.js';
import { pictureRow, segmentRow, segmentsDone } from '#lib/rows.js';
import type { Library } from '#lib/searching/library.js';
import { checkQuery } from '#lib/searching/query.js';
import { backgroundOf } from '#lib/searching/relevance.js';
import { search } from '#lib/searching/search.js';
import { openStore } from '#lib/stores/open-store.js';
import type { PictureFacts, Query, SearchResult, VectorStore } from '#lib/types.js';
import { wordlessEncoder } from './wordless.js';

/** Pictures of an encoder without words, and what a segmenter called their segments. */
const stored: { id: string; width: number; segments: { label: string; score: number; area?: number }[] }[] = [
  {
    id: 'a',
    width: 400,
    segments: [
      { label: 'cat', score: 0.9 },
      { label: 'dog', score: 0.4 },
    ],
  },
  {
    id: 'b',
    width: 6000,
    segments: [
      { label: 'cat', score: 0.7 },
      { label: 'cat', score: 0.3 },
    ],
  },
  { id: 'c', width: 6000, segments: [{ label: 'dog', score: 0.8 }] },
  { id: 'd', width: 400, segments: [{ label: 'cat', score: 0.95, area: 0.0001 }] },
  { id: 'e', width: 400, segments: [{ label: 'cat', score: 0.2 }] },
];

const encoder = wordlessEncoder(4);

let store: VectorStore;
let library: Library;

function factsOf(width: number): PictureFacts {
  return { width, height: 300, format: 'jpeg', bytes: 1000, orientation: 'landscape', photograph: true };
}

beforeAll(async () => {
  store = await openStore('memory:');
  const spec = { dimension: 4, facts: {} };
  const pictures = await store.open({ ...spec, name: 'label.pictures', fingerprint: 'p'.repeat(32) });
  const fingerprint = 's'.repeat(32);
  const segments = await store.open({ ...spec, name: 'label.segments', fingerprint });
  const vector = normalise(Float32Array.of(1, 2, 3, 4));
  await pictures.upsert(
    stored.map(({ id, width, segments: own }) => ({
      id,
      vector,
      metadata: {
        ...pictureRow(factsOf(width), [{ root: '/pictures', path: `${id}.jpg` }]),
        [segmentsDone(fingerprint)]: own.length,
      },
    })),
  );
  const bbox = { x: 1, y: 2, width: 3, height: 4 };
  await segments.upsert(
    stored.flatMap(({ id, width, segments: own }) =>
      own.map(({ label, score, area = 0.2 }, n) => ({
        id: `${id}:${n}`,
        vector,
        metadata: segmentRow({ segmentId: `${id}:${n}`, bbox, area, score, label }, factsOf(width)),
      })),
    ),
  );
  library = {
    encoder,
    pictures,
    segments,
    segmentsMarker: segmentsDone(fingerprint),
    labels: ['cat', 'dog', 'zebra'],
    minSegmentArea: 0.002,
    allowPrivateUrls: false,
    background: async () => backgroundOf([], 4),
    labelVectors: async () => [],
    locate: ({ root, path }) => `${root}/${path}`,
  };
});
afterAll(() => store.close());

const ask = (query: Query): Promise<SearchResult> => search(checkQuery(query), library);
const idsOf = async (query: Query): Promise<string[]> =>
  (await ask(query)).hits.map(({ imageId }) => imageId);

describe('words for an encoder that has none', () => {
  it('find what the segmenter calls so, the most certain first, and nothing too small to count', async () => {
    const { hits, note } = await ask({ text: 'a cat on a sofa' });
    expect(hits.map(({ imageId, relevance }) => [imageId, relevance])).toEqual([
      ['a', 0.9],
      ['b', 0.7],
      ['e', 0.2],
    ]);
    expect(hits[1]!.evidence.segments.map(({ segmentId }) => segmentId)).toEqual(['b:0', 'b:1']);
    expect(hits[0]!.paths).toEqual(['/pictures/a.jpg']);
    expect(note).toBe(
      'wordless understands pictures only: these are the segments that the segmenter calls so.',
    );
  });

  it.each<[string, NonNullable<Query['where']>, string[]]>([
    ['pictures', { size: { minWidth: 5000 } }, ['b']],
    ['fields of both kinds of rows', { field: 'width', from: 5000 }, ['b']],
    ['fields of segments', { field: 'certainty', from: 0.5 }, ['a', 'b']],
    ['fields of pictures', { field: 'added', to: 1 }, []],
    [
      'both in a tree',
      {
        and: [
          { field: 'width', to: 5000 },
          { field: 'certainty', from: 0.5 },
        ],
      },
      ['a'],
    ],
  ])('stay within a filter of %s', async (_, where, expected) => {
    expect(await idsOf({ text: 'cat', where })).toEqual(expected);
  });

  it('keep the line of a partial match, and say where it leaves nothing', async () => {
    expect(await idsOf({ text: 'cat', minRelevance: 0.5 })).toEqual(['a', 'b']);
    expect(await idsOf({ text: 'cat', minRelevance: { full: 1, partial: 0.8 } })).toEqual(['a']);
    const { hits, note } = await ask({ text: 'cat', minRelevance: 0.99 });
    expect(hits).toEqual([]);
    expect(note).toBe('The segmenter calls nothing so with a certainty of 0.99 or more.');
  });

  it('come in pages, and say where these end', async () => {
    expect(await idsOf({ text: 'cat', k: 1, offset: 1 })).toEqual(['b']);
    expect((await ask({ text: 'cat', offset: 1 })).hits[0]!.evidence.segments[0]!.rank).toBe(2);
    expect((await ask({ text: 'cat', offset: 3 })).note).toBe('There are no hits after the first 3.');
  });

  it('of other things explain what this model cannot do', async () => {
    for (const query of [
      { text: 'municipal bond' },
      { text: 'catalogue' },
      { text: 'cat', without: ['dog'] },
    ]) {
      const { hits, note } = await ask(query);
      expect(hits).toEqual([]);
      expect(note).toMatch(/^wordless understands pictures only: ask with an example picture/);
    }
  });

  it('say why a filter passes nothing', async () => {
    expect((await ask({ text: 'cat', where: { camera: 'Leica' } })).note).toContain('camera');
  });
});
