import { createHash } from 'node:crypto';
import { maskIoU, maskPixels, resizeMask } from './arithmetic/masks.js';
import { openTogether } from './closers.js';
import { openSegmenter } from './models/families.js';
import type { OpenOptions } from './models/identity.js';
import { dtypeBeside } from './models/registry.js';
import type { FoundSegment, Segmentation, SegmentationInput, Segmenter, SegmenterInput } from './types.js';

/** Raised when segments are put together in another way. 2: a refined seed stands in for its rough form. */
const VERSION = 2;

/** From this intersection over union on, two masks are one segment. */
const SAME_IOU = 0.9;

/** Two masks are compared at this size, whatever their own. */
const COMPARED_PX = 128;

/**
 * Opens one segmenter, or several whose segments are put together: each carries the name of its finder, and what two
 * of them found alike is kept once. Segmenters that take seeds run last and get what the others found.
 * @param names at least one.
 * @param options their dtype is for those that have it; the others open as fp32.
 * @throws LookbookError that names the model that does not open.
 */
export function openSegmentation(names: readonly string[], options: OpenOptions): Promise<Segmentation> {
  return openTogether(async (keep) => {
    const segmenters: Segmenter[] = [];
    for (const name of names) {
      const dtype = await dtypeBeside(name, options.dtype ?? 'fp32');
      segmenters.push(await keep(openSegmenter(name, { ...options, dtype })));
    }
    return putTogether(segmenters);
  });
}

/** The segmenters as one; a single one keeps its own fingerprint, so that masks made by it alone stay valid. */
export function putTogether(segmenters: readonly Segmenter[]): Segmentation {
  const [only] = segmenters;
  const blind = new Set(segmenters.filter(({ looks }) => looks === false).map(({ name }) => name));
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
        const seeds = found.map((before) => (segmenter.takesSeeds ? seedsOf(before, blind) : []));
        const own = await segmenter.segment(pictures.map((picture, n) => inputOf(picture, at, seeds[n]!)));
        for (const [n, segments] of own.entries()) {
          if (segmenters.length === 1) found[n] = segments;
          else found[n] = merged(found[n]!, { segments, seeds: seeds[n]!, blind }, segmenter);
        }
      }
      return found;
    },
    async close() {
      await Promise.all(segmenters.map((segmenter) => segmenter.close()));
    },
  };
}

/** What was found by segmenters that looked. */
function seedsOf(found: readonly FoundSegment[], blind: ReadonlySet<string>): FoundSegment[] {
  return found.filter(({ origin }) => origin === undefined || !blind.has(origin));
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
 * who began with seeds has made their masks better, and only for that. A seed that it drew anew is replaced by that,
 * however far the two lie apart, and keeps its label. What says nothing of the picture gives way to what does.
 */
function merged(
  before: readonly FoundSegment[],
  found: Found,
  { name: origin, takesSeeds = false }: Segmenter,
): FoundSegment[] {
  const entries: Entry[] = before.map((segment) => ({ segment, shape: comparable(segment) }));
  const ofSeeds = found.seeds.map((seed) => entries[before.indexOf(seed)]!);
  const drawn: Entry[] = [];
  const gone = new Set<Entry>();
  for (const { seed, ...segment } of found.segments) {
    const entry = seed === undefined ? undefined : ofSeeds[seed];
    if (!entry) continue;
    const shape = comparable(segment);
    // Two seeds of one thing become one mask: it is kept once.
    const twin = drawn.find((other) => isSame(shape, other.shape));
    const label = entry.segment.label ?? segment.label;
    if (twin) {
      twin.segment = labelled(twin.segment, label);
      gone.add(entry);
    } else {
      entry.segment = { ...segment, origin, ...(label === undefined ? {} : { label }) };
      entry.shape = shape;
      drawn.push(entry);
    }
  }
  const out = entries.filter((entry) => !gone.has(entry));
  const known = [...out];
  for (const { seed, ...segment } of found.segments) {
    if (seed !== undefined && ofSeeds[seed]) continue;
    const shape = comparable(segment);
    const twin = known.find((other) => isSame(shape, other.shape));
    if (!twin) out.push({ segment: { ...segment, origin }, shape });
    else if (found.blind.has(twin.segment.origin ?? '')) twin.segment = { ...segment, origin };
    else {
      const mask = takesSeeds ? segment.mask : twin.segment.mask;
      twin.segment = { ...labelled(twin.segment, segment.label), mask };
    }
  }
  return out.map(({ segment }) => segment);
}

/** What one segmenter found in a picture, and what it began with. */
interface Found {
  segments: readonly FoundSegment[];
  seeds: readonly FoundSegment[];
  /** Names of the segmenters that do not look. */
  blind: ReadonlySet<string>;
}

/** One segment among those of all, with its form for comparisons. */
interface Entry {
  segment: FoundSegment;
  shape: Shape;
}

/** The segment with a label, unless it has one. */
function labelled(segment: FoundSegment, label: string | undefined): FoundSegment {
  return label === undefined || segment.label !== undefined ? segment : { ...segment, label };
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
