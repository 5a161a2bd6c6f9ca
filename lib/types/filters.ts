/** Which pictures a query may answer with, in a person's words. Plain data, no behaviour. */
import type { GeoPoint, PictureFacts } from './pictures.js';

/**
 * A day or a time: a Date, or ISO text as short as '2023' or '2023-05', which then stands for the whole year or month.
 * Text without a zone is read as EXIF writes it: by the clock of the camera.
 */
export type DateLike = string | Date;

type Orientation = PictureFacts['orientation'];

/**
 * Every part is optional, and all that are given must hold. A picture that lacks a fact (no EXIF date, no position)
 * passes no part that asks for it.
 */
export interface Filter {
  /** Folders below a source ('holiday/2024'), or absolute paths; with all that lies below them. */
  folder?: string | readonly string[];
  /** Globs on the name of the file, without its folders: 'IMG_*', '*.{png,webp}'. Capitals do not count. */
  name?: string | readonly string[];
  /** Both ends belong to it: { from: '2023-05', to: '2023-07' } is three months. */
  taken?: { from?: DateLike; to?: DateLike };
  /** A part of the camera's make and model, capitals do not count; or { is: 'Leica M3' } for exactly that. */
  camera?: string | { is: string };
  /** Pixels of the upright picture, and bytes of its file. */
  size?: {
    minWidth?: number;
    maxWidth?: number;
    minHeight?: number;
    maxHeight?: number;
    minPixels?: number;
    maxPixels?: number;
    minBytes?: number;
    maxBytes?: number;
  };
  orientation?: Orientation | readonly Orientation[];
  /** 'jpeg', 'png', 'webp', 'gif', 'tiff', 'avif' (stored as 'heif'), 'svg'. */
  format?: string | readonly string[];
  /** Pictures that hold a segment of one of these labels, where the segmenter gives labels. */
  label?: string | readonly string[];
  /** How many segments a picture has. */
  segments?: { from?: number; to?: number };
  /** Pictures whose content came into the index then or later. */
  addedSince?: DateLike;
  /** Within so many kilometres, along the ground, of where the picture was taken. */
  near?: GeoPoint & { km: number };
  /** Whether it looks like a photograph rather than a drawing. */
  photograph?: boolean;
}
