/** What a run of the index says before, during and after. Plain data, no behaviour. */

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

/** One line of a trace (`index({ trace })`, LOOKBOOK_TRACE): what a batch cost. The lines of a run add up to its report. */
export interface TraceLine {
  /** ISO, when the batch was done. */
  time: string;
  /** `list` is the first line: files and store are compared. `end` is the last: places, and pictures that were none or known. */
  round: IndexProgress['round'] | 'list' | 'end';
  /** From 1, in the order in which they are done. */
  batch: number;
  pictures: number;
  /** Written to the store, of pictures and of segments. */
  rows: number;
  /**
   * Milliseconds of work by stage, reading and decoding of all its pictures together; what goes on side by side counts each,
   * so that they may exceed the wall time. In the report list is `scan`, read and decode are `decode`, masks and upsert `store`.
   */
  ms: {
    list: number;
    read: number;
    decode: number;
    segment: number;
    encode: number;
    masks: number;
    upsert: number;
  };
  /** Just then: pictures that are read or decoded, pictures that wait for the model, batches that are not stored yet. */
  queues: { reading: number; ready: number; underWay: number };
  /** MB of memory of this process; decoders and the store's server have their own. */
  rssMb: number;
}
