/** What is measured of encoders on pictures of one's own. Plain data, no behaviour. */
import type { MapView, Sprite } from './showing.js';

/** How far two vectors are from each other. `minkowski` is that of p = 3. */
export type Metric = 'cosine' | 'euclidean' | 'sqeuclidean' | 'minkowski' | 'dot';

/** A mean over queries, and where it may lie: 95 of 100 such samples of queries have theirs between `low` and `high`. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
}

/** Path → class. */
export type LabelTable = Readonly<Record<string, string>>;

/** Words → the paths of the pictures that they should find. */
export type QueryTable = Readonly<Record<string, readonly string[]>>;

/**
 * Paths in a file are absolute, or count from the file's own folder or from one of the IMAGES; those of a table in memory
 * count from the project's folder in place of the file's.
 */
export interface EvaluateOptions {
  /**
   * Which class each picture has: { path: class }, or a file that holds it, JSON or CSV with the columns path and class.
   * Default: the name of the folder that a picture lies in, where that tells pictures apart; null: none.
   */
  labels?: string | LabelTable | null;
  /** What words must find: { text: [paths] }, or a file that holds it, JSON or CSV with the columns text and path. */
  queries?: string | QueryTable;
  /** By which vectors are compared (default cosine); words are asked as a search asks them. */
  metric?: Metric;
  /** How many of the first count for precision, recall and nDCG (default 10). */
  k?: number;
  /** Pictures that are edited and looked for again (default 100 where there are neither labels nor queries, else 0). */
  edits?: number;
  /** A file that gets the figures as a page. */
  report?: string;
  signal?: AbortSignal;
  /** Gets the share of the work that is done, 0..1. */
  onProgress?: (share: number) => void;
}

/** How well pictures find others of their class, each asking for all others. */
export interface LabelFigures {
  /** Where the classes come from, in words. */
  from: string;
  /** Pictures that asked. */
  queries: number;
  /**
   * 0..100, of the fifteen nearest: the first counts 15, the last 1, divided by what fifteen right ones give, as the public
   * ConvNet feature explorer scores.
   */
  score: Estimate;
  /** Share of right ones among the first k, 0..1. */
  precision: Estimate;
  /** Mean of the precisions at each right one of all pictures, 0..1. */
  averagePrecision: Estimate;
  /** The precision of an order by chance, 0..1. */
  chance: number;
  /** The worst first. */
  classes: ClassFigures[];
}

export interface ClassFigures {
  label: string;
  pictures: number;
  /** Means over the class's own queries. */
  score: number;
  precision: number;
  averagePrecision: number;
  /** The other class that is met most among the first k, and its share of these places. */
  mistakenFor?: { label: string; share: number };
}

/** One picture of an answer. */
export interface RankedPicture {
  imageId: string;
  path: string;
  /** Whether it is one of those that were wanted. */
  right: boolean;
}

export interface QueryOutcome {
  text: string;
  /** Pictures that the words should find. */
  wanted: number;
  /** How many of them are among the first k. */
  found: number;
  /** Of the first right one, from 1; null where none is among the first hundred. */
  rank: number | null;
  ndcg: number;
  /** What came first. */
  first: RankedPicture[];
}

/** How well words find what they should. */
export interface QueryFigures {
  from: string;
  queries: number;
  /** Share of the wanted pictures that are among the first k, 0..1. */
  recall: Estimate;
  ndcg: Estimate;
  /** 1 / rank of the first right one, 0 beyond the first hundred. */
  reciprocalRank: Estimate;
  /** The worst first, ten at most. */
  worst: QueryOutcome[];
}

/** What is done to a picture before it is looked for again. */
export type EditName = 'crop' | 'flipped' | 'brighter' | 'recompressed';

/** How well edited pictures find the pictures that they were. */
export interface EditFigures {
  edit: EditName;
  pictures: number;
  /** Share of edited pictures whose own picture is the nearest of all, 0..1. */
  first: Estimate;
  reciprocalRank: Estimate;
  /** Of the edited picture's vector with the picture's own. */
  cosine: Estimate;
}

