/** Words for an encoder that has none: the segmenter's own labels, spelt out in the question. */
import { factsOf, imageIdOf, placesOf, segmentOf } from '../rows.js';
import type { Hit, SearchResult, StoredRecord } from '../types.js';
import type { FilterPlan } from './filters.js';
import { SEGMENTS_SHOWN } from './hits.js';
import { namedLabels } from './labels.js';
import type { Library } from './library.js';
import type { CheckedQuery } from './query.js';
import { whyOf } from './why.js';

/** A picture with the segments that are called so, the most certain first. */
interface Holder {
  imageId: string;
  rows: StoredRecord[];
}

/**
 * Pictures with a segment of a label that the words spell, the most certain first; its certainty is the relevance, and
 * the line of a partial match holds for it. Only words that ask alone are answered so. Cost: a page through all segments
 * of these labels.
 */
export async function hitsByLabel(
  query: CheckedQuery,
  plan: FilterPlan,
  library: Library,
): Promise<Pick<SearchResult, 'hits' | 'note'>> {
  const [term, ...others] = query.terms;
  const isPlain = others.length === 0 && query.without.length === 0 && query.match !== 'full';
  const named = isPlain ? await namedLabels(term?.text, undefined, library) : new Map<string, number>();
  const holders = await holdersOf([...named.keys()], plan, library);
  const line = query.minRelevance.partial ?? 0;
  const certain = holders.filter(({ rows }) => certaintyOf(rows[0]!) >= line);
  const page = certain.slice(query.offset, query.offset + query.k);
  const found = await library.pictures.get(page.map(({ imageId }) => imageId));
  const rowOf = new Map(found.map((row) => [row.id, row]));
  const hits = page.flatMap((holder, index) => {
    const row = rowOf.get(holder.imageId);
    return row ? [hitOf(holder, row, { rank: query.offset + index + 1, library })] : [];
  });
  const { name } = library.encoder;
  if (hits.length)
    return {
      hits,
      note: `${name} understands pictures only: these are the segments that the segmenter calls so.`,
    };
  if (certain.length) return { hits, note: `There are no hits after the first ${certain.length}.` };
  if (holders.length)
    return { hits, note: `The segmenter calls nothing so with a certainty of ${line} or more.` };
  if (named.size && plan.note) return { hits, note: plan.note };
  return {
    hits,
    note: `${name} understands pictures only: ask with an example picture, or set ENCODER to a model with words and index with it.`,
  };
}

async function holdersOf(
  labels: readonly string[],
  { allowed, segments: filter }: FilterPlan,
  { segments, minSegmentArea }: Library,
): Promise<Holder[]> {
  if (!segments || labels.length === 0) return [];
  const own = { field: 'label', oneOf: labels };
  const byPicture = new Map<string, StoredRecord[]>();
  for await (const page of segments.pages({ where: filter ? { and: [filter, own] } : own })) {
    for (const row of page) {
      const imageId = imageIdOf(row.id);
      if (Number(row.metadata.area) < minSegmentArea || (allowed && !allowed.has(imageId))) continue;
      byPicture.set(imageId, [...(byPicture.get(imageId) ?? []), row]);
    }
  }
  return [...byPicture]
    .map(([imageId, rows]) => ({ imageId, rows: rows.sort((a, b) => certaintyOf(b) - certaintyOf(a)) }))
    .sort((a, b) => certaintyOf(b.rows[0]!) - certaintyOf(a.rows[0]!) || (a.imageId < b.imageId ? -1 : 1));
}

function hitOf(
  { imageId, rows }: Holder,
  picture: StoredRecord,
  { rank, library }: { rank: number; library: Library },
): Hit {
  const certainty = certaintyOf(rows[0]!);
  const segments = rows.slice(0, SEGMENTS_SHOWN).map((part) => {
    const { segmentId, bbox, score, label, origin } = segmentOf(part.id, part.metadata);
    return {
      segmentId,
      bbox,
      score,
      rank,
      ...(label === undefined ? {} : { label }),
      ...(origin === undefined ? {} : { origin }),
    };
  });
  const evidence = { segments, label: { label: String(rows[0]!.metadata.label), relevance: certainty } };
  return {
    imageId,
    paths: placesOf(picture.metadata).map(library.locate),
    facts: factsOf(picture.metadata),
    score: certainty,
    relevance: certainty,
    evidence,
    why: whyOf({ evidence }),
  };
}

function certaintyOf({ metadata }: StoredRecord): number {
  return Number(metadata.certainty);
}
