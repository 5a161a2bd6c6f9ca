import type { Place } from '../types.js';
import { type CatalogueEntry, keyOf } from './catalogue.js';
import type { Scan, Source } from './scan.js';

/** What the store knows of one picture. */
export interface StoredPicture {
  imageId: string;
  places: readonly Place[];
  /** The segments of the current segmenter are stored too. */
  segmentsDone: boolean;
}

/** What a run will do, before any picture is opened. */
export interface Plan {
  /** Files that must be read: new, changed, or not finished by an earlier run. */
  read: { source: Source; kind: 'add' | 'update' | 'unfinished' }[];
  /** Files whose content is known and done. */
  keep: { source: Source; imageId: string }[];
  /** Known to be no picture, unchanged since. */
  broken: { source: Source; reason: string }[];
  /** Places below whole roots where nothing lies any more: moved, or removed. */
  gone: Place[];
}

/** Compares disk, catalogue and store. Pure; linear in their sizes. */
export function plan(
  scan: Scan,
  known: {
    catalogue: (place: Place) => CatalogueEntry | undefined;
    stored: ReadonlyMap<string, StoredPicture>;
  },
): Plan {
  const result: Plan = { read: [], keep: [], broken: [], gone: [] };
  const unclear = new Set(scan.unclear.map(keyOf));
  const present = new Set<string>();
  for (const source of scan.sources) {
    present.add(keyOf(source));
    const entry = known.catalogue(source);
    const unchanged = entry !== undefined && isSameLook(entry, source);
    if (unchanged && entry.reason !== undefined) result.broken.push({ source, reason: entry.reason });
    else if (unchanged && entry.imageId !== undefined)
      placeKnown(result, source, entry.imageId, known.stored);
    else result.read.push({ source, kind: entry?.imageId !== undefined ? 'update' : 'add' });
  }
  result.gone = [...known.stored.values()]
    .flatMap((picture) => picture.places)
    .filter((place) => scan.wholeRoots.has(place.root) && !present.has(keyOf(place)))
    .filter((place) => !andAbove(place).some((each) => unclear.has(keyOf(each))));
  return result;
}

/** Whether nothing says that what lies there is other than it was. */
export function isSameLook(entry: CatalogueEntry, source: Source): boolean {
  const { size, mtimeMs, changedMs } = source;
  return (
    changedMs !== undefined &&
    entry.changedMs === changedMs &&
    entry.size === size &&
    entry.mtimeMs === mtimeMs
  );
}

/** A place and the folders above it: a link to a disk that is not there is one place, with many below it. */
export function andAbove({ root, path }: Place): Place[] {
  const parts = path.split('/');
  return parts.map((_, n) => ({ root, path: parts.slice(0, n + 1).join('/') }));
}

function placeKnown(
  result: Plan,
  source: Source,
  imageId: string,
  stored: ReadonlyMap<string, StoredPicture>,
): void {
  const picture = stored.get(imageId);
  if (picture?.segmentsDone) result.keep.push({ source, imageId });
  else result.read.push({ source, kind: picture ? 'unfinished' : 'add' });
}

/** How many new files look like gone ones that were moved: equal in size and time. A guess, for the estimate. */
export function likelyMoves(plan: Plan, catalogue: (place: Place) => CatalogueEntry | undefined): number {
  const left = new Map<string, number>();
  for (const place of plan.gone) {
    const entry = catalogue(place);
    if (entry) left.set(lookOf(entry), (left.get(lookOf(entry)) ?? 0) + 1);
  }
  return plan.read.filter(({ source, kind }) => {
    const look = lookOf(source);
    const count = left.get(look) ?? 0;
    if (kind !== 'add' || count === 0) return false;
    left.set(look, count - 1);
    return true;
  }).length;
}

function lookOf({ size, mtimeMs }: { size: number; mtimeMs: number }): string {
  return `${size} ${mtimeMs}`;
}
