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
