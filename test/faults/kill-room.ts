/** Pictures that every attacked store is filled from, and what a store holds in the end, in a form that can be compared. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { LookbookConfig } from '#lib/index.js';
import { imageIdOf } from '#lib/rows.js';
import { openStore } from '#lib/stores/open-store.js';
import type { Metadata, VectorStore } from '#lib/types.js';
import { removeFolder } from '../stores/server-kit.js';

export const BATCH = 8;
/** Rows' fields that tell when, not what. */
const CLOCKS = ['added', 'placed'];
const MOST_APART = 1e-6;

/** Pictures, and as many stores of them as are asked for. */
export interface KillRoom {
  folder: string;
  pictures: number;
  /** A store of its own; all stores have the same lookbook's name and the same pictures. */
  place(): KillPlace;
  clear(): Promise<void>;
}

export interface KillPlace {
  folder: string;
  config: LookbookConfig;
}

/** @param pictures drawings, no two alike. */
export async function openKillRoom(pictures: number): Promise<KillRoom> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-kill-'));
  const images = join(folder, 'images');
  await mkdir(images);
  for (let n = 0; n < pictures; n++) await writeFile(join(images, `${n}.png`), await disc(n));
  let places = 0;
  return {
    folder,
    pictures,
    place() {
      const own = join(folder, `place-${places++}`);
      return {
        folder: own,
        config: {
          name: 'attacked',
          images,
          chroma: join(own, 'store'),
          masks: join(own, 'masks'),
          encoder: 'pictoclip',
          segmenter: 'pictoclip-segments',
          batchSize: BATCH,
        },
      };
    },
    clear: () => removeFolder(folder),
  };
}

function disc(n: number): Promise<Buffer> {
  const colour = `hsl(${(n * 137) % 360}, ${40 + (n % 5) * 12}%, ${30 + (n % 7) * 7}%)`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#fff"/><circle cx="${30 + (n % 37)}" cy="48" r="${18 + (n % 11)}" fill="${colour}"/></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** A copy of a store at rest, with its masks; its processes stay behind. */
export async function copyPlace(from: KillPlace, to: KillPlace): Promise<void> {
  await cp(join(from.folder, 'store', 'data'), join(to.folder, 'store', 'data'), { recursive: true });
  await cp(join(from.folder, 'masks'), join(to.folder, 'masks'), { recursive: true });
}

/** collection → row → what stands there. */
export interface State {
  rows: Map<string, Map<string, { vector: Float32Array; metadata: Metadata }>>;
  /** path → content. */
  masks: Map<string, string>;
}

export async function stateOf(place: KillPlace): Promise<State> {
  const rows: State['rows'] = new Map();
  await withStore(place, async (store) => {
    for (const summary of await store.list()) {
      const own = new Map<string, { vector: Float32Array; metadata: Metadata }>();
      for await (const page of (await store.open(summary)).pages({ vectors: true }))
        for (const { id, vector, metadata } of page)
          own.set(id, { vector: vector ?? new Float32Array(), metadata: timeless(metadata) });
      rows.set(summary.name, own);
    }
  });
  return { rows, masks: await masksOf(place) };
}

/** How two states differ, in words; nothing where they are equal. Vectors are equal to 1e-6 in each number. */
export function differences(expected: State, got: State): string[] {
  const wrong = namesApart('collection', expected.rows, got.rows);
  for (const [name, rows] of expected.rows) {
    const others = got.rows.get(name) ?? new Map();
    wrong.push(...namesApart(`row of ${name}`, rows, others));
    for (const [id, { vector, metadata }] of rows) {
      const other = others.get(id);
      if (!other) continue;
      const apart = vector.reduce((most, value, i) => Math.max(most, Math.abs(value - other.vector[i])), 0);
      if (!(apart <= MOST_APART) || other.vector.length !== vector.length)
        wrong.push(`the vector of ${id} is ${apart} off`);
      if (JSON.stringify(other.metadata) !== JSON.stringify(metadata))
        wrong.push(`metadata of ${id}: ${JSON.stringify(other.metadata)}, not ${JSON.stringify(metadata)}`);
    }
  }
  wrong.push(...namesApart('mask file', expected.masks, got.masks));
  for (const [file, text] of expected.masks)
    if (got.masks.has(file) && got.masks.get(file) !== text) wrong.push(`${file} holds other masks`);
  return wrong;
}

/** What stands in the middle of a run: pictures, and pictures that have segments or masks but no row. */
export async function standing(place: KillPlace): Promise<{ pictures: Set<string>; halves: Set<string> }> {
  const pictures = new Set<string>();
  const halves = new Set<string>();
  await withStore(place, async (store) => {
    for (const summary of await store.list())
      for await (const page of (await store.open(summary)).pages({ metadata: false }))
        for (const { id } of page)
          if (summary.facts.of === 'pictures') pictures.add(id);
          else halves.add(imageIdOf(id));
  });
  for (const file of (await masksOf(place)).keys()) halves.add(file.replace(/^.*\/|\.json$/g, ''));
  for (const id of pictures) halves.delete(id);
  return { pictures, halves };
}

export async function withStore<Result>(
  { config }: KillPlace,
  look: (store: VectorStore) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(config.chroma ?? '', { graceMs: 300 });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

async function masksOf({ config }: KillPlace): Promise<Map<string, string>> {
  const folder = config.masks ?? '';
  const files = await readdir(folder, { recursive: true }).catch(() => []); // none yet
  const found = files.filter((file) => file.endsWith('.json')).sort();
  return new Map(
    await Promise.all(found.map(async (file) => [file, await readFile(join(folder, file), 'utf8')] as const)),
  );
}

function timeless(metadata: Metadata): Metadata {
  const kept = Object.entries(metadata).filter(([field]) => !CLOCKS.includes(field));
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function namesApart(
  what: string,
  expected: ReadonlyMap<string, unknown>,
  got: ReadonlyMap<string, unknown>,
): string[] {
  const missing = [...expected.keys()].filter((name) => !got.has(name));
  const more = [...got.keys()].filter((name) => !expected.has(name));
  return [
    ...missing.map((name) => `${what} ${name} is missing`),
    ...more.map((name) => `${what} ${name} is one too many`),
  ];
}

/** Removes what a place holds, once nothing works there. */
export async function clearPlace({ folder }: KillPlace): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
}
