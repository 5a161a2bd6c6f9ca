/**
 * What does a filter cost over 10,000 pictures and 60,000 segments, and does it lose neighbours? For each kind of filter and
 * share of pictures: the way that the search takes, recall against the exact store; beside it the store's own filter,
 * and the three ways from allowed pictures to neighbours, which the thresholds of nearest.ts come from.
 */
import { defineConfig } from '../../config.js';
import { openLookbook } from '../../lookbook.js';
import { imageIdOf, placesOf, placesRow } from '../../rows.js';
import { type FilterLibrary, type FilterPlan, planFilter } from '../../searching/filters.js';
import { type Near, nearestPictures, nearestSegments } from '../../searching/nearest.js';
import { openStore } from '../../stores/open-store.js';
import type { Filter, VectorCollection, Where } from '../../types.js';
import { closeWorkshop, openWorkshop } from '../../workshop.js';
import type { Figures, Measure } from '../figures.js';
import { openWorkplace, writePictures } from '../many-pictures.js';
import { type Copy, type Crowd, fillUp } from '../many-rows.js';

const PICTURES = 10_000;
const REAL = 120;
/** As the search asks for ten hits. */
const K = 100;
const SHARES = [1, 10, 50] as const;
const WORDS = ['red car', 'a dog', 'pizza', 'umbrella', 'castle', 'fox', 'guitar'];
const ROOT = '/pictures';
const FIRST_DAY = Date.UTC(2020, 0, 1);
const DAY_MS = 86_400_000;

type Share = (typeof SHARES)[number];

/** Folder, name, camera and label begin alike for each share, so that a part of them passes it. */
const STEMS: Record<Share, string> = { 1: 'qqq', 10: 'qq', 50: 'q' };

/** A copy of which `u` of 100 pictures come before it, in every fact alike. */
function copyOf(n: number): Copy {
  const u = (n * 61.803398875) % 100;
  const stem = u < 1 ? 'qqq' : u < 10 ? 'qqr' : u < 50 ? 'qrr' : 'rrr';
  const place = { root: ROOT, path: `${[...stem].join('/')}/${stem}-${n}.jpg` };
  const segments = u < 1 ? 9 : u < 10 ? 8 : u < 50 ? 7 : 5;
  return {
    segments,
    picture: {
      ...placesRow([place]),
      width: Math.round(10_000 - 100 * u),
      taken: FIRST_DAY + Math.round(u * DAY_MS),
      added: FIRST_DAY - Math.round(u * DAY_MS),
      camera: stem,
      latitude: u / 2,
      longitude: 10,
    },
    segment: (part) => (part === 0 ? { label: stem } : {}),
  };
}

function filtersOf(share: Share): Record<string, Filter> {
  const stem = STEMS[share];
  return {
    folder: { folder: [...stem].join('/') },
    name: { name: `${stem}*` },
    camera: { camera: stem },
    taken: { taken: { to: new Date(FIRST_DAY + share * DAY_MS) } },
    size: { size: { minWidth: 10_000 - 100 * share } },
    near: { near: { latitude: 0, longitude: 10, km: (share / 2) * 111.195 } },
    added: { addedSince: new Date(FIRST_DAY - share * DAY_MS) },
    segments: { segments: { from: share === 1 ? 9 : share === 10 ? 8 : 7 } },
    label: { label: ['qqq', 'qqr', 'qrr'].filter((label) => label.startsWith(stem)) },
  };
}

/** The same for the store itself, where it has the words. */
function treesOf(share: Share): Record<string, Where> {
  return {
    taken: { field: 'taken', to: FIRST_DAY + share * DAY_MS },
    size: { field: 'width', from: 10_000 - 100 * share },
  };
}

export const measure: Measure = async (say) => {
  const place = await openWorkplace();
  try {
    await writePictures(place.pictures, 0, REAL);
    const config = { name: 'filters', images: place.pictures, chroma: place.chroma, masks: place.masks };
    const book = await openLookbook(config);
    await book.index();
    await book.close();
    const workshop = await openWorkshop(defineConfig(config));
    const { pictures, encoder } = workshop;
    const crowd: Crowd = { pictures, segments: workshop.segments! };
    await fillUp(crowd, PICTURES, copyOf);
    const exact = await copied(crowd);
    say(`${await pictures.count()} pictures, ${await crowd.segments.count()} segments, k = ${K}`);
    const questions = await encoder.embedTexts!(WORDS);
    const figures = { ...(await kinds(crowd, exact, questions)), ...(await ways(crowd, exact, questions)) };
    await closeWorkshop(workshop);
    return figures;
  } finally {
    await place.remove();
  }
};

/** The same rows in the exact store, in memory. */
async function copied(crowd: Crowd): Promise<Crowd> {
  const store = await openStore('memory:');
  const copy = async (from: VectorCollection): Promise<VectorCollection> => {
    const { name, dimension, fingerprint } = from;
    const to = await store.open({ name, dimension, fingerprint });
    for await (const page of from.pages({ vectors: true, size: 1000 }))
      await to.upsert(page.flatMap((row) => (row.vector ? [{ ...row, vector: row.vector }] : [])));
    return to;
  };
  return { pictures: await copy(crowd.pictures), segments: await copy(crowd.segments) };
}

