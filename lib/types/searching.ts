/** Questions and answers. Plain data, no behaviour. */
import type { BoundingBox, PictureFacts } from './pictures.js';
import type { Where } from './stores.js';

export interface Query {
  text?: string;
  /** A path or http(s) URL, or the bytes of an encoded picture. */
  image?: string | Uint8Array;
  /** An imageId or segmentId that is already stored. */
  like?: string;
  /** Number of hits (default 10). */
  k?: number;
  offset?: number;
  where?: Where;
  /** false: whole pictures only. */
  segments?: boolean;
}

export interface SegmentEvidence {
  segmentId: string;
  bbox: BoundingBox;
  score: number;
  /** 1 is the best of all segments that this query met. */
  rank: number;
  label?: string;
}

export interface Hit {
  imageId: string;
  /** Absolute paths or URLs, first the one that was found first. */
  paths: string[];
  facts: PictureFacts;
  /** The fused score that orders the hits; comparable within one query only. */
  score: number;
  /** 0..1, comparable between queries. */
  relevance: number;
  evidence: {
    picture?: { rank: number; score: number };
    /** Best first. */
    segments: SegmentEvidence[];
  };
}

export interface SearchResult {
  query: Query;
  /** The query in a person's words, for headings. */
  title: string;
  hits: Hit[];
  /** The query's own vector, float32[dimension], for maps; null where the encoder has no words for it. */
  vector: Float32Array | null;
  /** A sentence for the reader: why there are no hits, or what of the question was left out. */
  note?: string;
  /** Milliseconds by step. */
  timings: { encode: number; query: number; evidence: number; total: number };
}
