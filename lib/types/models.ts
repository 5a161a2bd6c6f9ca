/** The contracts of encoders and segmenters, and how they want their pixels. Plain data, no behaviour. */

import type { FoundSegment, Mask, Pixels } from './pictures.js';
import type { Fusion } from './searching.js';

/**
 * How a model wants its pixels. `shortest` scales the shorter side to `scaleTo` and crops a centre of size × size,
 * `squash` stretches to size × size, `longest` scales the longer side to `size` (zeros fill up right and below, after
 * normalising), `within` scales the shorter side to `size` unless the longer one would pass `longest`, and cuts nothing:
 * the model's input is then as large as the picture becomes. `none` is for what looks at no pixels: one black pixel.
 */
export interface Preprocessing {
  resize: 'shortest' | 'squash' | 'longest' | 'within' | 'none';
  /** Pixels of the model's square input; of `within`, of its shorter side. */
  size: number;
  /** Of `shortest`: pixels of the shorter side before the crop, at least `size` (default: `size`). */
  scaleTo?: number;
  /** Of `within`: the most pixels of the longer side. */
  longest?: number;
  /** Of `within`: both sides are then stretched up to the next multiple of this (MaskFormer's size_divisor). */
  multipleOf?: number;
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

/**
 * How a segment is cut out for an encoder that looks at it as a picture of its own: `margin` is room around its box on
 * each side, as a share of the box's longer side; `outside` is what is done with the pixels of the crop that lie outside
 * of the mask: painted in the segment's mean colour or white, blurred, or left as it is.
 */
export interface CropForm {
  margin: number;
  outside: 'mean' | 'white' | 'blur' | 'as it is';
}

/** One picture as the encoder wants it: its preprocessed pixels and, where segments are wanted, their masks. */
export interface EncoderInput {
  pixels: Pixels;
  /** Of the whole picture. */
  masks?: readonly Mask[];
  /** The upright picture's own size: where the preprocessing cuts, it says which part of the masks the encoder sees. */
  size?: { width: number; height: number };
}

/**
 * L2-normalised vectors; `segments` in the order of the masks, only where the encoder pools them itself, and null for
 * a segment that its preprocessing mostly cuts off.
 */
export interface Embedding {
  picture: Float32Array;
  /** Of the picture's vector before it was normalised: where metrics are compared it gets it back. */
  length?: number;
  segments?: (Float32Array | null)[];
}

/**
 * From score to relevance, as measured: 1 / (1 + e^(−slope · (m − half))), where m is for words the score less `rivals`
 * times what the ten best of the background score, for pictures the score in deviations from the background's mean. Hits
 * below `cut` are left out unless the query says otherwise.
 */
export interface RelevanceCurve {
  /** Of words; 0 where it is left out. */
  rivals?: number;
  half: number;
  slope: number;
  /** A relevance, 0..1. */
  cut: number;
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
  /** How its crops are cut, where the manifest says so; lib/cropping/crops.ts has the default. */
  readonly crops?: CropForm;
  /** Measured on truth-known edits: pictures of a lower cosine, or of more hash bits apart, are not the same one edited. */
  readonly duplicates?: { cosine: number; bits?: number };
  /** Where the manifest knows it: what the encoder was made for, and the one line that serves the rest. */
  readonly advice?: string;
  embed(pictures: readonly EncoderInput[]): Promise<Embedding[]>;
  /** L2-normalised vectors of texts. Missing where the model has no text side. */
  embedTexts?(texts: readonly string[]): Promise<Float32Array[]>;
  /** What the model reads of a text, where that is not all of it: a sentence for the reader. */
  cutOf?(text: string): string | undefined;
  /** Cosine → the model's own logit: scale · cosine + bias. Missing where the model card gives none. */
  readonly logit?: { scale: number; bias: number };
  /** Where it was measured: what its scores mean, for words and for pictures that ask. */
  readonly relevance?: { words?: RelevanceCurve; pictures?: RelevanceCurve };
  /** Where it was measured: how words are best answered. */
  readonly fusion?: Fusion;
  close(): Promise<void>;
}

/** One picture as a segmenter wants it. */
export interface SegmenterInput {
  /** By the segmenter's preprocessing. */
  pixels: Pixels;
  /** By its rule for a closer look, where it has one; without it there is none. */
  closer?: Pixels;
  /** Pixels of the upright picture itself. */
  width: number;
  height: number;
  /** What the segmenters that look at pictures found here, for one that takes seeds. */
  seeds?: readonly FoundSegment[];
}

export interface Segmenter {
  readonly name: string;
  readonly fingerprint: string;
  readonly preprocessing: Preprocessing;
  /** A larger form of the whole picture, of a segmenter that looks at parts of it once more. */
  readonly closer?: Preprocessing;
  /** Every label that it can give. Missing where it gives none. */
  readonly labels?: readonly string[];
  /** Whether it begins with what others found, and so runs after them. */
  readonly takesSeeds?: boolean;
  /** False where its segments say nothing of what the picture shows: they are nobody's seeds. */
  readonly looks?: false;
  /** The segments of each picture, best first; a picture without any gives an empty list. */
  segment(pictures: readonly SegmenterInput[]): Promise<FoundSegment[][]>;
  close(): Promise<void>;
}

/** Points out in pictures what words say, when a question is asked. */
export interface Highlighter {
  readonly name: string;
  readonly fingerprint: string;
  readonly preprocessing: Preprocessing;
  /** The part of each picture that the words mean, or null where there is none; the words become its label. */
  highlight(pictures: readonly SegmenterInput[], text: string): Promise<(FoundSegment | null)[]>;
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
  /** In the order of `forms`: one for each segmenter, then those for a closer look. */
  readonly preprocessings: readonly Preprocessing[];
  /** Every label that any of them can give. */
  readonly labels: readonly string[];
  segment(pictures: readonly SegmentationInput[]): Promise<FoundSegment[][]>;
  close(): Promise<void>;
}