async function kinds(crowd: Crowd, exact: Crowd, questions: readonly Float32Array[]): Promise<Figures> {
  const all = await allowedBy(crowd, '');
  const plain = await ask(questions, (vector) => nearestOf(crowd, vector, {}));
  const figures: Figures = {
    'filter.none_ms': plain.ms,
    'filter.none_recall': recallOf(plain.near, await truthOf(exact, questions, all)),
  };
  const library: FilterLibrary = { ...crowd, locate: ({ root, path }) => `${root}/${path}` };
  const start = performance.now();
  await planFilter({ photograph: true }, library);
  figures['filter.table_s'] = (performance.now() - start) / 1000;
  for (const share of SHARES) {
    for (const [kind, filter] of Object.entries(filtersOf(share))) {
      const asked = await ask(questions, async (vector) =>
        nearestOf(crowd, vector, await planFilter(filter, library)),
      );
      const { allowed } = await planFilter(filter, library);
      const truth = await truthOf(exact, questions, allowed ?? new Map());
      figures[`filter.${kind}.${share}_ms`] = asked.ms;
      figures[`filter.${kind}.${share}_recall`] = recallOf(asked.near, truth);
      const tree = treesOf(share)[kind];
      if (!tree) continue;
      const pushed = await ask(questions, (vector) =>
        nearestOf(crowd, vector, { pictures: tree, segments: tree }),
      );
      figures[`filter.${kind}.pushed.${share}_ms`] = pushed.ms;
      figures[`filter.${kind}.pushed.${share}_recall`] = recallOf(pushed.near, truth);
    }
  }
  return figures;
}

/** The three ways to the nearest segments of allowed pictures, each by itself. */
async function ways(crowd: Crowd, exact: Crowd, questions: readonly Float32Array[]): Promise<Figures> {
  const figures: Figures = {};
  const { segments } = crowd;
  const stored = await segments.count();
  for (const share of SHARES) {
    const allowed = await allowedBy(crowd, STEMS[share]);
    const ids = [...allowed].flatMap(([id, count]) => Array.from({ length: count }, (_, n) => `${id}:${n}`));
    const truth = (await truthOf(exact, questions, allowed)).map(({ parts }) => parts);
    const wide = async (vector: Float32Array, times: number): Promise<Near[]> => {
      const k = Math.min(stored, Math.ceil((times * K * stored) / ids.length));
      const found = await segments.query(vector, k, { metadata: false });
      return found.filter(({ id }) => allowed.has(imageIdOf(id))).slice(0, K);
    };
    const listed = async (vector: Float32Array, times: number): Promise<Near[]> =>
      (await segments.query(vector, times * K, { metadata: false, ids })).slice(0, K);
    const tried: Record<string, (vector: Float32Array) => Promise<Near[]>> = {
      wide1: (vector) => wide(vector, 1),
      wide4: (vector) => wide(vector, 4),
      listed1: (vector) => listed(vector, 1),
      listed4: (vector) => listed(vector, 4),
      // More than a few thousand vectors are no way at all.
      ...(ids.length <= 10_000
        ? { read: async () => segments.get(ids, { vectors: true, metadata: false }).then(() => []) }
        : {}),
    };
    for (const [way, find] of Object.entries(tried)) {
      const asked = await ask(questions, async (vector) => ({ wholes: [], parts: await find(vector) }));
      figures[`filter.way.${way}.${share}_ms`] = asked.ms;
      if (way === 'read') continue;
      const recall = recallOf(
        asked.near.map(({ parts }) => ({ wholes: [], parts })),
        truth.map((parts) => ({ wholes: [], parts })),
      );
      figures[`filter.way.${way}.${share}_recall`] = recall;
    }
  }
  return figures;
}

/** The pictures of a share, or all, and how many segments each has. */
async function allowedBy({ pictures, segments }: Crowd, stem: string): Promise<Map<string, number>> {
  const allowed = new Map<string, number>();
  const marker = `segments.${segments.fingerprint}`;
  for await (const page of pictures.pages({ size: 1000 }))
    for (const { id, metadata } of page)
      if (!stem || placesOf(metadata).some(({ root, path }) => root === ROOT && path.includes(`/${stem}`)))
        allowed.set(id, Number(metadata[marker]));
  return allowed;
}

interface Found {
  wholes: readonly Near[];
  parts: readonly Near[];
}

async function nearestOf(
  { pictures, segments }: Crowd,
  vector: Float32Array,
  plan: FilterPlan,
): Promise<Found> {
  const [wholes, parts] = await Promise.all([
    nearestPictures(vector, K, { from: pictures, plan }),
    nearestSegments(vector, K, { from: segments, plan }),
  ]);
  return { wholes, parts };
}

/** Everything that passes is asked for by name, and compared with every one of it. */
async function truthOf(
  { pictures, segments }: Crowd,
  questions: readonly Float32Array[],
  allowed: ReadonlyMap<string, number>,
): Promise<Found[]> {
  const parts = [...allowed].flatMap(([id, count]) => Array.from({ length: count }, (_, n) => `${id}:${n}`));
  return Promise.all(
    questions.map(async (vector) => ({
      wholes: await pictures.query(vector, K, { ids: [...allowed.keys()], metadata: false }),
      parts: await segments.query(vector, K, { ids: parts, metadata: false }),
    })),
  );
}

async function ask(
  questions: readonly Float32Array[],
  find: (vector: Float32Array) => Promise<Found>,
): Promise<{ ms: number; near: Found[] }> {
  await find(questions[0]!);
  const times: number[] = [];
  const near: Found[] = [];
  for (const vector of questions) {
    const start = performance.now();
    near.push(await find(vector));
    times.push(performance.now() - start);
  }
  return { ms: times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!, near };
}

/** The share of the true neighbours that were found, of both kinds together. */
function recallOf(near: readonly Found[], truth: readonly Found[]): number {
  let found = 0;
  let wanted = 0;
  for (const [index, { wholes, parts }] of truth.entries()) {
    const have = new Set([...near[index]!.wholes, ...near[index]!.parts].map(({ id }) => id));
    found += [...wholes, ...parts].filter(({ id }) => have.has(id)).length;
    wanted += wholes.length + parts.length;
  }
  return wanted ? found / wanted : 1;
}
