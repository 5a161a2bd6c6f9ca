/** What a picture and a segment are, and how pixels and masks lie in memory. Plain data, no behaviour. */

/** An 8-bit RGB picture, row-major: `data` is uint8[height, width, 3]. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
}

/** A box in pixels of the upright picture, from its top left corner. */
export interface BoundingBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A COCO run-length encoded mask: column-major runs, compressed as COCO's string. `size` is [height, width]. */
export interface Rle {
  size: [number, number];
  counts: string;
}

/** A binary mask, uint8[height, width] of 0 and 1, row-major. */
export interface Mask {
  data: Uint8Array;
  width: number;
  height: number;
}

/** What a segmenter found in one picture. The mask may be coarser than the picture; it always covers all of it. */
export interface FoundSegment {
  mask: Mask;
  /** Certainty of the segmenter, 0..1. */
  score: number;
  label?: string;
  /** The segmenter that found it, where several were named. */
  origin?: string;
  /** Of one that takes seeds: the index of the seed that this is, drawn more exactly. It is not stored. */
  seed?: number;
}

/** A found segment in the picture's own pixels, as it is stored. */
export interface Segment {
  /** `${imageId}:${n}`, n counted from 0 within one picture and segmenter. */
  segmentId: string;
  bbox: BoundingBox;
  /** Share of the picture, 0..1. */
  area: number;
  score: number;
  label?: string;
  /** The segmenter that found it, where several were named. */
  origin?: string;
}

/** A point on the earth, in degrees (WGS 84): latitude −90..90, north is positive; longitude −180..180, east is positive. */
export interface GeoPoint {
  latitude: number;
  longitude: number;
}

/** What is true of a picture's content wherever it lies. Dates are ISO 8601; `taken`, `camera` and `place` come from EXIF. */
export interface PictureFacts {
  width: number;
  height: number;
  format: string;
  bytes: number;
  orientation: 'landscape' | 'portrait' | 'square';
  taken?: string;
  camera?: string;
  /** Where it was taken. */
  place?: GeoPoint;
  /** Looks like a photograph rather than a drawing (a guess from the pixels). */
  photograph: boolean;
}

/** Where a picture lies: a source root and the path below it, with forward slashes. */
export interface Place {
  root: string;
  path: string;
}
