import { createHash } from 'node:crypto';
import { maskIoU, maskPixels, resizeMask } from './arithmetic/masks.js';
import { openTogether } from './closers.js';
import { openSegmenter } from './models/families.js';
import type { OpenOptions } from './models/identity.js';
import type { FoundSegment, Segmentation, SegmentationInput, Segmenter, SegmenterInput } from './types.js';

/** Raised when segments are put together in another way. */
const VERSION = 1;

/** From this intersection over union on, two masks are one segment. */
const SAME_IOU = 0.9;

/** Two masks are compared at this size, whatever their own. */
const COMPARED_PX = 128;

/**
 * Opens one segmenter, or several whose segments are put together: each carries the name of its finder, and what two
 * of them found alike is kept once. Segmenters that take seeds run last and get what the others found.
 * @param names at least one.
 * @throws LookbookError that names the model that does not open.
 */
export function openSegmentation(names: readonly string[], options: OpenOptions): Promise<Segmentation> {
  return openTogether(async (keep) => {
    const segmenters: Segmenter[] = [];
    for (const name of names) segmenters.push(await keep(openSegmenter(name, options)));
    return putTogether(segmenters);
  });
}

/** The segmenters as one; a single one keeps its own fingerprint, so that masks made by it alone stay valid. */
export function putTogether(segmenters: readonly Segmenter[]): Segmentation {
  const [only] = segmenters;
  const order = [...segmenters.keys()].sort(
    (a, b) =>
      Number(segmenters[a]!.takesSeeds ?? false) - Number(segmenters[b]!.takesSeeds ?? false) || a - b,
  );
  return {
    name: segmenters.map(({ name }) => name).join(' + '),
    fingerprint: segmenters.length === 1 ? only!.fingerprint : fingerprintOf(segmenters),
    preprocessings: [
      ...segmenters.map(({ preprocessing }) => preprocessing),
      ...segmenters.flatMap(({ closer }) => closer ?? []),
    ],
    labels: [...new Set(segmenters.flatMap(({ labels }) => labels ?? []))],
    async segment(pictures) {
      const found: FoundSegment[][] = pictures.map(() => []);
      for (const index of order) {
        const segmenter = segmenters[index]!;
        const at = { form: index, closer: closerForm(segmenters, index) };
        const own = await segmenter.segment(pictures.map((picture, n) => inputOf(picture, at, found[n]!)));
        for (const [n, segments] of own.entries()) {
          if (segmenters.length === 1) found[n] = segments;
          else found[n] = merged(found[n]!, segments, segmenter);
        }
      }
      return found;
    },
    async close() {
      await Promise.all(segmenters.map((segmenter) => segmenter.close()));
    },
  };
}

function inputOf(
  { forms, width, height }: SegmentationInput,
  at: { form: number; closer: number | undefined },
  seeds: readonly FoundSegment[],
): SegmenterInput {
  const closer = at.closer === undefined ? undefined : forms[at.closer];
  return {
    pixels: forms[at.form]!,
    width,
    height,
    ...(closer ? { closer } : {}),
    ...(seeds.length ? { seeds } : {}),
  };
}

/** Which of the forms is a segmenter's for a closer look; undefined where it takes none. */
function closerForm(segmenters: readonly Segmenter[], index: number): number | undefined {
  if (!segmenters[index]!.closer) return undefined;
  return segmenters.length + segmenters.slice(0, index).filter(({ closer }) => closer).length;
}

function fingerprintOf(segmenters: readonly Segmenter[]): string {
  const parts = segmenters.map(({ fingerprint }) => fingerprint).join(' ');
  return createHash('sha256').update(`${VERSION} ${parts}`).digest('hex').slice(0, 32);
}

/**
 * What was there, and after it what is new. Of two alike the first stays, and takes the other's label if it has none; but
 * who began with seeds has made their masks better, and only for that.
 */
function merged(
  before: readonly FoundSegment[],
  more: readonly FoundSegment[],
  { name: origin, takesSeeds = false }: Segmenter,
): FoundSegment[] {
  const out = before.map((segment) => ({ ...segment }));
  const shapes = before.map(comparable);
  for (const segment of more) {
    const shape = comparable(segment);
    const twin = shapes.findIndex((other) => isSame(shape, other));
    if (twin < 0) out.push({ ...segment, origin });
    else {
      const label = out[twin]!.label ?? segment.label;
      const mask = takesSeeds ? segment.mask : out[twin]!.mask;
      out[twin] = { ...out[twin]!, mask, ...(label === undefined ? {} : { label }) };
    }
  }
  return out;
}

interface Shape {
  mask: FoundSegment['mask'];
  pixels: number;
}

function comparable({ mask }: FoundSegment): Shape {
  const small = resizeMask(mask, COMPARED_PX, COMPARED_PX);
  return { mask: small, pixels: maskPixels(small) };
}

/** Masks whose sizes differ too much cannot reach the line: most pairs end here. */
function isSame(a: Shape, b: Shape): boolean {
  const [less, more] = a.pixels < b.pixels ? [a.pixels, b.pixels] : [b.pixels, a.pixels];
  return less >= SAME_IOU * more && maskIoU(a.mask, b.mask) >= SAME_IOU;
}
