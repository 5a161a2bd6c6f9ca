/** Parts of a picture as a model with prompts sees them, and the masks that it proposes there. */
import { cutWindow } from './arithmetic/closer-look.js';
import {
  type BoxXyxy,
  type LogitFrame,
  logitResampler,
  maskFacts,
  maskInBox,
} from './arithmetic/mask-logits.js';
import { emptyMask } from './arithmetic/masks.js';
import { type Boxed, type CropWindow, isCutByCrop } from './arithmetic/proposals.js';
import { preprocess } from './arithmetic/resampling.js';
import type { Size } from './arithmetic/sampling.js';
import { LookbookError } from './errors.js';
import type { DrawnMasks, MaskDecoder, PromptPoint } from './mask-decoder.js';
import type { EverythingManifest } from './models/manifest.js';
import type { PictureGraph } from './picture-graph.js';
import type { Mask, Pixels } from './types.js';

/** segment-anything's own settings. */
const LEAST_IOU = 0.88;
const LEAST_STABILITY = 0.95;

/** The two graphs of a model that finds everything. */
export interface EverythingTools {
  manifest: EverythingManifest;
  graph: PictureGraph;
  decoder: MaskDecoder;
}

/** A mask in the whole picture's frame that is good enough: the score is the IoU that the model predicts for it. */
export interface Proposal extends Boxed {
  /** Draws it: hundreds are held as the inside of their box only. */
  mask(): Mask;
  pixels: number;
  label?: string;
  /** Index of the seed that it is. */
  seed?: number;
}

/** A part of a picture that the model has looked at. */
export interface View {
  /** The part as the model got it; prompts are points in its pixels. */
  part: Pixels;
  /** Where it lies in the masks. */
  place: { x: number; y: number } & Size;
  /**
   * Masks for prompts; null stands for one that is not good enough.
   * @param take gets the masks of each prompt, in no certain order.
   */
  propose(
    prompts: readonly (readonly PromptPoint[])[],
    take: (proposals: (Proposal | null)[], index: number) => void,
    options?: { from?: number },
  ): Promise<void>;
}

/**
 * Looks at a window of a picture.
 * @param of the window in the picture's pixels, and the size of the whole picture's masks.
 */
export async function openView(
  pixels: Pixels,
  of: { window: CropWindow; size: Size },
  tools: EverythingTools,
): Promise<View> {
  const { window, size } = of;
  const { manifest, graph, decoder } = tools;
  const part = window.layer === 0 ? pixels : preprocess(cutOut(pixels, window), manifest.preprocessing);
  const [seen] = await graph.look([part], manifest.prompts.embeddings);
  const place = placeIn(window, pixels, size);
  const resample = resamplerOf(part, manifest, place);
  return {
    part,
    place,
    propose: (prompts, take, { from = 0 } = {}) =>
      decoder.draw(seen!, prompts, (drawn, index) => {
        const masks = [...drawn.scores.keys()].slice(from);
        take(
          masks.map((m) => proposalOf(drawn, m, { resample, window, place, size, manifest })),
          index,
        );
      }),
  };
}

function placeIn(window: CropWindow, picture: Size, size: Size): View['place'] {
  const [across, down] = [size.width / picture.width, size.height / picture.height];
  const [x, y] = [Math.round(window.x * across), Math.round(window.y * down)];
  return {
    x,
    y,
    width: Math.round((window.x + window.width) * across) - x,
    height: Math.round((window.y + window.height) * down) - y,
  };
}

function cutOut(pixels: Pixels, { x, y, width, height }: CropWindow): Pixels {
  return cutWindow(pixels, { left: x, top: y, width, height });
}

interface Judging {
  resample: Resample;
  window: CropWindow;
  place: View['place'];
  size: Size;
  manifest: EverythingManifest;
}

function proposalOf(drawn: DrawnMasks, m: number, judging: Judging): Proposal | null {
  const { resample, window, place, size, manifest } = judging;
  const { leastIou = LEAST_IOU, leastStability = LEAST_STABILITY } = manifest;
  const score = drawn.scores[m]!;
  if (score <= leastIou) return null;
  const logits = resample(drawn, m);
  const { pixels, stability, bboxXyxy } = maskFacts(logits, place);
  if (!bboxXyxy || stability <= leastStability) return null;
  const [left, top, right, bottom] = bboxXyxy;
  const box: BoxXyxy = [left + place.x, top + place.y, right + place.x, bottom + place.y];
  if (window.layer > 0 && isCutByCrop(box, place, size)) return null;
  const inside = maskInBox(logits, place, bboxXyxy);
  return { mask: () => pasted(inside, { x: box[0], y: box[1] }, size), pixels, bboxXyxy: box, score };
}

function pasted(part: Mask, { x, y }: { x: number; y: number }, size: Size): Mask {
  const mask = emptyMask(size.width, size.height);
  for (let row = 0; row < part.height; row++) {
    const line = part.data.subarray(row * part.width, (row + 1) * part.width);
    mask.data.set(line, (y + row) * size.width + x);
  }
  return mask;
}

/** Logits of one mask of one prompt, at the size of the masks. */
type Resample = (drawn: DrawnMasks, mask: number) => Float32Array;

/** What fills up the model's input is cut off on the way. */
function resamplerOf(part: Pixels, manifest: EverythingManifest, mask: Size): Resample {
  const { size } = manifest.preprocessing;
  const input = { width: size, height: size };
  let made: ((logits: Float32Array) => Float32Array) | undefined;
  return (drawn, m) => {
    made ??= logitResampler(checkedFrame({ map: drawn, input, picture: part, mask }, manifest));
    return made(drawn.logits[m]!);
  };
}

/** @throws LookbookError when the masks are finer than the model's input: then they are of another picture than it. */
function checkedFrame(frame: LogitFrame, manifest: EverythingManifest): LogitFrame {
  const { map, input } = frame;
  if (map.width <= input.width && map.height <= input.height && map.width > 0) return frame;
  throw new LookbookError('segmenter', {
    what: `the output ${manifest.prompts.outputs.masks} of ${manifest.name} is not usable`,
    got: `masks of ${map.width} × ${map.height}`,
    expected: `at most ${input.width} × ${input.height}, the size of the model's input`,
    mend: 'Name the low-resolution masks in prompts.outputs.masks of the manifest.',
  });
}
