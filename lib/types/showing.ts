/** What maps and pages are drawn from. Plain data, no behaviour. */
import type { BoundingBox, Mask } from './pictures.js';
import type { SearchResult } from './searching.js';

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
  /** 0..1, as an answer to the map's query: of a hit as the search tells it, of others as the whole of it answers. */
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
  /** Where a new range of numbers begins, ascending (default: where ranges have about equally many points). */
  edges?: readonly number[];
  /** What points without a value are called (default: no, and the field's name). */
  none?: string;
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
  /** Sentences for the reader: what was left out, why points moved, what the map cannot say. */
  note?: string;
  /** Address of the map's own page, counted from the notebooks' folder, or from where `npm start` leaves their pages. */
  page?: string;
}

export interface ExploreOptions {
  /** Default: pictures. */
  of?: 'pictures' | 'segments';
  /** Its own point and its hits are marked, and all points can be coloured by how well they answer. */
  query?: SearchResult;
  /** The field that colours at first: 'label', or the name of one of the map's fields (default: clusters). */
  colourBy?: string;
  /**
   * Of more than this a fixed share of the rows is shown, and every hit (default 100,000; fewer where their vectors would
   * fill an eighth of the memory).
   */
  mostPoints?: number;
  /** So many pictures get a thumbnail, the hits' first (default 1,024). */
  mostTiles?: number;
  /**
   * The map's own page: false leaves it out, a path writes it there (default: one in .lookbook/maps, which a Jupyter server
   * shows where `npm run lab` started it; for another, name one beside the notebook).
   */
  page?: boolean | string;
  /** Lays the map out anew, though one was kept. */
  again?: boolean;
  signal?: AbortSignal;
  /** Gets the share of the work that is done, 0..1. */
  onProgress?: (share: number) => void;
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
