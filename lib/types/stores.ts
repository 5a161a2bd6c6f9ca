/** The contract of vector stores. Plain data, no behaviour. */

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
  /** Rows between two writes of the whole list of ids: 10,000 fills a large store sooner, and makes it open later. */
  syncThreshold?: number;
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

export interface ReadOptions {
  /** Default false. */
  vectors?: boolean;
  /** Default true; without, it is empty, and Chroma answers several times faster. */
  metadata?: boolean;
}

export interface QueryOptions {
  where?: Where;
  /** Only among these rows; ids that are not stored are passed over. */
  ids?: readonly string[];
  /** Default true. */
  metadata?: boolean;
}

/** The rows of one collection. Ids are unique; vectors are float32[dimension], L2-normalised, cosine space. */
export interface VectorCollection {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
  /** Names these rows: another where the collection is made anew or the store's file is another; missing where rows lie in memory. */
  readonly identity?: string;
  /** Which of the ids are stored. */
  have(ids: readonly string[]): Promise<Set<string>>;
  /** The stored rows of these ids, in the order asked; missing ones are left out. */
  get(ids: readonly string[], options?: ReadOptions): Promise<StoredRecord[]>;
  /** Any number of rows (split inside); acknowledged rows survive a kill. */
  upsert(records: readonly NewRecord[]): Promise<void>;
  /** Sets the named fields of existing rows; other fields and the vector stay. A `null` removes the field. */
  setMetadata(rows: readonly { id: string; metadata: Record<string, Scalar | null> }[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  /** The k nearest by cosine, best first; ties by id. Without `metadata` it is empty, and Chroma answers several times faster. */
  query(vector: Float32Array, k: number, options?: QueryOptions): Promise<Neighbour[]>;
  /** All rows in pages, each row once, while nothing writes. */
  pages(options?: ReadOptions & { where?: Where; size?: number }): AsyncIterable<StoredRecord[]>;
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
