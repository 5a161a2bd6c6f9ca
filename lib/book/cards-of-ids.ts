import pLimit from 'p-limit';
import { imageIdOf, placesOf } from '../rows.js';
import { cardOfPicture, type ShowOptions, smallCard } from '../showing.js';
import type { Clusters, Coverage, PictureCard } from '../types.js';
import type { OpenWorkshop } from '../workshop.js';
import { locate } from './own-places.js';

/** What names stored pictures or segments by their ids. */
export type Named = Clusters | Coverage | { ids: readonly string[] };

/** More of a selection are not shown: a notebook would hold megabytes of them. */
const MOST_CARDS = 100;
/** Pictures that are read and decoded at once. */
const AT_ONCE = 4;

/**
 * A card for each id, in their order; of a segment its picture with that segment drawn on it, and of what has gone a grey one.
 * Clusters and coverage get small ones for a table, of a segment what its box holds.
 */
export async function cardsOfIds(
  of: Named,
  { pictures, segments }: OpenWorkshop,
  options: ShowOptions,
): Promise<PictureCard[]> {
  const isSmall = 'clusters' in of || 'lines' in of;
  const ids = isSmall ? of.ids : of.ids.slice(0, MOST_CARDS);
  const ownerOf = (id: string): string => (id.includes(':') ? imageIdOf(id) : id);
  const rows = await pictures.get([...new Set(ids.map(ownerOf))]);
  const paths = new Map(rows.map(({ id, metadata }) => [id, placesOf(metadata).map(locate)]));
  const parts = (await segments?.get([...new Set(ids.filter((id) => id.includes(':')))])) ?? [];
  const partOf = new Map(parts.map((row) => [row.id, row]));
  const plain = { ...options, segmenterFingerprint: null };
  const turn = pLimit(AT_ONCE);
  return Promise.all(
    ids.map((id) =>
      turn(() => {
        const imageId = ownerOf(id);
        const picture = { imageId, paths: paths.get(imageId) ?? [], names: new Map<string, string>() };
        if (isSmall) return smallCard({ ...picture, segment: partOf.get(id) }, options);
        return id === imageId
          ? cardOfPicture(picture, plain)
          : cardOfPicture({ ...picture, only: id }, options);
      }),
    ),
  );
}
