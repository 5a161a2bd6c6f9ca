/** The nouns of lookbook and the contracts between its rooms. Plain data, no behaviour. */

// ---- pictures and segments -------------------------------------------------

/** An 8-bit RGB picture, row-major: `data` is uint8[height, width, 3]. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
}

/** A box in pixels of the upright picture, from its top left corner. */
export interface BoundingBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A COCO run-length encoded mask: column-major runs, compressed as COCO's string. `size` is [height, width]. */
export interface Rle {
  size: [number, number];
  counts: string;
}

/** A binary mask, uint8[height, width] of 0 and 1, row-major. */
export interface Mask {
  data: Uint8Array;
  width: number;
  height: number;
}

/** What a segmenter found in one picture. The mask may be coarser than the picture; it always covers all of it. */
export interface FoundSegment {
  mask: Mask;
  /** Certainty of the segmenter, 0..1. */
  score: number;
  label?: string;
}

/** A found segment in the picture's own pixels, as it is stored. */
export interface Segment {
  /** `${imageId}:${n}`, n counted from 0 within one picture and segmenter. */
  segmentId: string;
  bbox: BoundingBox;
  /** Share of the picture, 0..1. */
  area: number;
  score: number;
  label?: string;
}

/** What is true of a picture's content wherever it lies. Dates are ISO 8601; `taken` and `camera` come from EXIF. */
export interface PictureFacts {
  width: number;
  height: number;
  format: string;
  bytes: number;
  orientation: 'landscape' | 'portrait' | 'square';
  taken?: string;
  camera?: string;
  /** Looks like a photograph rather than a drawing (a guess from the pixels). */
  photograph: boolean;
}

/** Where a picture lies: a source root and the path below it, with forward slashes. */
export interface Place {
  root: string;
  path: string;
}

// ---- preprocessing ----------------------------------------------------------

/**
 * How a model wants its pixels. `shortest` scales the shorter side to `scaleTo` and crops a centre of size × size,
 * `squash` stretches to size × size, `longest` scales the longer side to `size` (zeros fill up right and below, after
 * normalising), `within` scales the shorter side to `size` unless the longer one would pass `longest`, and cuts nothing:
 * the model's input is then as large as the picture becomes.
 */
export interface Preprocessing {
  resize: 'shortest' | 'squash' | 'longest' | 'within';
  /** Pixels of the model's square input; of `within`, of its shorter side. */
  size: number;
  /** Of `shortest`: pixels of the shorter side before the crop, at least `size` (default: `size`). */
  scaleTo?: number;
  /** Of `within`: the most pixels of the longer side. */
  longest?: number;
  interpolation: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';
  /** Where an odd centre crop falls: transformers takes the floor, open_clip rounds half to even. */
  cropRounding?: 'floor' | 'even';
  /** Per channel, on the 0..1 scale: (value / 255 − mean) / std. */
  mean: [number, number, number];
  std: [number, number, number];
}

/**
 * How an output with more than one vector a row becomes one: `cls` the first token, `mean` all tokens (of a text those
 * that are no padding) or all cells of a feature map, `patch-mean` all tokens but the first.
 */
export type Pooling = 'cls' | 'mean' | 'patch-mean';

// ---- encoders and segmenters ------------------------------------------------

/** One picture as the encoder wants it: its preprocessed pixels and, where segments are wanted, their masks. */
export interface EncoderInput {
  pixels: Pixels;
  masks?: readonly Mask[];
}

/** L2-normalised vectors; `segments` in the order of the masks, only where the encoder pools them itself. */
export interface Embedding {
  picture: Float32Array;
  segments?: Float32Array[];
}

export interface Encoder {
  readonly name: string;
  /** Names everything that a vector depends on. */
  readonly fingerprint: string;
  readonly dimension: number;
  readonly preprocessing: Preprocessing;
  /** Whether one pass over the picture also gives its segments' vectors; else the indexer makes crops. */
  readonly poolsSegments: boolean;
  /**
   * Where it pools: the share of a crop's own vector in a segment's vector, the rest is the pooled one. A crop costs
   * another pass, and sees small things larger.
   */
  readonly cropShare?: number;
  /** Where the manifest knows it: what the encoder was made for, and the one line that serves the rest. */
  readonly advice?: string;
  embed(pictures: readonly EncoderInput[]): Promise<Embedding[]>;
  /** L2-normalised vectors of texts. Missing where the model has no text side. */
  embedTexts?(texts: readonly string[]): Promise<Float32Array[]>;
  /** What the model reads of a text, where that is not all of it: a sentence for the reader. */
  cutOf?(text: string): string | undefined;
  /** Cosine → the model's own logit: scale · cosine + bias. Missing where the model card gives none. */
  readonly logit?: { scale: number; bias: number };
  close(): Promise<void>;
}

export interface Segmenter {
  readonly name: string;
  readonly fingerprint: string;
  readonly preprocessing: Preprocessing;
  /** The segments of each picture, best first; a picture without any gives an empty list. */
  segment(pictures: readonly Pixels[]): Promise<FoundSegment[][]>;
  close(): Promise<void>;
}

