/** Pure arithmetic from a semantic segmenter's logits to a class for each pixel. */
import { type Size, samplingOf } from './sampling.js';

/** One map of cells a class, float32[classes, height, width], and how the cells lie over the picture. */
export interface ClassLogits extends Size {
  data: Float32Array;
  classes: number;
  /** TensorFlow's align_corners; torch's half pixels by default. */
  alignCorners?: boolean | undefined;
}

/** exp(−20) of 150 classes together is less than a millionth: such logits are left out of the sum. */
const NEGLIGIBLE = -20;

/**
 * The best class of each pixel, uint16[height, width], logits interpolated bilinearly between cells: the reference's
 * upsampling and arg max. Between four cells no value leaves the range of the four, so that only the classes that can
 * win there are interpolated: it costs the cells times the classes, and hardly depends on the size of the map.
 */
export function classMap(logits: ClassLogits, to: Size): Uint16Array {
  const { data, classes, height, width, alignCorners } = logits;
  const down = samplingOf(to.height, height, alignCorners);
  const across = samplingOf(to.width, width, alignCorners);
  const map = new Uint16Array(to.width * to.height);
  const chosen = emptyCandidates(width, classes);
  for (let y = 0, top = -1; y < to.height; y++) {
    const rows = { top: down.before[y]! * width, below: down.after[y]! * width };
    if (down.before[y]! !== top) {
      top = down.before[y]!;
      chooseCandidates(chosen, logits, rows);
    }
    const share = down.share[y]!;
    for (let x = 0; x < to.width; x++) {
      const left = across.before[x]!;
      const right = across.after[x]!;
      const first = left * classes;
      const end = first + chosen.counts[left]!;
      let best = chosen.classes[first]!;
      let most = Number.NEGATIVE_INFINITY;
      for (let n = end - first > 1 ? first : end; n < end; n++) {
        const upper = chosen.classes[n]! * height * width + rows.top;
        const lower = chosen.classes[n]! * height * width + rows.below;
        const near = data[upper + left]! + (data[lower + left]! - data[upper + left]!) * share;
        const far = data[upper + right]! + (data[lower + right]! - data[upper + right]!) * share;
        const value = near + (far - near) * across.share[x]!;
        if (value > most) {
          most = value;
          best = chosen.classes[n]!;
        }
      }
      map[y * to.width + x] = best;
    }
  }
  return map;
}

/** The classes that can be the best between a cell, its right neighbour and the two below them, for a row of cells. */
interface Candidates {
  /** uint16[width, classes]; of each row the first `counts`, ascending. */
  classes: Uint16Array;
  counts: Int32Array;
  /** The value that one class reaches everywhere between the four cells. */
  reached: Float32Array;
}

function emptyCandidates(width: number, classes: number): Candidates {
  return {
    classes: new Uint16Array(width * classes),
    counts: new Int32Array(width),
    reached: new Float32Array(width),
  };
}

function chooseCandidates(
  { classes: chosen, counts, reached }: Candidates,
  { data, classes, height, width }: ClassLogits,
  rows: { top: number; below: number },
): void {
  reached.fill(Number.NEGATIVE_INFINITY);
  counts.fill(0);
  for (let label = 0; label < classes; label++) {
    const top = label * height * width + rows.top;
    const below = label * height * width + rows.below;
    let least = Math.min(data[top]!, data[below]!);
    for (let left = 0; left < width; left++) {
      const right = Math.min(width - 1, left + 1);
      const next = Math.min(data[top + right]!, data[below + right]!);
      const lowest = least < next ? least : next;
      if (lowest > reached[left]!) reached[left] = lowest;
      least = next;
    }
  }
  for (let label = 0; label < classes; label++) {
    const top = label * height * width + rows.top;
    const below = label * height * width + rows.below;
    let most = Math.max(data[top]!, data[below]!);
    for (let left = 0; left < width; left++) {
      const right = Math.min(width - 1, left + 1);
      const next = Math.max(data[top + right]!, data[below + right]!);
      if ((most > next ? most : next) >= reached[left]!) {
        chosen[left * classes + counts[left]!] = label;
        counts[left]!++;
      }
      most = next;
    }
  }
}

/**
 * The mean probability of each region's class over its pixels: softmax at the cells, interpolated between them.
 * @param regions a region of each pixel of the map, −1 for none, and the class of each region.
 */
export function meanProbabilities(
  logits: ClassLogits,
  to: Size,
  { regionOf, classes }: { regionOf: Int32Array; classes: readonly number[] },
): Float64Array {
  const { height, width, alignCorners } = logits;
  const down = samplingOf(to.height, height, alignCorners);
  const across = samplingOf(to.width, width, alignCorners);
  const probability = probabilitiesOf(logits);
  const sums = new Float64Array(classes.length);
  const counts = new Float64Array(classes.length);
  for (let y = 0; y < to.height; y++) {
    const top = down.before[y]! * width;
    const below = down.after[y]! * width;
    const share = down.share[y]!;
    const row = y * to.width;
    for (let x = 0; x < to.width; ) {
      const region = regionOf[row + x]!;
      const left = across.before[x]!;
      const right = across.after[x]!;
      // Pixels of one region between the same cells share their four probabilities.
      let pixels = 0;
      let shares = 0;
      for (; x < to.width && regionOf[row + x] === region && across.before[x] === left; x++) {
        pixels++;
        shares += across.share[x]!;
      }
      if (region < 0) continue;
      const label = classes[region]!;
      const nearTop = probability(label, top + left);
      const farTop = probability(label, top + right);
      const near = nearTop + (probability(label, below + left) - nearTop) * share;
      const far = farTop + (probability(label, below + right) - farTop) * share;
      sums[region]! += near * pixels + (far - near) * shares;
      counts[region]! += pixels;
    }
  }
  return sums.map((sum, region) => Math.min(1, sum / Math.max(1, counts[region]!)));
}

/** The softmax of one class at one cell; the last answer of each cell is kept, for neighbouring pixels ask the same. */
function probabilitiesOf(logits: ClassLogits): (label: number, cell: number) => number {
  const { data, height, width } = logits;
  const cells = height * width;
  const total = logSumExp(logits);
  const asked = new Int32Array(cells).fill(-1);
  const answers = new Float64Array(cells);
  return (label, cell) => {
    if (asked[cell] !== label) {
      asked[cell] = label;
      answers[cell] = Math.exp(data[label * cells + cell]! - total[cell]!);
    }
    return answers[cell]!;
  };
}

/** log Σ exp(logit) of each cell, float32[cells]: a class's probability is exp(logit − this). */
function logSumExp({ data, classes, height, width }: ClassLogits): Float32Array {
  const cells = height * width;
  const most = data.slice(0, cells);
  for (let label = 1; label < classes; label++) {
    const plane = label * cells;
    for (let cell = 0; cell < cells; cell++) {
      if (data[plane + cell]! > most[cell]!) most[cell] = data[plane + cell]!;
    }
  }
  const sums = new Float32Array(cells);
  for (let label = 0; label < classes; label++) {
    const plane = label * cells;
    for (let cell = 0; cell < cells; cell++) {
      const below = data[plane + cell]! - most[cell]!;
      if (below > NEGLIGIBLE) sums[cell]! += Math.exp(below);
    }
  }
  return most.map((value, cell) => value + Math.log(sums[cell]!));
}
