import { describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { normalise } from '#lib/arithmetic/vectors.js';
import type { Asked } from '#lib/searching/asking.js';
import { namedLabels } from '#lib/searching/labels.js';
import type { Library } from '#lib/searching/library.js';
import { backgroundOf } from '#lib/searching/relevance.js';
import { openStore } from '#lib/stores/open-store.js';
import { wordlessEncoder } from './wordless.js';

const DIMENSION = 32;
const random = seeded(7);
const direction = (): Float32Array =>
  normalise(Float32Array.from({ length: DIMENSION }, () => random() - 0.5));
/** As far from a direction as `share` of another one. */
const near = (to: Float32Array, share: number): Float32Array => {
  const other = direction();
  return normalise(to.map((value, n) => value + share * other[n]!));
};

const words = Array.from({ length: 1000 }, direction);
const LABELS = ['cat', 'screen door, screen', 'traffic light', 'dog'] as const;
const vectors = LABELS.map(direction);

async function libraryOf(labels: readonly string[], hasWords = true): Promise<Library> {
  const store = await openStore('memory:');
  return {
    encoder: wordlessEncoder(DIMENSION),
    pictures: await store.open({ name: 'labels', dimension: DIMENSION, fingerprint: 'p'.repeat(32) }),
    segments: null,
    segmentsMarker: null,
    labels,
    minSegmentArea: 0,
    allowPrivateUrls: false,
    background: async () => backgroundOf(words, DIMENSION),
    labelVectors: async () => (hasWords ? vectors.slice(0, labels.length) : []),
    locate: ({ path }) => path,
  };
}

const asked = (vector: Float32Array): Asked => ({ vector, kind: 'words', isWhole: false });

describe('labels that words name', () => {
  it('are spelt in them, as words of their own', async () => {
    const library = await libraryOf(LABELS);
    const named = async (text: string): Promise<[string, number][]> => [
      ...(await namedLabels(text, undefined, library)),
    ];
    expect(await named('a Cat, on a sofa')).toEqual([['cat', 1]]);
    expect(await named('the screen of a phone')).toEqual([['screen door, screen', 1]]);
    expect(await named('a traffic-light and a dog')).toEqual([
      ['traffic light', 1],
      ['dog', 1],
    ]);
    expect(await named('a catalogue of traffic')).toEqual([]);
  });

  it('are meant where the encoder finds them alike, as no ordinary word is', async () => {
    const library = await libraryOf(LABELS);
    const feline = await namedLabels('feline', asked(near(vectors[0]!, 0.4)), library);
    expect([...feline.keys()]).toEqual(['cat']);
    expect(feline.get('cat')).toBeGreaterThan(0.5);
    expect(feline.get('cat')).toBeLessThanOrEqual(1);
    expect(await namedLabels('bond yield', asked(direction()), library)).toEqual(new Map());
  });

  it('are meant too where a label is itself one of the ordinary words', async () => {
    const library = await libraryOf(LABELS);
    const background = backgroundOf([...words.slice(1), vectors[0]!], DIMENSION);
    const within: Library = { ...library, background: async () => background };
    const question = asked(near(vectors[0]!, 0.4));
    expect(await namedLabels('feline', question, within)).toEqual(
      await namedLabels('feline', question, {
        ...library,
        background: async () => backgroundOf(words.slice(1), DIMENSION),
      }),
    );
  });

  it('are spelt alone where the encoder has no words, and none without labels or words', async () => {
    const wordless = await libraryOf(LABELS, false);
    const question = asked(near(vectors[0]!, 0.4));
    expect(await namedLabels('feline', question, wordless)).toEqual(new Map());
    expect(await namedLabels('a cat', question, wordless)).toEqual(new Map([['cat', 1]]));
    expect(await namedLabels('a cat', question, await libraryOf([]))).toEqual(new Map());
    expect(await namedLabels(undefined, question, await libraryOf(LABELS))).toEqual(new Map());
  });
});
