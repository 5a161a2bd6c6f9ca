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
  /** 0..1, as an answer to the map's query. */
  relevance?: number;
}

/** Something that points can be coloured by. */
export interface MapField {
  /** In a person's words: it stands in the select box. */
  name: string;
  /** Numbers and dates (milliseconds since 1970) are told apart by ranges of about equally many points. */
  kind: 'category' | 'number' | 'date';
  /** How numbers are written (default: as they are). */
  unit?: 'share' | 'bytes';
  /** One a point, in the order of the map's points; null where a point has none. */
  values: readonly (string | number | null)[];
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
  /** What the points can be coloured by beside their label, in the order of the select box. */
  fields?: MapField[];
  /** The name of the field that colours at first (default: 'label', else the first field). */
  colourBy?: string;
}

/** Points that were chosen on a map and read back from their text. */
export interface MapSelection {
  /** Each once, in the order of the text. */
  ids: string[];
  /** The title of each. */
  paths: string[];
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
