/** The contracts of encoders and segmenters, and how they want their pixels. Plain data, no behaviour. */
import type { FoundSegment, Mask, Pixels } from './pictures.js';

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

/** One picture as a segmenter wants it. */
export interface SegmenterInput {
  /** By the segmenter's preprocessing. */
  pixels: Pixels;
  /** Pixels of the upright picture itself. */
  width: number;
  height: number;
  /** What the segmenters named before it found here, for one that takes seeds. */
  seeds?: readonly FoundSegment[];
}

export interface Segmenter {
  readonly name: string;
  readonly fingerprint: string;
  readonly preprocessing: Preprocessing;
  /** Every label that it can give. Missing where it gives none. */
  readonly labels?: readonly string[];
  /** Whether it begins with what others found, and so runs after them. */
  readonly takesSeeds?: boolean;
  /** The segments of each picture, best first; a picture without any gives an empty list. */
  segment(pictures: readonly SegmenterInput[]): Promise<FoundSegment[][]>;
  close(): Promise<void>;
}

/** One picture in the form of each segmenter of a segmentation. */
export interface SegmentationInput {
  forms: readonly Pixels[];
  /** Pixels of the upright picture itself. */
  width: number;
  height: number;
}

/** One segmenter or several together, as an index sees them. */
export interface Segmentation {
  /** The names, joined by " + ". */
  readonly name: string;
  readonly fingerprint: string;
  /** One for each segmenter, in the order of `forms`. */
  readonly preprocessings: readonly Preprocessing[];
  /** Every label that any of them can give. */
  readonly labels: readonly string[];
  segment(pictures: readonly SegmentationInput[]): Promise<FoundSegment[][]>;
  close(): Promise<void>;
}
