import pLimit from 'p-limit';
import { sprite } from '../decoders/image.js';
import { tileOf } from '../thumbnails.js';
import type { Turns } from '../turns.js';
import type { Sprite } from '../types.js';

export interface TileSources extends Turns {
  allowPrivateUrls: boolean;
}

/** Thumbnails by imageId: where each lies in the one sprite. */
export interface Tiles {
  indexOf: Map<string, number>;
  sprite?: Sprite;
}

const TILE_PX = 72;
/** Pictures read and decoded at once. */
const AT_ONCE = 4;

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
  const turn = pLimit(AT_ONCE);
  let done = 0;
  const made = await Promise.all(
    imageIds.map((imageId) =>
      turn(async () => {
        sources.signal?.throwIfAborted();
        const tile = await tileOf(imageId, pathsOf(imageId), TILE_PX, sources);
        sources.onProgress?.(++done / imageIds.length);
        return tile;
      }),
    ),
  );
  const tiles: Uint8Array[] = [];
  for (const [at, tile] of made.entries()) {
    if (!tile) continue;
    indexOf.set(imageIds[at]!, tiles.length);
    tiles.push(tile);
  }
  return tiles.length ? { indexOf, sprite: await sprite(tiles, TILE_PX) } : { indexOf };
}
