/** From an encoded picture to the pixels that a model's rule asks for, by libvips or by our own arithmetic. */
import { resample, sourceWindow } from '../arithmetic/resampling.js';
import { planResize, type ResizePlan, shrinks, type Window } from '../arithmetic/resize-plan.js';
import type { Pixels, Preprocessing } from '../types.js';
import { opaque, open, raw, type Source } from './libvips.js';

/**
 * Up to here every picture goes through our own resampler, equal to Pillow to the bit: 1 to 2 ms on one core, as much
 * as libvips takes. It grows to 5 ms for 640 × 427 and to 90 ms for 6 million pixels.
 */
const EXACT_PIXELS = 256 * 256;

/** Up to here a picture with one side that grows and one that shrinks is resampled exactly too (at most 60 ms). */
const MIXED_PIXELS = 4e6;

/** Up to here a JPEG whose sides do not suit libjpeg's shrinking is read in full (24 million pixels: 0.15 s). */
const FULL_READ_PIXELS = 24e6;

/** libvips's names; its nearest picks other pixels than Pillow's (measured: 16 of 255 on average). */
const LIBVIPS_KERNELS = {
  nearest: undefined,
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
} as const;

/**
 * Shrinking goes through libvips, in a third of the time and on threads of its own; measured on photographs it differs
 * from Pillow by 0.1 to 0.8 of 255 on average at 224 pixels, by up to 1.2 at 96. Enlarging goes through our own
 * resampler, because libvips displaces an enlargement by half a pixel (measured: up to 176 of 255).
 */
export async function resizeTo(bytes: Uint8Array, source: Source, rule: Preprocessing): Promise<Pixels> {
  if (rule.resize === 'none') return { data: new Uint8Array(3), width: 1, height: 1 };
  const { interpolation } = rule;
  const plan = planResize(source.width, source.height, rule);
  const kernel = LIBVIPS_KERNELS[interpolation];
  const pixels = source.width * source.height;
  if (kernel === undefined || pixels <= EXACT_PIXELS) return exactly(bytes, source, { plan, interpolation });
  if (shrinks(source.width, source.height, plan)) {
    const upright = opaque(open(bytes));
    const read = suitsShrinkingOnLoad(source, plan) ? upright : upright.extract(all(source));
    return raw(
      read
        .resize(plan.width, plan.height, { fit: 'fill', kernel, fastShrinkOnLoad: false })
        .extract(plan.window),
    );
  }
  const grows = plan.width > source.width && plan.height > source.height;
  if (grows || pixels <= MIXED_PIXELS) return exactly(bytes, source, { plan, interpolation });
  const narrow = { width: Math.min(plan.width, source.width), height: Math.min(plan.height, source.height) };
  const narrowed = opaque(open(bytes)).resize(narrow.width, narrow.height, {
    fit: 'fill',
    kernel,
    fastShrinkOnLoad: false,
  });
  return resample(await raw(narrowed), plan, interpolation);
}

/** A copy of at most `px` on its longer side, never enlarged. */
export async function workingCopy(bytes: Uint8Array, px: number): Promise<Pixels> {
  return raw(
    opaque(open(bytes)).resize(px, px, { fit: 'inside', withoutEnlargement: true, kernel: 'cubic' }),
  );
}

/** Pillow's own arithmetic. Of an enlargement only what the plan keeps is read and computed, however large it is. */
async function exactly(
  bytes: Uint8Array,
  source: Source,
  { plan, interpolation }: { plan: ResizePlan; interpolation: Preprocessing['interpolation'] },
): Promise<Pixels> {
  const { width, height } = source;
  const part = sourceWindow(width, height, plan, interpolation);
  // Transparency is left to raw, because libvips rounds it down: two steps of 255 after an enlargement.
  const pixels = await raw(open(bytes).rotate().toColourspace('srgb').extract(part));
  return resample(pixels, plan, interpolation, { left: part.left, top: part.top, width, height });
}

/**
 * Whether libjpeg may shrink while it reads. It rounds each side up to whole blocks of 2, 4 or 8 pixels, and libvips
 * stretches what it gets over the whole: on a side that is no multiple the picture drifts by up to half a pixel
 * (measured, 3000 × 2250 to 224: mean 1.8, most 40 of 255; in full 0.7 and 12, at 51 ms for 28). Without
 * fastShrinkOnLoad sharp leaves a factor of 2 to the kernel; with it the difference was up to 6.4 on average.
 */
function suitsShrinkingOnLoad({ width, height, format }: Source, plan: ResizePlan): boolean {
  if (format !== 'jpeg' || width * height > FULL_READ_PIXELS) return true;
  const factor = Math.min(width / plan.width, height / plan.height);
  const shrunk = [8, 4, 2].find((block) => factor >= 2 * block) ?? 1;
  return width % shrunk === 0 && height % shrunk === 0;
}

/** A cut before the resize that cuts nothing: sharp then reads the picture in full. */
function all({ width, height }: Source): Window {
  return { left: 0, top: 0, width, height };
}
