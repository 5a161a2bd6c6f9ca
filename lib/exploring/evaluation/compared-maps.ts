/** The same pictures as two layers see them, side by side. */
import { sprite, tile } from '../../decoders/image.js';
import type { Turns } from '../../turns.js';
import type { MapPoint, MapView, Sprite } from '../../types.js';
import { project } from '../projection.js';
import type { ReadablePicture } from './look-at-all.js';
import { partOf } from './parts.js';

/** One layer of one model, with the vectors of all pictures. */
export interface SeenLayer {
  encoder: string;
  layer: string | null;
  dimension: number;
  /** float32[pictures, dimension] */
  vectors: Float32Array;
}

/** Thumbnails at most; an even share of more pictures has one. */
const MOST_TILES = 1024;
const TILE_PX = 72;

/**
 * A map of each layer, with points in the order of the pictures and one sprite for all of them.
 * @param of the classes of the pictures, where there are labels: they colour the maps.
 */
export async function comparedMaps(
  layers: readonly SeenLayer[],
  { pictures, of }: { pictures: readonly ReadablePicture[]; of: readonly (readonly string[])[] | undefined },
  watch: Turns,
): Promise<MapView[]> {
  const tiles = await tilesOf(pictures, watch.signal);
  const views: MapView[] = [];
  for (const [at, { encoder, layer, dimension, vectors }] of layers.entries()) {
    const rows = pictures.map((_, row) => vectors.subarray(row * dimension, (row + 1) * dimension));
    const { points } = await project(rows, { seed: 1, ...partOf(watch, at, layers.length) });
    views.push({
      title: `${encoder}, ${layer ?? 'own vector'}`,
      points: pictures.map(({ imageId, locations }, row): MapPoint => {
        const label = of?.[row]?.join(', ');
        const index = tiles.at.get(row);
        return {
          id: imageId,
          x: points[2 * row]!,
          y: points[2 * row + 1]!,
          title: locations[0]!,
          ...(label ? { label } : {}),
          ...(index === undefined ? {} : { tile: index }),
          kind: 'plain',
        };
      }),
      ...(tiles.sprite ? { sprite: tiles.sprite } : {}),
    });
  }
  return views;
}

async function tilesOf(
  pictures: readonly ReadablePicture[],
  signal: AbortSignal | undefined,
): Promise<{ at: Map<number, number>; sprite?: Sprite }> {
  const at = new Map<number, number>();
  const tiles: Uint8Array[] = [];
  const step = Math.ceil(pictures.length / MOST_TILES);
  for (let row = 0; row < pictures.length; row += step) {
    signal?.throwIfAborted();
    const made = await pictures[row]!.read()
      .then((bytes) => tile(bytes, TILE_PX))
      .catch(() => null); // gone since it was encoded: its dot has its path alone
    if (!made) continue;
    at.set(row, tiles.length);
    tiles.push(made);
  }
  return tiles.length ? { at, sprite: await sprite(tiles, TILE_PX) } : { at };
}
