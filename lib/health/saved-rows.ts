import { fingerprintOfMarker, imageIdOf, placesOf, segmentsUndone } from '../rows.js';
import type {
  CollectionSummary,
  HnswSettings,
  NewRecord,
  Rebuilt,
  StoredRecord,
  VectorCollection,
  VectorStore,
} from '../types.js';

/** Where rows are read from: what is damaged, or a part of it. */
export interface RowSource {
  collections: readonly CollectionSummary[];
  /** A row whose vector is lost comes without it. */
  rows(collection: CollectionSummary): AsyncIterable<StoredRecord[]>;
}

type Saved = Omit<Rebuilt, 'aside' | 'unreadable'>;
type Counts = Saved['collections'][number];

/** What the saved pictures say of themselves: fingerprint of segments → picture → how many it has. */
type Markers = Map<string, Map<string, number>>;

/**
 * Copies what is whole: pictures with vector and places, then the segments of those pictures. A picture of which a
 * segment is missing forgets that its segments were done, so that the next run makes them again.
 */
export async function savedRows(from: RowSource, to: VectorStore, hnsw: HnswSettings): Promise<Saved> {
  const saved: Saved = { collections: [], lost: 0, unfinished: 0 };
  for (const summary of from.collections.filter(({ facts }) => facts.of === 'pictures')) {
    const pictures = await to.open({ ...summary, hnsw });
    const { counts, ids, markers } = await savePictures(summary, from, pictures);
    saved.collections.push(counts);
    saved.lost += counts.told - counts.read;
    for (const segments of from.collections.filter(
      ({ facts }) => facts.of === 'segments' && facts.pictures === summary.fingerprint,
    )) {
      const rows = await to.open({ ...segments, hnsw });
      const { counts, found } = await saveSegments(segments, { from, rows, ids });
      saved.collections.push(counts);
      const marked = markers.get(segments.fingerprint);
      for (const [id, count] of marked ?? []) if (count === (found.get(id) ?? 0)) marked?.delete(id);
    }
    saved.unfinished += await forget(markers, pictures);
  }
  return saved;
}

async function savePictures(
  summary: CollectionSummary,
  from: RowSource,
  to: VectorCollection,
): Promise<{ counts: Counts; ids: Set<string>; markers: Markers }> {
  const ids = new Set<string>();
  const markers: Markers = new Map();
  const told = await copyWhole(from.rows(summary), to, ({ id, metadata }) => {
    if (placesOf(metadata).length === 0) return false;
    ids.add(id);
    for (const [field, count] of Object.entries(metadata)) {
      const fingerprint = fingerprintOfMarker(field);
      if (fingerprint === null || typeof count !== 'number') continue;
      const marked = markers.get(fingerprint) ?? new Map<string, number>();
      markers.set(fingerprint, marked.set(id, count));
    }
    return true;
  });
  return { counts: { name: summary.name, of: 'pictures', told, read: ids.size }, ids, markers };
}

async function saveSegments(
  summary: CollectionSummary,
  { from, rows, ids }: { from: RowSource; rows: VectorCollection; ids: ReadonlySet<string> },
): Promise<{ counts: Counts; found: Map<string, number> }> {
  const found = new Map<string, number>();
  let read = 0;
  const told = await copyWhole(from.rows(summary), rows, ({ id, metadata }) => {
    const picture = imageIdOf(id);
    if (!ids.has(picture) || typeof metadata.area !== 'number') return false;
    found.set(picture, (found.get(picture) ?? 0) + 1);
    read++;
    return true;
  });
  return { counts: { name: summary.name, of: 'segments', told, read }, found };
}

/** @returns how many rows were told, whole or not. */
async function copyWhole(
  pages: AsyncIterable<StoredRecord[]>,
  to: VectorCollection,
  isWhole: (row: NewRecord) => boolean,
): Promise<number> {
  let told = 0;
  for await (const page of pages) {
    told += page.length;
    const whole = page.flatMap(({ id, metadata, vector }) => (vector ? [{ id, metadata, vector }] : []));
    const rows = whole.filter(isWhole);
    if (rows.length) await to.upsert(rows);
  }
  return told;
}

/** @returns how many pictures forget that some of their segments were done. */
async function forget(markers: Markers, pictures: VectorCollection): Promise<number> {
  const unfinished = new Set<string>();
  for (const [fingerprint, marked] of markers) {
    const ids = [...marked.keys()];
    if (ids.length)
      await pictures.setMetadata(ids.map((id) => ({ id, metadata: segmentsUndone(fingerprint) })));
    for (const id of ids) unfinished.add(id);
  }
  return unfinished.size;
}
