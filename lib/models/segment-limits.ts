/** Names what is below in the fingerprints of those who keep to it; raised when any of it changes. */
export const LIMITS_VERSION = 1;

/** Smaller regions are noise of any model; everything above is stored, and the query decides (minSegmentArea). */
export const SMALLEST_AREA = 0.001;

/** The most certain segments that one picture keeps; a picture of confetti must not fill the store. */
export const MAX_SEGMENTS = 64;

/**
 * Masks that are interpolated from a model's cells have so many pixels at most: 627 × 418 of a photograph of 3 : 2.
 * One of them is then 1.6 pixels of a page of 1,024, and a model's cells are 4 to 16 pixels of its input. Measured,
 * 150 classes and 128 × 128 cells: 56 ms of one core a picture at 256 × 256, 68 ms here, 112 ms at 1,024 × 683, beside
 * run lengths of each mask that grow with its pixels.
 */
const MOST_MAP_PIXELS = 512 * 512;

/** The size of such a mask: the picture's own, or its form with MOST_MAP_PIXELS. */
export function mapSize({ width, height }: { width: number; height: number }): {
  width: number;
  height: number;
} {
  const scale = Math.min(1, Math.sqrt(MOST_MAP_PIXELS / (width * height)));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
