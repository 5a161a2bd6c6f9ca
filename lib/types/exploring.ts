/** What is told of a whole collection. Plain data, no behaviour. */
import type { PictureFacts } from './pictures.js';

/** One picture of a group; equal files are one picture with several paths. */
export interface DuplicatePicture {
  imageId: string;
  /** Absolute paths or URLs, first the one that was found first. */
  paths: string[];
  facts: PictureFacts;
  /** Of near ones: how far it is from the group's centre, which has 0 bits and cosine 1. */
  distance?: {
    /** Bits of 64 in which the perceptual hashes differ. */
    bits: number;
    /** Of the vectors, 1 is the same. */
    cosine: number;
  };
}

/** Pictures that are the same, or the same but for an edit. */
export interface DuplicateGroup {
  /** `exact`: one picture that lies at several paths. `near`: several pictures, near to one of them. */
  kind: 'exact' | 'near';
  /** First the one to keep: most pixels, then most bytes, then taken or found first. */
  pictures: DuplicatePicture[];
  /** The path to keep, the first one of the first picture. */
  keep: string;
  /** Bytes of the other files; of near ones, a file for each of the other pictures: their copies are told as exact ones. */
  spare: number;
}

export interface DuplicatesOptions {
  /** Only groups of one kind (default both). */
  kind?: 'exact' | 'near';
  /** In place of the encoder's limits: bits of 64 that may differ, and the least cosine. */
  bits?: number;
  cosine?: number;
  signal?: AbortSignal;
  /** Gets the share of the work that is done, 0..1. */
  onProgress?: (share: number) => void;
}

export interface Duplicates {
  /** Exact ones first, then near ones; of each those first that free most. */
  groups: DuplicateGroup[];
  /** Pictures that were looked at. */
  pictures: number;
  /** What had to hold for near ones. */
  limits: { bits: number; cosine: number };
  /** Sentences for the reader: pictures that could not be compared, limits that nobody measured. */
  notes: string[];
}

/** A group of points that lie close together on a map. */
export interface Cluster {
  /** The word that fits it best; no two are called the same. */
  name: string;
  /** Of all its pictures or segments. */
  ids: string[];
  /** Some of them, from its middle to its edge. */
  examples: string[];
}

export interface Clusters {
  /** The largest first. */
  clusters: Cluster[];
  /** What lies in none of them. */
  scattered: string[];
  /** The examples of all clusters, in their order: what a table shows. */
  ids: string[];
}

export interface OutliersOptions {
  /** Default: pictures. */
  of?: 'pictures' | 'segments';
  /** How many of the nearest count (default 5). */
  k?: number;
  /** How many are named (default 12). */
  most?: number;
  signal?: AbortSignal;
  /** Gets the share of the work that is done, 0..1. */
  onProgress?: (share: number) => void;
}

/** A picture or segment that is like no other. */
export interface Outlier {
  id: string;
  /** Of the picture. */
  path: string;
  /** Mean cosine distance of its k nearest, 0..2. */
  distance: number;
  /** What is still nearest to it. */
  nearest: { id: string; path: string };
}

export interface Outliers {
  of: 'pictures' | 'segments';
  /** Fewer than were asked for where there are fewer others. */
  k: number;
  /** How many were compared. */
  compared: number;
  /** The distance that the middle one of all has. */
  usual: number;
  /** The farthest first. */
  outliers: Outlier[];
  ids: string[];
}

export interface CoverageOptions {
  signal?: AbortSignal;
  /** Gets the share of the words that are asked, 0..1. */
  onProgress?: (share: number) => void;
}

/** What one word finds. */
export interface CoverageLine {
  word: string;
  /** Pictures whose relevance is above the encoder's own line. */
  answers: number;
  /** Whether there may be more than were counted. */
  isMore?: boolean;
  /** The best picture, or the nearest where none answers; missing where there is none at all. */
  best?: { id: string; path: string; relevance: number };
}

/** Which of some words have pictures. */
export interface Coverage {
  /** In the order of the words. */
  lines: CoverageLine[];
  /** The best pictures, in the order of the lines that have one. */
  ids: string[];
  /** Sentences for the reader. */
  notes: string[];
}
