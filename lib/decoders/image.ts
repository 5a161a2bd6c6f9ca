/**
 * Pictures from anybody, decoded where they can do no harm: in processes of their own (decoder-pool), so that a crash, a
 * hang or a swelling of the native decoder costs one picture and not the run. CPU of all processes against decoding in this
 * one, on 2 busy cores, where runs of the same kind differ by 10 %: photographs of 24 kB 1.03, drawings 1.01, JPEG
 * of 24 million pixels (3 MB) 1.15: they are copied twice.
 */
import type { Window } from '../arithmetic/resize-plan.js';
import type { Pixels } from '../types.js';
import type { Caption, Edit } from './copies.js';
import { ask } from './decoder-pool.js';
import type { Decoded, Wanted } from './reading.js';
import type { Part, Task } from './tasks.js';

export type { Caption, Edit } from './copies.js';
export { mayPass } from './faults.js';
export { MAX_PIXELS, sizeOf } from './libvips.js';
export { type Decoded, resizeKey, type Wanted } from './reading.js';
export { png, sprite } from './sheets.js';

/**
 * Names the decoder's and the resampler's behaviour in fingerprints; raise it when pixels change.
 * 2: what libjpeg and libwebp shrink while they read is held to the reference, small pictures are resampled exactly.
 */
export const PREPROCESSING_VERSION = 2;

/**
 * Decodes a picture: EXIF orientation applied, transparency over white, any colour space to sRGB, 8 bit, first frame.
 * @throws LookbookError with the reason, for a report: empty, no picture, too large, truncated, too slow, too hungry, or
 * the end of the decoder.
 */
export async function decode(bytes: Uint8Array, wanted: Wanted): Promise<Decoded> {
  const { read, parts } = await ask({ kind: 'read', wanted }, bytes);
  const { facts, inputs, working } = read!;
  const pixels = (index: number): Pixels => parts[index]!;
  return { facts, inputs: inputs.map(pixels), ...(working === null ? {} : { working: pixels(working) }) };
}

/**
 * An upright JPEG of at most `px` on its longer side, never enlarged, for pages.
 * @param piece in pixels of a picture that needs no turning: only this part, which must lie within it.
 * @throws as decode.
 */
export async function thumbnail(
  bytes: Uint8Array,
  px: number,
  piece?: Window,
): Promise<{ jpeg: Uint8Array; width: number; height: number }> {
  const { data, width, height } = await partOf({ kind: 'small', px, ...(piece ? { piece } : {}) }, bytes);
  return { jpeg: data, width, height };
}

/**
 * An edited copy, upright, over white, without EXIF: cropped, scaled, recoloured, sharpened, encoded, in this order.
 * @throws as decode.
 */
export async function edited(bytes: Uint8Array, edit: Edit): Promise<Uint8Array> {
  return (await partOf({ kind: 'edited', edit }, bytes)).data;
}

/**
 * A PNG of the picture with lettering over it, centred; lines that are too long become narrower. For trials only.
 * @throws as decode.
 */
export async function captioned(bytes: Uint8Array, caption: Caption): Promise<Uint8Array> {
  return (await partOf({ kind: 'lettered', caption }, bytes)).data;
}

/** One square tile of a sprite, uint8[tilePx, tilePx, 3]; the picture is fitted in over white. @throws as decode. */
export async function tile(bytes: Uint8Array, tilePx: number): Promise<Uint8Array> {
  return (await partOf({ kind: 'square', px: tilePx }, bytes)).data;
}

async function partOf(task: Task, bytes: Uint8Array): Promise<Part> {
  return (await ask(task, bytes)).parts[0]!;
}
