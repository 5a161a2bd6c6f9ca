/** Points on the earth: as EXIF writes them, and how far apart they are. Pure. */
import type { GeoPoint } from '../types.js';

/** Mean radius of the earth (IUGG): the earth is no ball, so distances are off by up to 0.5 %. */
const RADIUS_KM = 6371.0088;
const RADIANS = Math.PI / 180;

/** The fields of EXIF that a position is made of, as a reader gives them: degrees, minutes, seconds. */
export interface ExifPosition {
  GPSLatitude?: unknown;
  GPSLatitudeRef?: unknown;
  GPSLongitude?: unknown;
  GPSLongitudeRef?: unknown;
  /** "V" where the receiver had no fix. */
  GPSStatus?: unknown;
}

/** @returns undefined where a part is missing, is no number or lies outside of the earth, or where there was no fix. */
export function positionOf(exif: ExifPosition | null | undefined): GeoPoint | undefined {
  if (!exif || exif.GPSStatus === 'V') return undefined;
  const latitude = degreesOf(exif.GPSLatitude, exif.GPSLatitudeRef, { plus: 'N', minus: 'S', most: 90 });
  const longitude = degreesOf(exif.GPSLongitude, exif.GPSLongitudeRef, { plus: 'E', minus: 'W', most: 180 });
  if (latitude === undefined || longitude === undefined) return undefined;
  // Zero and zero, in the sea off Africa, is what cameras write that have not found out.
  return latitude === 0 && longitude === 0 ? undefined : { latitude, longitude };
}

function degreesOf(
  parts: unknown,
  reference: unknown,
  { plus, minus, most }: { plus: string; minus: string; most: number },
): number | undefined {
  const numbers: unknown[] = Array.isArray(parts) ? parts : [parts];
  if (numbers.length > 3 || !numbers.every((part) => typeof part === 'number' && part >= 0)) return undefined;
  const [degrees = 0, minutes = 0, seconds = 0] = numbers.map(Number);
  if (minutes >= 60 || seconds > 60) return undefined;
  const side = typeof reference === 'string' ? reference.trim().charAt(0).toUpperCase() : '';
  if (side !== plus && side !== minus) return undefined;
  // Seven digits are a centimetre.
  const size = Math.round((degrees + minutes / 60 + seconds / 3600) * 1e7) / 1e7;
  if (!(size <= most)) return undefined;
  return side === minus && size !== 0 ? -size : size;
}

/** Kilometres along the ground between two points, on a ball. */
export function kmBetween(a: GeoPoint, b: GeoPoint): number {
  const across = Math.sin(((b.latitude - a.latitude) * RADIANS) / 2);
  const along = Math.sin(((b.longitude - a.longitude) * RADIANS) / 2);
  const part =
    across * across + Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * along * along;
  return 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(part)));
}
