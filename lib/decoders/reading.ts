/** From the bytes of one picture to every form that a model or a crop needs, in the process that calls. */
import pLimit from 'p-limit';
import type { Pixels, Preprocessing } from '../types.js';
import { factsOf, type HeadFacts } from './facts.js';
import { type Proceed, readHead, sourceOf, unreadable } from './libvips.js';
import { resizeTo, workingCopy } from './resizing.js';

/** What a caller wants of one picture, all from one read. */
export interface Wanted {
  preprocessings: readonly Preprocessing[];
  /** A copy of at most so many pixels on its longer side, for crops. */
  workingPx?: number;
}

export interface Decoded {
  facts: HeadFacts;
  /** In the order of `preprocessings`; equal rules share one object. */
  inputs: Pixels[];
  working?: Pixels;
}

/** Beyond it the forms of a picture are made one after the other: each may hold all of the picture. */
const SIDE_BY_SIDE_PIXELS = 8e6;

/**
 * Decodes a picture: EXIF orientation applied, transparency over white, any colour space to sRGB, 8 bit, first frame.
 * @throws LookbookError with the reason, for a report: empty, no picture, too large, truncated.
 */
export async function readPicture(bytes: Uint8Array, wanted: Wanted, proceed: Proceed): Promise<Decoded> {
  try {
    const metadata = await readHead(bytes);
    const source = sourceOf(metadata);
    await proceed(source);
    const turn = pLimit(source.width * source.height > SIDE_BY_SIDE_PIXELS ? 1 : Number.POSITIVE_INFINITY);
    const made = new Map<string, Promise<Pixels>>();
    const inputs = wanted.preprocessings.map((rule) => {
      const key = resizeKey(rule);
      const found = made.get(key) ?? turn(() => resizeTo(bytes, source, rule));
      made.set(key, found);
      return found;
    });
    const { workingPx } = wanted;
    const working = workingPx === undefined ? undefined : turn(() => workingCopy(bytes, workingPx));
    // All are awaited even if one fails: a rejection that nobody awaits would end the process.
    const settled = await Promise.allSettled([...inputs, ...(working ? [working] : [])]);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    return {
      facts: factsOf(metadata, bytes.length),
      inputs: await Promise.all(inputs),
      ...(working ? { working: await working } : {}),
    };
  } catch (error) {
    throw unreadable(error);
  }
}

/** What makes two preprocessings give the same pixels; normalisation comes later. */
export function resizeKey(rule: Preprocessing): string {
  const { resize, size, interpolation, scaleTo, longest, multipleOf, cropRounding } = rule;
  const sides = [size, scaleTo ?? size, longest ?? 0, multipleOf ?? 1];
  return [resize, interpolation, ...sides, cropRounding ?? 'floor'].join(' ');
}
