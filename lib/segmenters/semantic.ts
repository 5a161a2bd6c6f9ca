import { connectedRegions, emptyMask } from '../arithmetic/masks.js';
import { isFiniteVector } from '../arithmetic/vectors.js';
import { LookbookError } from '../errors.js';
import type { OpenFamily } from '../models/families.js';
import { fingerprintOf, greyPicture, placeOf } from '../models/identity.js';
import type { SemanticManifest } from '../models/manifest.js';
import { MAX_SEGMENTS, SMALLEST_AREA } from '../models/segment-limits.js';
import { type Features, openPictureGraph } from '../picture-graph.js';
import type { FoundSegment, Segmenter } from '../types.js';

/** Raised when regions are made in another way. */
const VERSION = 1;

/** The class map is made this large at most: masks are drawn smooth at 256, and 513 costs four times as much. */
const LARGEST_MAP = 256;

/** Semantic segmentation: logits per class → the best class of each pixel → connected regions with label and score. */
export const open: OpenFamily<SemanticManifest, Segmenter> = async (manifest, files, options) => {
  const { output, preprocessing } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const graph = await openPictureGraph(manifest, files.image!, { ...placeOf(options), outputs: [output] });
  const size = Math.min(preprocessing.size, LARGEST_MAP);
  const segment: Segmenter['segment'] = async (pictures) => {
    const looks = await graph.look(pictures.map(({ pixels }) => pixels));
    return looks.map((look) => {
      const { data, dims } = checkedLogits(look[output]!, manifest);
      return regionsOf(data, dims, size, manifest);
    });
  };
  try {
    const pixels = greyPicture(preprocessing);
    await segment([{ pixels, width: pixels.width, height: pixels.height }]);
  } catch (error) {
    await graph.close();
    throw error;
  }
  const { name, background } = manifest;
  const labels = manifest.labels.filter((_, index) => index !== background);
  return { name, fingerprint, preprocessing, labels, segment, close: () => graph.close() };
};

/** @throws LookbookError when there is not one finite map a label. */
function checkedLogits(logits: Features, { name, output, labels }: SemanticManifest): Features {
  const isMaps = logits.dims.length === 3 && logits.dims[0] === labels.length;
  if (isMaps && isFiniteVector(logits.data)) return logits;
  throw new LookbookError('segmenter', {
    what: `the output ${output} of ${name} is not usable`,
    got: isMaps ? 'numbers that are not finite' : `[${logits.dims}] a picture`,
    expected: `[${labels.length}, h, w], one map for each label`,
    mend: 'Correct output and labels in the manifest, or fetch the weights again.',
  });
}

/** @returns regions by certainty × area, best first; the score is the mean probability of the label. */
export function regionsOf(
  logits: Float32Array,
  dims: readonly number[],
  size: number,
  manifest: Pick<SemanticManifest, 'labels' | 'background' | 'alignCorners'>,
): FoundSegment[] {
  const [classes = 0, height = 0, width = 0] = dims;
  const at = samplingOf(size, width, manifest.alignCorners ?? false);
  const down = samplingOf(size, height, manifest.alignCorners ?? false);
  const map = classMap(logits, { classes, height, width, size, at, down });
  const probability = softmax(logits, classes, height * width);
  const {
    regionOf,
    classes: regionClasses,
    sizes,
  } = connectedRegions(map, size, size, manifest.background ?? -1);
  const kept = regionClasses
    .map((label, region) => ({ label, region, pixels: sizes[region]! }))
    .filter(({ pixels }) => pixels >= SMALLEST_AREA * size * size)
    .map((entry) => ({ ...entry, mask: emptyMask(size, size), sum: 0 }));
  const byRegion = new Map(kept.map((entry) => [entry.region, entry]));
  for (let i = 0; i < regionOf.length; i++) {
    const entry = byRegion.get(regionOf[i]!);
    if (!entry) continue;
    entry.mask.data[i] = 1;
    const cell = Math.round(down[Math.floor(i / size)]!) * width + Math.round(at[i % size]!);
    entry.sum += probability[entry.label * height * width + cell]!;
  }
  return kept
    .sort((a, b) => b.sum - a.sum)
    .slice(0, MAX_SEGMENTS)
    .map(({ mask, sum, pixels, label }) => ({
      mask,
      score: sum / pixels,
      label: manifest.labels[label] ?? `class ${label}`,
    }));
}

interface Upsampling {
  classes: number;
  height: number;
  width: number;
  size: number;
  at: Float64Array;
  down: Float64Array;
}

/** The best class at each pixel of size × size, logits interpolated bilinearly between cells. */
function classMap(logits: Float32Array, form: Upsampling): Uint16Array {
  const { classes, height, width, size, at, down } = form;
  const map = new Uint16Array(size * size);
  const best = new Float32Array(size * size).fill(Number.NEGATIVE_INFINITY);
  const row = new Float64Array(width);
  for (let label = 0; label < classes; label++) {
    const plane = label * height * width;
    for (let y = 0; y < size; y++) {
      const top = Math.floor(down[y]!);
      const below = Math.min(height - 1, top + 1);
      const share = down[y]! - top;
      for (let x = 0; x < width; x++) {
        row[x] = logits[plane + top * width + x]! * (1 - share) + logits[plane + below * width + x]! * share;
      }
      for (let x = 0; x < size; x++) {
        const left = Math.floor(at[x]!);
        const next = row[Math.min(width - 1, left + 1)]!;
        const value = row[left]! + (next - row[left]!) * (at[x]! - left);
        const pixel = y * size + x;
        if (value > best[pixel]!) {
          best[pixel] = value;
          map[pixel] = label;
        }
      }
    }
  }
  return map;
}

/** Where each of `size` pixels falls between `cells` cells, as torch's interpolate and TensorFlow's align_corners do. */
function samplingOf(size: number, cells: number, alignCorners: boolean): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    const position = alignCorners ? (i * (cells - 1)) / (size - 1) : ((i + 0.5) * cells) / size - 0.5;
    return Math.max(0, Math.min(cells - 1, position));
  });
}

/** logits [classes, cells] → probabilities of the same form. */
function softmax(logits: Float32Array, classes: number, cells: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let cell = 0; cell < cells; cell++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let label = 0; label < classes; label++) most = Math.max(most, logits[label * cells + cell]!);
    let sum = 0;
    for (let label = 0; label < classes; label++) {
      const value = Math.exp(logits[label * cells + cell]! - most);
      out[label * cells + cell] = value;
      sum += value;
    }
    for (let label = 0; label < classes; label++) out[label * cells + cell]! /= sum;
  }
  return out;
}
