/** What maps and pages are drawn from. Plain data, no behaviour. */
import type { BoundingBox, Mask } from './pictures.js';

/** One dot of a map. x and y are 0..1 after scaling; y grows downwards. */
export interface MapPoint {
  id: string;
  x: number;
  y: number;
  title: string;
  label?: string;
  /** Index into the sprite of thumbnails, where there is one. */
  tile?: number;
  kind: 'plain' | 'hit' | 'query';
  /** Of a hit: 1 is the best. Without it hits are numbered as they come. */
  rank?: number;
}

/** Many thumbnails in one WebP: tiles of `tilePx` square, `columns` per row. */
export interface Sprite {
  webp: Uint8Array;
  tilePx: number;
  columns: number;
  count: number;
}

export interface MapView {
  title: string;
  points: MapPoint[];
  sprite?: Sprite;
}

/** A segment to draw over a thumbnail; mask and box are in the thumbnail's own pixels. */
export interface Outline {
  mask: Mask;
  bbox: BoundingBox;
  label?: string;
  score?: number;
}

/** One picture ready to be shown: an upright JPEG thumbnail and what to draw and say about it. */
export interface PictureCard {
  path: string;
  jpeg: Uint8Array;
  /** Pixels of the thumbnail. */
  width: number;
  height: number;
  rank?: number;
  /** 0..1 */
  relevance?: number;
  outlines: Outline[];
  /** One line: why this picture answers. */
  why?: string;
  /** Near duplicates that stand behind it. */
  copies?: number;
}
