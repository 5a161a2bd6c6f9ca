/** The gate of sharp: from the bytes of one picture to every form that a model, a crop or a page needs. */
import exifReader from 'exif-reader';
import sharp, { type Sharp, type Metadata as SharpMetadata } from 'sharp';
import { positionOf } from '../arithmetic/earth.js';
import { resample, sourceWindow } from '../arithmetic/resampling.js';
import { planResize, type ResizePlan, shrinks, type Window } from '../arithmetic/resize-plan.js';
import { toRgb } from '../arithmetic/rgb.js';
import { LookbookError, reasonOf } from '../errors.js';
import type { PictureFacts, Pixels, Preprocessing, Sprite } from '../types.js';

/**
 * Names the decoder's and the resampler's behaviour in fingerprints; raise it when pixels change.
 * 2: what libjpeg and libwebp shrink while they read is held to the reference, small pictures are resampled exactly.
 */
export const PREPROCESSING_VERSION = 2;

/** Larger pictures are refused, named with their size: decoding one could take all memory. */
export const MAX_PIXELS = 200e6;

const SECONDS_PER_PICTURE = 30;

/**
 * Up to here every picture goes through our own resampler, equal to Pillow to the bit: 1 to 2 ms on one core, as much
 * as libvips takes. It grows to 5 ms for 640 × 427 and to 90 ms for 6 million pixels, on the thread that feeds all.
 */
const EXACT_PIXELS = 256 * 256;

/** Up to here a picture with one side that grows and one that shrinks is resampled exactly too (at most 60 ms). */
const MIXED_PIXELS = 4e6;

/** Up to here a JPEG whose sides do not suit libjpeg's shrinking is read in full (24 million pixels: 0.15 s). */
const FULL_READ_PIXELS = 24e6;

/** What a caller wants of one picture, all from one read. */
export interface Wanted {
  preprocessings: readonly Preprocessing[];
  /** A copy of at most so many pixels on its longer side, for crops. */
  workingPx?: number;
}

export interface Decoded {
  facts: Omit<PictureFacts, 'photograph'>;
  /** In the order of `preprocessings`; equal rules share one object. */
  inputs: Pixels[];
  working?: Pixels;
}

// One picture per call and many calls at once is faster than many threads on one picture.
sharp.concurrency(1);
sharp.cache(false);

/**
 * Decodes a picture: EXIF orientation applied, transparency over white, any colour space to sRGB, 8 bit, first frame.
 * @throws LookbookError with the reason, for a report: empty, no picture, too large, truncated, too slow.
 */
export async function decode(bytes: Uint8Array, wanted: Wanted): Promise<Decoded> {
  try {
    const metadata = await readMetadata(bytes);
    const { width, height } = uprightSize(metadata);
    const made = new Map<string, Promise<Pixels>>();
    const inputs = wanted.preprocessings.map((rule) => {
      const key = resizeKey(rule);
      const found = made.get(key) ?? resizeTo(bytes, { width, height, format: metadata.format }, rule);
      made.set(key, found);
      return found;
    });
    const working = wanted.workingPx === undefined ? undefined : workingCopy(bytes, wanted.workingPx);
    // All are awaited even if one fails: a rejection that nobody awaits would end the process.
    const settled = await Promise.allSettled([...inputs, ...(working ? [working] : [])]);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    return {
      facts: {
        width,
        height,
        bytes: bytes.length,
        orientation: orientationOf(width, height),
        ...describe(metadata),
      },
      inputs: await Promise.all(inputs),
      ...(working ? { working: await working } : {}),
    };
  } catch (error) {
    throw error instanceof LookbookError ? error : unreadable(error);
  }
}

/** What makes two preprocessings give the same pixels; normalisation comes later. */
export function resizeKey(rule: Preprocessing): string {
  const { resize, size, interpolation, scaleTo, longest, multipleOf, cropRounding } = rule;
  const sides = [size, scaleTo ?? size, longest ?? 0, multipleOf ?? 1];
  return [resize, interpolation, ...sides, cropRounding ?? 'floor'].join(' ');
}

/**
 * An upright JPEG of at most `px` on its longer side, never enlarged, for pages.
 * @param piece in pixels of a picture that needs no turning: only this part, which must lie within it.
 */
