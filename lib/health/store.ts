import type { Settings } from '../config.js';
import { LookbookError, reasonOf } from '../errors.js';
import type { CollectionSummary, StoredRecord, VectorCollection, VectorStore } from '../types.js';
import { count, counted } from '../words.js';
import type { Check } from './check.js';

/** Rows of a collection that are tried. */
const SAMPLE = 50;

/** Whether the store answers, and whether what it holds is found again. */
export function storeChecks({ chroma, name }: Settings): Check[] {
  return [
    { name: 'Store', look: () => withStore(chroma, answers(chroma)) },
    { name: 'Collections', look: () => withStore(chroma, (store) => allFound(store, name)) },
  ];
}

async function withStore<Result>(
  chroma: string,
  look: (store: VectorStore) => Promise<Result>,
): Promise<Result> {
  const { openStore } = await import('../stores/open-store.js');
  const store = await openStore(chroma);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

function answers(chroma: string): (store: VectorStore) => Promise<string> {
  const started = performance.now();
  return async (store) => {
    const collections = await store.list();
    const after = Math.round(performance.now() - started);
    return `${chroma} answers after ${after} ms, ${counted(collections.length, 'collection')}`;
  };
}

/** One line a collection of this lookbook. @throws where rows that are stored are not found by their own vectors. */
async function allFound(store: VectorStore, lookbook: string): Promise<string[]> {
  const own = (await store.list()).filter(({ facts }) => facts.lookbook === lookbook);
  const lines: string[] = [];
  const broken: string[] = [];
  for (const summary of own) {
    const lost = await lostRows(await store.open(summary));
    if (lost) broken.push(`${summary.name}: ${lost}`);
    else lines.push(lineOf(summary));
  }
  if (!broken.length) return own.length ? lines : ['none of this lookbook yet'];
  throw new LookbookError('doctor', {
    what: 'a collection does not give back what it holds',
    got: broken.join('; '),
    expected: 'every row to be found by its own vector',
    mend: 'Run npm run doctor -- --rebuild, then the index again: what can be read is kept, only the rest is encoded anew.',
  });
}

function lineOf({ facts, count: rows, dimension, fingerprint }: CollectionSummary): string {
  const of = facts.segmenter ? `segments by ${facts.segmenter}` : String(facts.of ?? 'vectors');
  return `${count(rows)} ${of} as ${facts.encoder} sees them, ${dimension} numbers each, fingerprint ${fingerprint.slice(0, 12)}`;
}

/** What is lost of a sample, in words; undefined where all is well. */
async function lostRows(collection: VectorCollection): Promise<string | undefined> {
  try {
    return await lostOf(await sampleOf(collection), collection);
  } catch (error) {
    // The others are still to be looked at.
    return reasonOf(error);
  }
}

async function lostOf(
  sample: readonly StoredRecord[],
  collection: VectorCollection,
): Promise<string | undefined> {
  const lost: string[] = [];
  for (const { id, vector } of sample) {
    if (!vector || !isUnit(vector)) lost.push(id);
    // Equal pictures at other sizes have equal vectors: any row at the same place stands for this one.
    else if (((await collection.query(vector, 1, { metadata: false }))[0]?.score ?? 0) < 0.999) lost.push(id);
  }
  return lost.length
    ? `${lost.length} of ${sample.length} rows are not found, ${lost[0]} among them`
    : undefined;
}

/** Some rows, evenly of all. */
async function sampleOf(collection: VectorCollection): Promise<StoredRecord[]> {
  const ids: string[] = [];
  for await (const page of collection.pages({ metadata: false })) ids.push(...page.map(({ id }) => id));
  const step = Math.max(1, ids.length / SAMPLE);
  const some = Array.from({ length: Math.min(SAMPLE, ids.length) }, (_, at) => ids[Math.floor(at * step)]!);
  return collection.get(some, { vectors: true, metadata: false });
}

function isUnit(vector: Float32Array): boolean {
  const length = Math.hypot(...vector);
  return Math.abs(length - 1) < 1e-3;
}
