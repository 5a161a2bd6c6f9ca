/** Words for an encoder that has none: the segmenter's own labels, spelt out in the question. */
import { factsOf, imageIdOf, placesOf, segmentOf } from '../rows.js';
import type { Hit, StoredRecord } from '../types.js';
import { planFilter } from './filters.js';
import { namedLabels } from './labels.js';
import type { Library } from './library.js';
import type { CheckedQuery } from './query.js';
import { whyOf } from './why.js';

/** Segments of one hit that are worth a look. */
const SEGMENTS_SHOWN = 3;

/**
 * Pictures with a segment of a label that the words spell, the most certain first; its certainty is the relevance. Only
 * words that ask alone are answered so. Cost: a page through all segments of these labels.
 */
export async function hitsByLabel(query: CheckedQuery, library: Library): Promise<Hit[]> {
  const { segments, pictures, minSegmentArea, locate } = library;
  const [term, ...others] = query.terms;
  const isPlain = others.length === 0 && query.without.length === 0 && query.match !== 'full';
  const named = isPlain ? await namedLabels(term?.text, undefined, library) : new Map<string, number>();
  if (!segments || named.size === 0) return [];
  const { allowed } = await planFilter(query.asked.where, library);
  const byPicture = new Map<string, StoredRecord[]>();
  for await (const page of segments.pages({ where: { field: 'label', oneOf: [...named.keys()] } })) {
    for (const row of page) {
      const imageId = imageIdOf(row.id);
      if (Number(row.metadata.area) < minSegmentArea || (allowed && !allowed.has(imageId))) continue;
      byPicture.set(imageId, [...(byPicture.get(imageId) ?? []), row]);
    }
  }
  const ranked = [...byPicture]
    .map(([imageId, rows]) => ({ imageId, rows: rows.sort((a, b) => certaintyOf(b) - certaintyOf(a)) }))
    .sort((a, b) => certaintyOf(b.rows[0]!) - certaintyOf(a.rows[0]!) || (a.imageId < b.imageId ? -1 : 1))
    .slice(query.offset, query.offset + query.k);
  const found = await pictures.get(ranked.map(({ imageId }) => imageId));
  const rowOf = new Map(found.map((row) => [row.id, row]));
  return ranked.flatMap(({ imageId, rows }, index) => {
    const row = rowOf.get(imageId);
    if (!row) return [];
    const evidence = {
      segments: rows.slice(0, SEGMENTS_SHOWN).map((part) => {
        const { segmentId, bbox, label } = segmentOf(part.id, part.metadata);
        const rank = query.offset + index + 1;
        return { segmentId, bbox, score: certaintyOf(part), rank, ...(label === undefined ? {} : { label }) };
      }),
      label: { label: String(rows[0]!.metadata.label), relevance: certaintyOf(rows[0]!) },
    };
    return [
      {
        imageId,
        paths: placesOf(row.metadata).map(locate),
        facts: factsOf(row.metadata),
        score: certaintyOf(rows[0]!),
        relevance: certaintyOf(rows[0]!),
        evidence,
        why: whyOf({ evidence }),
      },
    ];
  });
}

function certaintyOf({ metadata }: StoredRecord): number {
  return Number(metadata.certainty);
}
