/** Smaller regions are noise of any model; everything above is stored, and the query decides (minSegmentArea). */
export const SMALLEST_AREA = 0.001;

/** The most certain segments that one picture keeps; a picture of confetti must not fill the store. */
export const MAX_SEGMENTS = 64;