export async function thumbnail(
  bytes: Uint8Array,
  px: number,
  piece?: Window,
): Promise<{ jpeg: Uint8Array; width: number; height: number }> {
  try {
    const whole = opaque(open(bytes));
    const { data, info } = await (piece ? whole.extract(piece) : whole)
      .resize(px, px, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: 80, mozjpeg: true })
      .toBuffer({ resolveWithObject: true });
    return { jpeg: data, width: info.width, height: info.height };
  } catch (error) {
    throw unreadable(error);
  }
}

/** Pixels of an encoded picture that needs no turning, from its head alone. */
export async function sizeOf(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const { width, height } = await sharp(bytes).metadata();
  return { width, height };
}

/** What happens to a picture on its way through the world. */
export interface Edit {
  /** Factor of both sides. */
  scale?: number;
  /** Share of both sides that stays, and where the piece lies: 0 left or top, 1 right or bottom (default: in the middle). */
  crop?: { share: number; x?: number; y?: number };
  /** Factors of red, green and blue; what passes 255 is cut. */
  gains?: readonly [number, number, number];
  /** 1 is as it was: values move from middle grey. */
  contrast?: number;
  /** 1 is as it was: one pass of an unsharp mask adds so much. */
  sharpness?: number;
  /** Of JPEG; without it the answer is PNG. */
  quality?: number;
}

/**
 * An edited copy, upright, over white, without EXIF: cropped, scaled, recoloured, sharpened, encoded, in this order.
 * @throws LookbookError with the reason when the bytes are no picture.
 */
export async function edited(bytes: Uint8Array, edit: Edit): Promise<Uint8Array> {
  try {
    const pixels = await raw(opaque(open(bytes)));
    const { share, x = 0.5, y = 0.5 } = edit.crop ?? { share: 1 };
    const [width, height] = [pixels.width, pixels.height].map((side) =>
      Math.max(1, Math.round(share * side)),
    );
    const piece = {
      left: Math.round(x * (pixels.width - width!)),
      top: Math.round(y * (pixels.height - height!)),
      width: width!,
      height: height!,
    };
    const scaled = (side: number): number => Math.max(1, Math.round((edit.scale ?? 1) * side));
    const { data, ...sides } = pixels;
    let image = sharp(data, { raw: { ...sides, channels: 3 } })
      .extract(piece)
      .resize(scaled(piece.width), scaled(piece.height), { fit: 'fill' });
    const { gains = [1, 1, 1], contrast = 1, sharpness = 1, quality } = edit;
    const factors = gains.map((gain) => gain * contrast);
    image = image.linear(factors, [128 * (1 - contrast), 128 * (1 - contrast), 128 * (1 - contrast)]);
    if (sharpness > 1) image = image.convolve(sharpening(sharpness - 1));
    return await (quality === undefined ? image.png() : image.jpeg({ quality })).toBuffer();
  } catch (error) {
    throw error instanceof LookbookError ? error : unreadable(error);
  }
}

/** The picture plus `amount` times what a 3 × 3 blur takes from it. */
function sharpening(amount: number): { width: number; height: number; kernel: number[] } {
  const blur = [1, 2, 1, 2, 4, 2, 1, 2, 1].map((weight) => weight / 16);
  return {
    width: 3,
    height: 3,
    kernel: blur.map((weight, at) => (at === 4 ? 1 + amount : 0) - amount * weight),
  };
}

/** Lettering over a picture. */
export interface Caption {
  lines: readonly string[];
  /** Height of the letters as a share of the picture's. */
  size: number;
  /** 0 at the top, 1 at the bottom. */
  at: number;
  fill: string;
  outline?: string;
  bold?: boolean;
}