// ---- stores -------------------------------------------------------------------

export type Scalar = string | number | boolean;
export type Metadata = Record<string, Scalar>;

/** A neutral filter on metadata. A missing field matches nothing but `not`-forms. */
export type Where =
  | { field: string; is: Scalar }
  | { field: string; isNot: Scalar }
  | { field: string; oneOf: readonly Scalar[] }
  | { field: string; from?: number; to?: number }
  | { and: readonly Where[] }
  | { or: readonly Where[] };

export interface StoredRecord {
  id: string;
  metadata: Metadata;
  vector?: Float32Array;
}

export interface NewRecord {
  id: string;
  vector: Float32Array;
  metadata: Metadata;
}

/** A neighbour; `score` is the dot product of normalised vectors, 1 is best. */
export interface Neighbour {
  id: string;
  score: number;
  metadata: Metadata;
}

export interface HnswSettings {
  efConstruction?: number;
  efSearch?: number;
  maxNeighbors?: number;
}

/** What a collection is created with and keeps for life. */
export interface CollectionSpec {
  /** 3-512 of [a-zA-Z0-9._-]. */
  name: string;
  dimension: number;
  /** Vectors of two fingerprints never meet: opening with another one is refused. */
  fingerprint: string;
  hnsw?: HnswSettings;
  /** More facts to keep with it: encoder, segmenter, lookbook. Flat scalars. */
  facts?: Metadata;
}

export interface CollectionSummary {
  name: string;
  fingerprint: string;
  dimension: number;
  count: number;
  facts: Metadata;
}

export interface QueryOptions {
  where?: Where;
  /** Default true. */
  metadata?: boolean;
}

/** The rows of one collection. Ids are unique; vectors are float32[dimension], L2-normalised, cosine space. */
export interface VectorCollection {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
  /** Which of the ids are stored. */
  have(ids: readonly string[]): Promise<Set<string>>;
  /** The stored rows of these ids, in the order asked; missing ones are left out. */
  get(ids: readonly string[], options?: { vectors?: boolean }): Promise<StoredRecord[]>;
  /** Any number of rows (split inside); acknowledged rows survive a kill. */
  upsert(records: readonly NewRecord[]): Promise<void>;
  /** Sets the named fields of existing rows; other fields and the vector stay. A `null` removes the field. */
  setMetadata(rows: readonly { id: string; metadata: Record<string, Scalar | null> }[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  /** The k nearest by cosine, best first; ties by id. Without `metadata` it is empty, and Chroma answers several times faster. */
  query(vector: Float32Array, k: number, options?: QueryOptions): Promise<Neighbour[]>;
  /** All rows in pages, each row once, while nothing writes. */
  pages(options?: { vectors?: boolean; where?: Where; size?: number }): AsyncIterable<StoredRecord[]>;
  count(where?: Where): Promise<number>;
}

export interface VectorStore {
  readonly kind: string;
  readonly capabilities: { persistent: boolean; exact: boolean };
  /** Opens the collection or creates it. @throws when it exists with another fingerprint or dimension. */
  open(spec: CollectionSpec): Promise<VectorCollection>;
  list(): Promise<CollectionSummary[]>;
  /** Removes a collection and all its rows; unknown names are an error. */
  drop(name: string): Promise<void>;
  close(): Promise<void>;
}

// ---- indexing -------------------------------------------------------------------

export interface Failure {
  path: string;
  reason: string;
}

/** Seconds of work by stage; stages overlap, so their sum may exceed the wall time. */
export interface StageSeconds {
  scan: number;
  decode: number;
  segment: number;
  encode: number;
  store: number;
}

export interface IndexEstimate {
  add: number;
  update: number;
  move: number;
  remove: number;
  keep: number;
  skipped: Record<string, number>;
  /** Bytes to read. */
  bytes: number;
  /** A guess from the last run on this machine, or from a short trial where there was none. */
  seconds: number;
}

export interface IndexProgress {
  /** Where one pass gives both there is one round; else the pictures are searchable before their segments are looked for. */
  round: 'pictures' | 'segments';
  /** Pictures of this round. */
  done: number;
  total: number;
  failed: number;
  imagesPerSecond: number;
  secondsLeft: number;
  stages: StageSeconds;
}

export interface IndexReport {
  added: number;
  updated: number;
  moved: number;
  removed: number;
  kept: number;
  /** Files left alone, by kind: "sidecar", "hidden", "extension .txt" … */
  skipped: Record<string, number>;
  failed: Failure[];
  segments: number;
  seconds: number;
  imagesPerSecond: number;
  stages: StageSeconds;
  /** Whole sentences for the reader: a removal that was refused, a cut by MAX_FILES, photographs met … */
  notes: string[];
  interrupted: boolean;
  /** Some of the new pictures, for a contact sheet. */
  sample: string[];
}

// ---- searching --------------------------------------------------------------------

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

// ---- exploring ----------------------------------------------------------------------

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

// ---- showing ----------------------------------------------------------------------------

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
}
