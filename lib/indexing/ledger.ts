import type { Place } from '../types.js';
import { type Catalogue, type CatalogueEntry, keyOf } from './catalogue.js';
import { changedPlaces, doubtOf, type PlaceChanges } from './places.js';
import { isSameLook, type Plan, type StoredPicture } from './plan.js';
import type { Scan, Source } from './scan.js';

/** What the places come to at the end of a run. */
export interface Settlement extends PlaceChanges {
  /** Files that were met at a new place while an old place of their picture is gone. */
  movedFiles: number;
  /** Files that are further copies of a picture. */
  copies: number;
  /** Removed pictures whose place is not taken by new content. */
  lost: number;
  /** Why some removals were not believed, as a sentence. */
  doubt: string | null;
}

export interface SettleOptions {
  /** false when files were left unread: then nothing counts as lost, it may lie in one of them. */
  whole: boolean;
  allowRemoval: boolean;
  /** Whether a second look finds what the first one found; only asked where something would be removed. */
  isStillSo: () => Promise<boolean>;
}

/** Keeps the books of a run: what the store holds, and what lies where. Touches the catalogue, never the store. */
export class Ledger {
  readonly stored: Map<string, StoredPicture>;
  readonly #catalogue: Catalogue;
  /** What was stored before this run: removals are weighed against it, not against what the run adds. */
  readonly #before: readonly StoredPicture[];
  /** Pictures of earlier runs that were not met yet. */
  readonly #unmet: Set<string>;
  /** place → what lies there, for all places that are known for certain. */
  readonly #found = new Map<string, { place: Place; imageId: string }>();
  /** Pictures that were met at a place that their row does not name: moved, or copied. */
  readonly #newPlaces: string[] = [];
  /** Places that the catalogue must learn once their picture stands in the store. */
  readonly #pending = new Map<string, Source>();

  constructor(stored: Map<string, StoredPicture>, catalogue: Catalogue) {
    this.stored = stored;
    this.#catalogue = catalogue;
    this.#before = [...stored.values()];
    this.#unmet = new Set(stored.keys());
  }

  /** This content lies there. */
  know(source: Source, imageId: string): void {
    const place = placeOf(source);
    this.#unmet.delete(imageId);
    this.#found.set(keyOf(place), { place, imageId });
    this.#pending.set(keyOf(place), source);
    if (this.stored.has(imageId)) this.#remember(place, imageId);
  }

  /** Known content that needs no encoding. @returns whether its row names this place already. */
  meet(source: Source, imageId: string): boolean {
    this.know(source, imageId);
    const wasHere = this.stored.get(imageId)?.places.some((place) => keyOf(place) === keyOf(source)) ?? false;
    if (!wasHere) this.#newPlaces.push(imageId);
    return wasHere;
  }

  /** The bytes there are no picture and stay so: they are named again without being read, until they change. */
  spoil(source: Source, reason: string): void {
    this.#catalogue.set({ ...entryOf(source), reason });
  }

  /** A picture's row stands in the store. */
  store(imageId: string, place: Place, segmentsDone: boolean): void {
    const places = this.stored.get(imageId)?.places ?? [place];
    this.stored.set(imageId, { imageId, places, segmentsDone });
    this.#remember(place, imageId);
  }

  /** Whether some picture of an earlier run was not met yet: a file that is not read may be that picture. */
  hasUnmet(): boolean {
    return this.#unmet.size > 0;
  }

  imageAt(place: Place): string | undefined {
    return this.#found.get(keyOf(place))?.imageId;
  }

  /**
   * What must be told to the store when all files were met.
   */
  async settle(scan: Scan, plan: Plan, options: SettleOptions): Promise<Settlement> {
    for (const { place, imageId } of this.#found.values())
      if (this.stored.has(imageId)) this.#remember(place, imageId);
    const gone = new Set(plan.gone.map(keyOf));
    const found = this.#inOrder(scan);
    let changes = changedPlaces(this.stored.values(), found, gone);
    const isSure = changes.removed.length === 0 || (options.whole && (await options.isStillSo()));
    const doubt = this.#doubt(changes.removed, scan, { ...options, isSure });
    if (doubt !== null) {
      for (const id of changes.removed)
        for (const place of this.stored.get(id)?.places ?? []) gone.delete(keyOf(place));
      changes = changedPlaces(this.stored.values(), found, gone);
    }
    // Nor what new content has taken the place of: it may have been moved to where nobody has looked.
    if (!isSure) changes = { ...changes, removed: [] };
    for (const place of plan.gone) if (gone.has(keyOf(place))) this.#catalogue.delete(place);
    const moved = new Set(changes.moved.filter(({ left }) => left > 0).map(({ imageId }) => imageId));
    const newPlaces = this.#newPlaces.filter((imageId) => this.stored.has(imageId));
    const movedFiles = newPlaces.filter((imageId) => moved.has(imageId)).length;
    const lost = changes.removed.filter((id) => !this.#isReplaced(id)).length;
    return { ...changes, movedFiles, copies: newPlaces.length - movedFiles, lost, doubt };
  }

  /** Of equal files any may have been read first: the places of a picture stand in the order of the listing. */
  #inOrder({ sources }: Scan): Map<string, { place: Place; imageId: string }> {
    const found = new Map<string, { place: Place; imageId: string }>();
    for (const source of sources) {
      const there = this.#found.get(keyOf(source));
      if (there) found.set(keyOf(source), there);
    }
    return found;
  }

  #doubt(
    removed: readonly string[],
    scan: Scan,
    options: { whole: boolean; isSure: boolean; allowRemoval: boolean },
  ): string | null {
    const lost = removed.filter((id) => !this.#isReplaced(id)).flatMap((id) => this.stored.get(id) ?? []);
    if (lost.length === 0) return null;
    if (!options.whole)
      return `${lost.length} pictures were not found; they stay until a run has read all files.`;
    if (!options.isSure)
      return `${lost.length} pictures were not found, but files came or went meanwhile: they stay until the next run.`;
    if (options.allowRemoval) return null;
    const below = (root: string): number => scan.sources.filter((source) => source.root === root).length;
    const doubt = doubtOf(lost, this.#before, { below, emptyFolders: scan.emptyFolders });
    return doubt && `Nothing was removed: ${doubt}. If that is meant, run once with ALLOW_REMOVAL = true.`;
  }

  /** Its file holds another picture now: its going is an update, not a loss. */
  #isReplaced(imageId: string): boolean {
    return this.stored.get(imageId)?.places.some((place) => this.#found.has(keyOf(place))) ?? false;
  }

  /** The catalogue learns a place only when its picture stands in the store. */
  #remember(place: Place, imageId: string): void {
    const source = this.#pending.get(keyOf(place));
    if (!source) return;
    this.#pending.delete(keyOf(place));
    const known = this.#catalogue.get(place);
    if (known?.imageId === imageId && isSameLook(known, source)) return;
    this.#catalogue.set({ ...entryOf(source), imageId });
  }
}

export function placeOf({ root, path }: Source): Place {
  return { root, path };
}

function entryOf({ location: _, ...look }: Source): CatalogueEntry {
  return look;
}
