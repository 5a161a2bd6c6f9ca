/** Questions and answers. Plain data, no behaviour. */
import type { Filter } from './filters.js';
import type { BoundingBox, PictureFacts } from './pictures.js';
import type { Where } from './stores.js';

/** A part of a picture, in pixels of the upright picture: a box, or the corners [x, y] of a polygon. */
export type Region = BoundingBox | { polygon: readonly (readonly [number, number])[] };

/** What is done to a query picture before it is looked at. */
export interface Preparation {
  /** Lettering is painted over with what surrounds it. */
  removeText?: boolean;
  /** Contrast +20 %, brightness +10 %, sharpness +10 %. */
  enhance?: boolean;
}

/** One thing to ask with: words, a picture, or something stored. Where several are given, all count alike. */
export interface Term {
  text?: string;
  /** A path or http(s) URL, or the bytes of an encoded picture. */
  image?: string | Uint8Array;
  /** An imageId or segmentId that is already stored. */
  like?: string;
  /** The part of `image`, or of the stored picture `like`, that asks. */
  region?: Region;
  prepare?: Preparation;
  /** Among several terms; below 0 it pushes away (default 1). */
  weight?: number;
}

/** Where the first of two things lies as against the second, by their boxes, or how large it is, by their masks. */
export type Relation = 'left of' | 'right of' | 'above' | 'below' | 'inside' | 'larger than' | 'smaller than';

/**
 * How the evidence becomes one score; see lib/searching/fusion.ts. By name, or the share of the whole picture against
 * its best segment, 0..1, and that of the segment's label against its look.
 */
export type Fusion = 'best part' | 'best of both' | 'regions' | { picture?: number; label?: number };

/** A question. What asks is text, image, like, terms (one or several of them), or `all`; the rest says how. */
export interface Query extends Omit<Term, 'weight'> {
  terms?: readonly (string | Term)[];
  /** Pictures that hold these are left out, and what comes near them sinks. */
  without?: readonly (string | Term)[];
  /** Different segments of one picture must answer each of these. */
  all?: readonly (string | Term)[];
  /** Of the first of `all` to the second. */
  relation?: Relation;
  where?: Filter | Where;
  /** Whole pictures only ('full', the same as `segments: false`), parts only ('partial'), or both (default). */
  match?: 'full' | 'partial' | 'both';
  /** false: whole pictures only. */
  segments?: boolean;
  /** Number of hits (default 10). */
  k?: number;
  offset?: number;
  /** Near duplicates of a better hit are listed with it instead of taking a place (default true). */
  collapse?: boolean;
  /**
   * Hits below are left out, 0..1; one line for both kinds of match, or one each: of hits that the whole picture makes
   * and of hits that a part makes. Default: the encoder's own line where it was measured, else 0.
   */
  minRelevance?: number | { full?: number; partial?: number };
  fusion?: Fusion;
  /** Adds the numbers behind each hit. */
  explain?: boolean;
}

export interface SegmentEvidence {
  segmentId: string;
  bbox: BoundingBox;
  score: number;
  /** 1 is the best of all segments that this query met. */
  rank: number;
  label?: string;
  /** Of `all`: which of its things this segment answers. */
  answers?: string;
  /** The segmenter that found it, where several were named. */
  origin?: string;
}

/** The numbers behind a hit; logits are those of relevance, 0 is half. */
export interface Explanation {
  picture?: Judgement;
  /** Of the segment that answers best. */
  segment?: Judgement;
  /** The label that the words name, where the segmenter gives labels. */
  label?: { label: string; relevance: number };
  /** What each thing of `without` would have scored. */
  without?: { title: string; logit: number }[];
  /** What each thing of `all` scores. */
  all?: ({ title: string } & Judgement)[];
  /** In words: how the numbers became one score. */
  formula: string;
}

export interface Judgement {
  cosine: number;
  /** What the background scores against the same vector. */
  background: {
    mean: number;
    deviation: number /** The mean of its ten best. */;
    rivals: number;
    best?: string;
  };
  logit: number;
}

export interface Hit {
  imageId: string;
  /** Absolute paths or URLs, first the one that was found first. */
  paths: string[];
  facts: PictureFacts;
  /** Orders the hits: fused cosines, of `all` a mean of their logarithms; comparable within one question only. */
  score: number;
  /** 0..1, comparable between queries and collections. */
  relevance: number;
  evidence: {
    picture?: { rank: number; score: number };
    /** Best first. */
    segments: SegmentEvidence[];
    /** Where the words name the label of the segment that answers: how well they do, 0..1. */
    label?: { label: string; relevance: number };
  };
  /** One line: which part answers, as what, and how each side ranked it. */
  why: string;
  /** Near duplicates that stand behind this hit. */
  copies?: { imageId: string; paths: string[] }[];
  /** The lookbook that answers, where several were asked. */
  source?: string;
  explanation?: Explanation;
}

/** What a preparation made of a query picture: encoded pictures, for showing. */
export interface PreparedPicture {
  before: Uint8Array;
  after: Uint8Array;
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
  /** Query pictures that were prepared, in the order of the terms. */
  prepared?: PreparedPicture[];
  /** Milliseconds by step. */
  timings: { encode: number; query: number; evidence: number; total: number };
}
