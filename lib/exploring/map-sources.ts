/** What a map is made from. */
import type { Turns } from '../turns.js';
import type { MapField, Place, SearchResult, VectorCollection } from '../types.js';
import type { VectorRow } from './laying.js';
import type { Tiles } from './map-tiles.js';

export interface MapSources extends Turns {
  of: 'pictures' | 'segments';
  pictures: VectorCollection;
  segments: VectorCollection | null;
  /** Marks the query's own point and its hits. */
  query?: SearchResult | undefined;
  /** Of more points than this a fixed share is shown (default 100,000). */
  mostPoints?: number | undefined;
  /** So many thumbnails at most lie in the sprite, the hits' first (default 1,024). */
  mostTiles?: number | undefined;
  /** The field that colours at first (default: the first of `moreFields`, else the label). */
  colourBy?: string | undefined;
  /** The file in which the map is kept; without it each map is laid out anew. */
  kept?: string | undefined;
  /** Lays the map out anew, though one was kept. */
  again?: boolean | undefined;
  allowPrivateUrls: boolean;
  locate(place: Place): string;
  /** What vectors show, a word each, where the encoder has words. */
  words?(rows: readonly VectorRow[], turns: Turns): Promise<readonly (string | undefined)[]>;
  /** How relevant each row is to the query, 0..1; without it, hits alone have their relevance. */
  relevance?(rows: readonly VectorRow[], turns: Turns): Promise<ArrayLike<number>>;
  /** More to colour by, clusters above all: a value a row, in the order of the rows; the first comes first. */
  moreFields?(
    laid: LaidRows,
    more: Turns & { folderOf(id: string): string | undefined },
  ): Promise<readonly MapField[]>;
}

/** The rows that a map shows and where they lie. */
export interface LaidRows {
  /** By id. */
  rows: readonly VectorRow[];
  /** float32[rows, 2] of 0..1. */
  points: Float32Array;
}

/** What is known of each row that a hit stands for. */
export type Hits = ReadonlyMap<string, { rank: number; relevance: number }>;

/** Where a picture lies. */
export interface Lying {
  paths: string[];
  /** Below its source. */
  folder: string;
}

/** What is known of the rows beside what they hold. */
export interface Found {
  hits: Hits;
  tiles: Tiles;
  lyingOf(id: string): Lying | undefined;
  ownerOf(id: string): string;
}
