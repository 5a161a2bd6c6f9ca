/** What a picture may cost by its size, and which must wait for each other. */
import type { Source } from './libvips.js';
import type { Limits } from './words.js';

/**
 * Memory that libvips takes at its worst, measured on 24 million pixels in several forms: JPEG turned or progressive 4
 * bytes a pixel; PNG turned 6, interlaced 7, of 16 bits with alpha 15; WebP 9, TIFF 6; AVIF 20.
 */
const BYTES_PER_PIXEL: Record<string, number> = { jpeg: 4, heif: 20 };
const OTHERS = 13;
/** Pictures that may take more are decoded one at a time: JPEG above 80 million pixels, AVIF above 16, others above 24. */
const LARGE_BYTES = 320e6;
/** What is decoded beside others has a share of the memory that a large one may have. */
const SHARE = 0.55;
/** A picture gets another second for so many pixels: the largest that is read gets 20 s beyond those of a small one. */
const PIXELS_PER_SECOND = 10e6;

export interface Allowance {
  limits: Limits;
  isLarge: boolean;
}

/** An SVG may name any size in a few bytes, so that its size earns it no time. @param source null before the head is read. */
export function allowanceFor(source: Source | null, { seconds, memory }: Limits): Allowance {
  const { width, height, format } = source ?? { width: 0, height: 0, format: '' };
  const isLarge = width * height * (BYTES_PER_PIXEL[format] ?? OTHERS) > LARGE_BYTES;
  const more = format === 'svg' ? 0 : (width * height) / PIXELS_PER_SECOND;
  return {
    limits: { seconds: seconds + more, memory: isLarge ? memory : Math.round(SHARE * memory) },
    isLarge,
  };
}