/** A PNG of the picture with lettering over it, centred; lines that are too long become narrower. For trials only. */
export async function captioned(bytes: Uint8Array, caption: Caption): Promise<Uint8Array> {
  const { width, height } = uprightSize(await readMetadata(bytes));
  const { lines, size, at, fill, outline = 'none', bold = false } = caption;
  const letter = Math.min(size * height, (1.5 * width) / Math.max(...lines.map((line) => line.length)));
  const first = (height - 1.25 * letter * lines.length) * at + letter;
  const texts = lines.map(
    (line, n) =>
      `<text x="${width / 2}" y="${first + 1.25 * letter * n}">${line.replace(/[<&]/g, ' ')}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" text-anchor="middle" font-family="sans-serif" font-weight="${bold ? 'bold' : 'normal'}" font-size="${letter}" fill="${fill}" stroke="${outline}" stroke-width="${letter / 9}" paint-order="stroke">${texts.join('')}</svg>`;
  return opaque(open(bytes))
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}

/** One square tile of a sprite, uint8[tilePx, tilePx, 3]; the picture is fitted in over white. */
export async function tile(bytes: Uint8Array, tilePx: number): Promise<Uint8Array> {
  return opaque(open(bytes)).resize(tilePx, tilePx, { fit: 'contain', background: '#fff' }).raw().toBuffer();
}

/** Lays tiles of equal size into one WebP, row by row. */
export async function sprite(tiles: readonly Uint8Array[], tilePx: number): Promise<Sprite> {
  const columns = Math.max(1, Math.ceil(Math.sqrt(tiles.length)));
  const rows = Math.max(1, Math.ceil(tiles.length / columns));
  const width = columns * tilePx;
  const sheet = new Uint8Array(width * rows * tilePx * 3).fill(255);
  for (const [index, pixels] of tiles.entries()) {
    const left = (index % columns) * tilePx;
    const top = Math.floor(index / columns) * tilePx;
    for (let y = 0; y < tilePx; y++) {
      sheet.set(pixels.subarray(y * tilePx * 3, (y + 1) * tilePx * 3), ((top + y) * width + left) * 3);
    }
  }
  const webp = await sharp(sheet, { raw: { width, height: rows * tilePx, channels: 3 } })
    .webp({ quality: 70 })
    .toBuffer();
  return { webp, tilePx, columns, count: tiles.length };
}

/** A picture as PNG, as it is: what is decoded from it are the same pixels. */
export async function png({ data, width, height }: Pixels): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
}

async function readMetadata(bytes: Uint8Array): Promise<SharpMetadata> {
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

function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { limitInputPixels: MAX_PIXELS }).timeout({ seconds: SECONDS_PER_PICTURE });
}

/** EXIF orientation, then transparency over white, then sRGB without alpha. */
function opaque(image: Sharp): Sharp {
  return image.rotate().flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha();
}

function uprightSize(metadata: SharpMetadata): { width: number; height: number } {
  return metadata.autoOrient;
}

/** An upright picture that is still encoded. */
interface Source {
  width: number;
  height: number;
  format: string;
}

/** What libvips calls them; its nearest picks other pixels than Pillow's (measured: 16 of 255 on average). */
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
async function resizeTo(bytes: Uint8Array, source: Source, rule: Preprocessing): Promise<Pixels> {
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

async function workingCopy(bytes: Uint8Array, px: number): Promise<Pixels> {
  return raw(
    opaque(open(bytes)).resize(px, px, { fit: 'inside', withoutEnlargement: true, kernel: 'cubic' }),
  );
}

/** libvips keeps grey pictures at one channel. */
async function raw(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data: toRgb(data, info.channels), width: info.width, height: info.height };
}

function orientationOf(width: number, height: number): PictureFacts['orientation'] {
  if (Math.abs(width - height) <= 0.02 * Math.max(width, height)) return 'square';
  return width > height ? 'landscape' : 'portrait';
}

function describe(metadata: SharpMetadata): Pick<PictureFacts, 'format' | 'taken' | 'camera' | 'place'> {
  const facts: ReturnType<typeof describe> = { format: metadata.format };
  if (!metadata.exif) return facts;
  try {
    const exif = exifReader(metadata.exif);
    const taken = exif.Photo?.DateTimeOriginal ?? exif.Image?.DateTime;
    if (taken instanceof Date && !Number.isNaN(taken.getTime())) facts.taken = taken.toISOString();
    const camera = [exif.Image?.Make, exif.Image?.Model]
      .filter((part) => typeof part === 'string')
      .join(' ')
      .trim();
    if (camera) facts.camera = camera;
    const place = positionOf(exif.GPSInfo);
    if (place) facts.place = place;
  } catch {
    // Broken EXIF is common and says nothing about the pixels: the picture simply has no date, camera and place.
  }
  return facts;
}

function unreadable(error: unknown): LookbookError {
  return new LookbookError('decode', {
    what: 'the picture cannot be read',
    got: reasonOf(error).replace(/^Input (file|buffer) /, ''),
    expected: 'JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG',
    mend: 'Repair or convert it, or leave it out with EXCLUDE.',
    cause: error,
  });
}
