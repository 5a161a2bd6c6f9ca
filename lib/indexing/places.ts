import type { Place } from '../types.js';
import { keyOf } from './catalogue.js';
import { andAbove, type StoredPicture } from './plan.js';

/** What lies where, as far as it is known for certain: place → picture. */
export type FoundPlaces = ReadonlyMap<string, { place: Place; imageId: string }>;

/** Which pictures must be told new places, and which have none left. */
export interface PlaceChanges {
  moved: { imageId: string; places: Place[] /** Places that it had and has no more. */; left: number }[];
  removed: string[];
}

/**
 * Brings the places of all pictures in line with what was found: a place belongs to the picture whose content
 * lies there now; a place that is gone is dropped; any other stays as it was. Pure.
 */
export function changedPlaces(
  stored: Iterable<StoredPicture>,
  found: FoundPlaces,
  gone: ReadonlySet<string>,
): PlaceChanges {
  const now = new Map<string, Place[]>();
  for (const { place, imageId } of found.values()) now.set(imageId, [...(now.get(imageId) ?? []), place]);
  const changes: PlaceChanges = { moved: [], removed: [] };
  for (const { imageId, places } of stored) {
    const stay = places.filter((place) => !found.has(keyOf(place)) && !gone.has(keyOf(place)));
    const next = [...stay, ...(now.get(imageId) ?? [])];
    const kept = new Set(next.map(keyOf));
    const left = places.filter((place) => !kept.has(keyOf(place))).length;
    if (next.length === 0) changes.removed.push(imageId);
    else if (left > 0 || kept.size !== places.length) changes.moved.push({ imageId, places: next, left });
  }
  return changes;
}

/** This share or more gone at once is taken for a mount that is missing, not for a tidy person. */
const GONE_SHARE = 0.5;
const GONE_AT_LEAST = 10;

/**
 * Why a removal should not be believed, or null. Speaks of pictures that are nowhere else: what moved is no loss.
 * @param lost pictures that would be removed because their places are gone.
 * @param now how many files a root holds, and the folders in which nothing lies.
 */
export function doubtOf(
  lost: readonly StoredPicture[],
  stored: Iterable<StoredPicture>,
  now: { below: (root: string) => number; emptyFolders: readonly Place[] },
): string | null {
  const before = countByRoot(stored);
  for (const [root, missing] of countByRoot(lost)) {
    const all = before.get(root) ?? missing;
    if (now.below(root) === 0) return `${root} is empty now, ${all} pictures lay there`;
    if (missing >= GONE_AT_LEAST && missing >= GONE_SHARE * all) {
      return `${missing} of ${all} pictures below ${root} are gone at once`;
    }
  }
  return emptied(lost, now.emptyFolders);
}

/** A folder that is there while all of its many pictures are not: a disk mounted below a root is looked for so. */
function emptied(lost: readonly StoredPicture[], emptyFolders: readonly Place[]): string | null {
  if (emptyFolders.length === 0) return null;
  const counts = new Map(emptyFolders.map((folder) => [keyOf(folder), { ...folder, count: 0 }]));
  for (const place of lost.flatMap(({ places }) => places))
    for (const above of andAbove(place)) {
      const folder = counts.get(keyOf(above));
      if (folder && ++folder.count >= GONE_AT_LEAST)
        return `${folder.root}/${folder.path} is empty now, ${GONE_AT_LEAST} pictures or more lay there`;
    }
  return null;
}

function countByRoot(pictures: Iterable<StoredPicture>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { places } of pictures) {
    for (const root of new Set(places.map((place) => place.root)))
      counts.set(root, (counts.get(root) ?? 0) + 1);
  }
  return counts;
}
