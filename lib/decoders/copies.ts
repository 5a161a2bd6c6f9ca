/** Copies of a picture for pages and trials, made in the process that calls: smaller, edited, lettered. */
import type { Window } from '../arithmetic/resize-plan.js';
import { fromPixels, opaque, open, type Proceed, raw, readHead, sourceOf, unreadable } from './libvips.js';

/** An encoded picture and its sides. */
export interface Copy {
  bytes: Uint8Array;
  width: number;
  height: number;
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

/**
 * An upright JPEG of at most `px` on its longer side, never enlarged; of `piece`, where it is given, alone.
 * @throws LookbookError with the reason.
 */
export async function smallCopy(
  bytes: Uint8Array,
  { px, piece }: { px: number; piece?: Window },
  proceed: Proceed,
): Promise<Copy> {
  try {
    await turnOf(bytes, proceed);
    const whole = opaque(open(bytes));
    const { data, info } = await (piece ? whole.extract(piece) : whole)
      .resize(px, px, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: 80, mozjpeg: true })
      .toBuffer({ resolveWithObject: true });
    return { bytes: data, width: info.width, height: info.height };
  } catch (error) {
    throw unreadable(error);
  }
}

/** uint8[px, px, 3]: the picture is fitted in over white. @throws LookbookError with the reason. */
export async function squareCopy(bytes: Uint8Array, px: number, proceed: Proceed): Promise<Uint8Array> {
  try {
    await turnOf(bytes, proceed);
    return await opaque(open(bytes)).resize(px, px, { fit: 'contain', background: '#fff' }).raw().toBuffer();
  } catch (error) {
    throw unreadable(error);
  }
}

/** Cropped, scaled, recoloured, sharpened, encoded, in this order. @throws LookbookError with the reason. */
export async function editedCopy(bytes: Uint8Array, edit: Edit, proceed: Proceed): Promise<Uint8Array> {
  try {
    await turnOf(bytes, proceed);
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
    let image = fromPixels(pixels)
      .extract(piece)
      .resize(scaled(piece.width), scaled(piece.height), { fit: 'fill' });
    const { gains = [1, 1, 1], contrast = 1, sharpness = 1, quality } = edit;
    const factors = gains.map((gain) => gain * contrast);
    image = image.linear(factors, [128 * (1 - contrast), 128 * (1 - contrast), 128 * (1 - contrast)]);
    if (sharpness > 1) image = image.convolve(sharpening(sharpness - 1));
    return await (quality === undefined ? image.png() : image.jpeg({ quality })).toBuffer();
  } catch (error) {
    throw unreadable(error);
  }
}

/** A PNG with centred lettering; lines that are too long become narrower. @throws LookbookError with the reason. */
export async function letteredCopy(
  bytes: Uint8Array,
  caption: Caption,
  proceed: Proceed,
): Promise<Uint8Array> {
  try {
    const { width, height } = await turnOf(bytes, proceed);
    const { lines, size, at, fill, outline = 'none', bold = false } = caption;
    const letter = Math.min(size * height, (1.5 * width) / Math.max(...lines.map((line) => line.length)));
    const first = (height - 1.25 * letter * lines.length) * at + letter;
    const texts = lines.map(
      (line, n) =>
        `<text x="${width / 2}" y="${first + 1.25 * letter * n}">${line.replace(/[<&]/g, ' ')}</text>`,
    );
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" text-anchor="middle" font-family="sans-serif" font-weight="${bold ? 'bold' : 'normal'}" font-size="${letter}" fill="${fill}" stroke="${outline}" stroke-width="${letter / 9}" paint-order="stroke">${texts.join('')}</svg>`;
    return await opaque(open(bytes))
      .composite([{ input: Buffer.from(svg) }])
      .png()
      .toBuffer();
  } catch (error) {
    throw unreadable(error);
  }
}

async function turnOf(bytes: Uint8Array, proceed: Proceed): Promise<{ width: number; height: number }> {
  const source = sourceOf(await readHead(bytes));
  await proceed(source);
  return source;
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
