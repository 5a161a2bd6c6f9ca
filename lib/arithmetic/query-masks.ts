/** Pure arithmetic from a segmenter's queries, each a class and a mask, to what each pixel belongs to. */
import { resizePlane, type Size, samplingOf } from './sampling.js';

/** What a graph says of one picture; cells of the masks are width × height. */
export interface Queries extends Size {
  /** Logits, float32[queries, classCount]; the last class is "no object". */
  classes: Float32Array;
  classCount: number;
  /** Logits, float32[queries, height, width]. */
  masks: Float32Array;
}

export interface QueryRule {
  /** A query counts above this probability of its class. */
  threshold: number;
  /** A pixel counts for a query's own area from this probability on, the class's probability multiplied in. */
  maskThreshold: number;
  /** A query must keep more than this share of its own area beside the others. */
  overlap: number;
}

export interface FoundQuery {
  label: number;
  /** Probability of the class. */
  score: number;
  pixels: number;
}

/** The queries that hold, and the index among them for each pixel, int32[height, width]; −1 where there is none. */
export interface QueryMap {
  found: FoundQuery[];
  map: Int32Array;
}

/**
 * transformers' post_process_panoptic_segmentation without fusing, which DETR and MaskFormer share: probabilities are
 * upsampled bilinearly and multiplied by the class's probability before anything is measured; each pixel goes to the
 * highest query, however low it is; a query that keeps too little of its own area leaves its pixels to nobody.
 */
export function queryMap(queries: Queries, rule: QueryRule, to: Size): QueryMap {
  const { classes, classCount, masks, width, height } = queries;
  const cells = width * height;
  const sampling = { down: samplingOf(to.height, height), across: samplingOf(to.width, width) };
  const owner = new Int32Array(to.width * to.height).fill(-1);
  const most = new Float32Array(owner.length).fill(Number.NEGATIVE_INFINITY);
  const kept: (FoundQuery & { own: number })[] = [];
  for (let query = 0; query * classCount < classes.length; query++) {
    const { label, score } = bestClass(classes.subarray(query * classCount, (query + 1) * classCount));
    if (label === classCount - 1 || score <= rule.threshold) continue;
    const logits = masks.subarray(query * cells, (query + 1) * cells);
    const plane = resizePlane(logits.map(sigmoid), queries, sampling);
    let own = 0;
    for (let at = 0; at < plane.length; at++) {
      const value = Math.fround(plane[at]! * score);
      if (value >= rule.maskThreshold) own++;
      if (value <= most[at]!) continue;
      most[at] = value;
      owner[at] = kept.length;
    }
    kept.push({ label, score, own, pixels: 0 });
  }
  for (const query of owner) if (query >= 0) kept[query]!.pixels++;
  const holds = kept.map(({ own, pixels }) => pixels > 0 && own > 0 && pixels / own > rule.overlap);
  const found = kept.filter((_, query) => holds[query]);
  let next = 0;
  const numbers = holds.map((hold) => (hold ? next++ : -1));
  return {
    found: found.map(({ label, score, pixels }) => ({ label, score, pixels })),
    map: owner.map((query) => (query < 0 ? -1 : numbers[query]!)),
  };
}

/** The highest class of one query's logits and its softmax. */
function bestClass(logits: Float32Array): { label: number; score: number } {
  let label = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[label]!) label = i;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - logits[label]!);
  return { label, score: Math.fround(1 / sum) };
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
