import type { Turns } from '../../turns.js';

/** What one of several equal parts of a work tells and hears: its own share becomes the whole's. */
export function partOf({ signal, onProgress }: Turns, part: number, parts: number): Turns {
  return { signal, onProgress: onProgress && ((share) => onProgress((part + share) / parts)) };
}
