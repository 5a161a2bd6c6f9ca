/** The gate of sharp: how the bytes of a picture become something that libvips works on, and what it refuses. */
import sharp, { type Sharp, type Metadata as SharpMetadata } from 'sharp';
import { toRgb } from '../arithmetic/rgb.js';
import { LookbookError, reasonOf } from '../errors.js';
import type { Pixels } from '../types.js';

export type { Sharp, SharpMetadata };

/** Larger pictures are refused, named with their size: decoding one could take all memory. */
export const MAX_PIXELS = 200e6;

const MOST_QUOTED = 300;

// One picture per call and many calls at once is faster than many threads on one picture.
sharp.concurrency(1);
sharp.cache(false);

/** An upright picture that is still encoded. */
export interface Source {
  width: number;
  height: number;
  format: string;
}

/** Asked once the head of a picture is read: it answers when the turn of its pixels has come. */
export type Proceed = (source: Source) => Promise<void>;

/** @throws when the file is empty, no picture, or too large. */
export async function readHead(bytes: Uint8Array): Promise<SharpMetadata> {
  if (bytes.length === 0) throw new Error('the file is empty');
  const metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  const pixels = metadata.width * metadata.height;
  if (pixels > MAX_PIXELS) {
    throw new Error(
      `too large: ${metadata.width} × ${metadata.height} pixels, at most ${MAX_PIXELS / 1e6} million are read`,
    );
  }
  return metadata;
}

export function sourceOf({ autoOrient, format }: SharpMetadata): Source {
  return { width: autoOrient.width, height: autoOrient.height, format };
}

/** The first frame, as it is stored. */
export function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { limitInputPixels: MAX_PIXELS });
}

/** Pixels as a picture that libvips works on. */
export function fromPixels({ data, width, height }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** EXIF orientation, then transparency over white, then sRGB without alpha. */
export function opaque(image: Sharp): Sharp {
  return image.rotate().flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha();
}

/** libvips keeps grey pictures at one channel. */
export async function raw(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data: toRgb(data, info.channels), width: info.width, height: info.height };
}

/** Pixels of an encoded picture that needs no turning, from its head alone. */
export async function sizeOf(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const { width, height } = await sharp(bytes).metadata();
  return { width, height };
}

/** What a person is told when libvips refuses; what is a LookbookError already stays as it is. */
export function unreadable(error: unknown): LookbookError {
  if (error instanceof LookbookError) return error;
  return new LookbookError('decode', {
    what: 'the picture cannot be read',
    got: plain(reasonOf(error)).replace(/^Input (file|buffer) /, ''),
    expected: 'JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG',
    mend: 'Repair or convert it, or leave it out with EXCLUDE.',
    cause: error,
  });
}

/** A reason may quote the file. */
function plain(reason: string): string {
  return reason.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, MOST_QUOTED);
}