/** What a lookbook's vectors are worth on its own pictures. */
export interface Evaluation {
  lookbook: string;
  encoder: string;
  layer?: string;
  dimension: number;
  pictures: number;
  metric: Metric;
  k: number;
  labels?: LabelFigures;
  queries?: QueryFigures;
  edits?: EditFigures[];
  /** Sentences for the reader: what was left out, what the figures cannot say. */
  notes: string[];
}

/**
 * A model to compare, and which of its layers: names that its manifest lists, or tensors of its graph by name; 'all' takes
 * its own vector and every layer that its manifest lists.
 */
export interface ComparedModel {
  encoder: string;
  layers?: readonly string[] | 'all';
  dtype?: 'fp32' | 'fp16' | 'q8';
}

export interface CompareOptions {
  /** A folder, several, files, or a .csv with a `path` column (default: images). */
  images?: string | readonly string[];
  /** As of EvaluateOptions. */
  labels?: string | LabelTable | null;
  /** Default: all. */
  metrics?: readonly Metric[];
  /** Of precision and of the agreement (default 10). */
  k?: number;
  /** Path of the picture of the example rows (default: the one whose scores come closest to the means of all cells). */
  example?: string;
  /** Edited pictures where there are no labels (default 50). */
  edits?: number;
  /**
   * Scores of others, for the eye: shown as dashed lines (default: the best ones of a published-scores.json that lies in
   * a folder of the images).
   */
  published?: readonly PublishedScore[];
  /** Lays out the pictures as two of the cells see them: see Comparison.maps (default false). */
  maps?: boolean;
  device?: 'cpu' | 'cuda' | 'coreml' | 'dml' | 'webgpu';
  allowPrivateUrls?: boolean;
  signal?: AbortSignal;
  /** Gets the share of the work that is done, 0..1. */
  onProgress?: (share: number) => void;
}

/** 0..100 as LabelFigures.score, with a name to read. */
export interface PublishedScore {
  title: string;
  score: number;
  /** Default: shown with every metric. */
  metric?: Metric;
}

export interface ModelFacts {
  encoder: string;
  /** Milliseconds of the model itself for each picture, one pass for all of its layers. */
  msPerPicture: number;
  /** Of the files that it needs. */
  bytes: number;
}

/** One picture and what is nearest to it by one cell. */
export interface ExampleRow {
  query: ExamplePicture;
  /** The fifteen nearest, nearest first. */
  neighbours: (ExamplePicture & { right: boolean })[];
}

export interface ExamplePicture {
  path: string;
  /** Index into the comparison's sprite, where there is one. */
  tile?: number;
}

/** What one layer of one model is worth by one metric. */
export interface ComparisonCell {
  encoder: string;
  /** Null: the vector that the model gives as its own. */
  layer: string | null;
  metric: Metric;
  dimension: number;
  /** Where there are labels: as of LabelFigures. */
  score?: Estimate;
  precision?: Estimate;
  averagePrecision?: Estimate;
  /** Where there are none. */
  edits?: EditFigures[];
  example: ExampleRow;
}

/** How alike two cells see the pictures: the share of the k nearest that both name, 0..1. */
export interface Agreement {
  /** Indices into the comparison's cells. */
  a: number;
  b: number;
  overlap: Estimate;
}

/** How far the best cell is ahead of another, of the same pictures asking both. */
export interface Lead {
  /** Indices into the comparison's cells: the best one, and the best one of another model, layer or metric. */
  best: number;
  rival: number;
  /** Of their scores, 0..100. Where `low` is above 0 it is more than chance. */
  ahead: Estimate;
}

export interface Comparison {
  pictures: number;
  k: number;
  /** Where the classes come from, and how many there are; missing where there are none. */
  labels?: { from: string; classes: number; chance: number };
  models: ModelFacts[];
  /** In the order of models, layers, metrics. */
  cells: ComparisonCell[];
  /** Of each pair of models by the first metric, of their own vectors. */
  agreement: Agreement[];
  /** Where there are labels and two cells or more. */
  lead?: Lead;
  published: PublishedScore[];
  sprite?: Sprite;
  /**
   * Where they were asked for: the same pictures as the best layers of the two best models see them, or the best and the
   * worst layer of one. Points of both are in one order.
   */
  maps?: MapView[];
  notes: string[];
}
