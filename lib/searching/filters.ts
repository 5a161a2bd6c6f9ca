/** From a filter to the pictures that may answer. */

import { type PictureTable, pictureTable } from '../picture-table/table.js';
import { imageIdOf, PICTURE_FIELDS, SEGMENT_FIELDS } from '../rows.js';
import type { Filter, Place, VectorCollection, Where } from '../types.js';
import { fieldsOf, isWhere } from './filter-check.js';
import { listOf, type Test, testsOf } from './filter-match.js';

/** What a filter is resolved against. */
export interface FilterLibrary {
  pictures: VectorCollection;
  segments: VectorCollection | null;
  /** A place as a person can open it. */
  locate(place: Place): string;
}

/** What may answer. Without any part everything may. */
export interface FilterPlan {
  /** imageId → how many segments it has: these pictures alone, and their segments. */
  allowed?: ReadonlyMap<string, number>;
  /** For the store to filter pictures by. */
  pictures?: Where;
  /** For the store to filter segments by. */
  segments?: Where;
  /** Why nothing can answer, as a sentence. */
  note?: string;
}

/**
 * Resolves a checked filter. Independent of the query's vector, so that it may run while the words are encoded.
 * A tree in the store's own form goes to the store as it is, as far as both kinds of rows have its fields.
 */
export async function planFilter(
  filter: Filter | Where | undefined,
  library: FilterLibrary,
): Promise<FilterPlan> {
  if (filter === undefined) return {};
  if (isWhere(filter)) return planTree(filter, library);
  const fingerprint = library.segments?.fingerprint ?? null;
  const [table, labelled] = await Promise.all([
    pictureTable(library.pictures, fingerprint),
    filter.label === undefined ? new Set<string>() : holdersOf(listOf(filter.label), library.segments),
  ]);
  const tests = testsOf(filter, { locate: library.locate, fingerprint, labelled });
  if (tests.length === 0) return {};
  const allowed = new Map<string, number>();
  for (const [imageId, row] of table) {
    if (tests.every((test) => test.passes(row, imageId)))
      allowed.set(imageId, segmentsIn(row.segments, fingerprint));
  }
  return allowed.size || table.size === 0 ? { allowed } : { allowed, note: noteOf(tests, table) };
}

/** Fields of one kind of row only are resolved there, and hold for the other kind through the picture. */
async function planTree(where: Where, { pictures, segments }: FilterLibrary): Promise<FilterPlan> {
  const fields = fieldsOf(where);
  if (fields.some((field) => SEGMENT_FIELDS.includes(field))) {
    const holders = segments ? await picturesOf(segments, where) : new Set<string>();
    return { allowed: await counted(holders, pictures, segments), segments: where };
  }
  if (!fields.some((field) => PICTURE_FIELDS.includes(field) || field.startsWith('segments.')))
    return { pictures: where, segments: where };
  const ids = new Set<string>();
  for await (const page of pictures.pages({ where, metadata: false })) for (const { id } of page) ids.add(id);
  return { allowed: await counted(ids, pictures, segments) };
}

async function counted(
  ids: ReadonlySet<string>,
  pictures: VectorCollection,
  segments: VectorCollection | null,
): Promise<Map<string, number>> {
  const fingerprint = segments?.fingerprint ?? null;
  const table = await pictureTable(pictures, fingerprint);
  const known = [...ids].flatMap((id) => {
    const row = table.get(id);
    return row ? [[id, segmentsIn(row.segments, fingerprint)] as const] : [];
  });
  return new Map(known);
}

/** Pictures that hold a segment of one of these labels, as it stands or in small letters. */
function holdersOf(labels: readonly string[], segments: VectorCollection | null): Promise<Set<string>> {
  const values = [...new Set(labels.flatMap((label) => [label.trim(), label.trim().toLowerCase()]))];
  return segments
    ? picturesOf(segments, { field: 'label', oneOf: values })
    : Promise.resolve(new Set<string>());
}

async function picturesOf(segments: VectorCollection, where: Where): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const page of segments.pages({ where, metadata: false }))
    for (const { id } of page) ids.add(imageIdOf(id));
  return ids;
}

function segmentsIn(segments: ReadonlyMap<string, number>, fingerprint: string | null): number {
  return fingerprint === null ? 0 : (segments.get(fingerprint) ?? 0);
}

/** Names the parts that no picture passes even alone. */
function noteOf(tests: readonly Test[], table: PictureTable): string {
  const hopeless = tests.filter((test) => ![...table].some(([imageId, row]) => test.passes(row, imageId)));
  if (hopeless.length === 0) return 'No picture passes all parts of the filter, though each part has some.';
  return `No picture passes the filter: there is none with this ${hopeless.map(({ part }) => part).join(', ')}.`;
}
