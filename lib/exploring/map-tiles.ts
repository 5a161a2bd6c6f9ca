import { sprite } from '../decoders/image.js';
import { tileOf } from '../thumbnails.js';
import type { Sprite } from '../types.js';

export interface TileSources {
  allowPrivateUrls: boolean;
  signal?: AbortSignal;
}

/** Thumbnails by imageId: where each lies in the one sprite. */
export interface Tiles {
  indexOf: Map<string, number>;
  sprite?: Sprite;
}

const TILE_PX = 72;

/** The pictures that get a thumbnail, `most` of them: those of the hits, then an even share of the others. */
export function tileOrder(owners: readonly string[], hits: ReadonlySet<string>, most: number): string[] {
  const first = owners.filter((id) => hits.has(id)).slice(0, most);
  const others = owners.filter((id) => !hits.has(id));
  const room = Math.min(others.length, most - first.length);
  const even = Array.from(
    { length: room },
    (_, index) => others[Math.floor((index * others.length) / room)]!,
  );
  return [...first, ...even];
}

/** One sprite of the thumbnails of these pictures; those that have gone have none. */
export async function tilesOf(
  imageIds: readonly string[],
  pathsOf: (imageId: string) => readonly string[],
  sources: TileSources,
): Promise<Tiles> {
  const indexOf = new Map<string, number>();
  const tiles: Uint8Array[] = [];
  for (const imageId of imageIds) {
    sources.signal?.throwIfAborted();
    const tile = await tileOf(imageId, pathsOf(imageId), TILE_PX, sources);
    if (!tile) continue;
    indexOf.set(imageId, tiles.length);
    tiles.push(tile);
  }
  return tiles.length ? { indexOf, sprite: await sprite(tiles, TILE_PX) } : { indexOf };
}
