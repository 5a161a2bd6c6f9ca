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
