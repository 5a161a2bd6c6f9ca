/** The meaning of a filter, evaluated on the facts of one picture. */
import { isAbsolute, sep } from 'node:path';
import picomatch from 'picomatch';
import { kmBetween } from '../arithmetic/earth.js';
import { projectPath } from '../paths.js';
import { isUrl } from '../picture-bytes.js';
import type { TableRow } from '../picture-table/row.js';
import type { Filter, Place } from '../types.js';
import { timeSpan } from './dates.js';

/** What must be known besides the picture's own facts. */
export interface MatchContext {
  /** A place as a person can open it. */
  locate(place: Place): string;
  /** Names the segments that are counted; null without any. */
  fingerprint: string | null;
  /** Pictures that hold a segment of the wanted labels, where the filter has a label. */
  labelled: ReadonlySet<string>;
}

/** One part of a filter, and whether a picture passes it. */
export interface Test {
  part: keyof Filter;
  passes(row: TableRow, imageId: string): boolean;
}

/** avif and heic lie in the same box, and the decoder names the box. */
const FORMATS: Record<string, string> = { jpg: 'jpeg', tif: 'tiff', avif: 'heif', heic: 'heif' };

/** One test for each part that is given. The filter must have been checked. */
export function testsOf(filter: Filter, context: MatchContext): Test[] {
  const { folder, name, taken, camera, size, orientation, format, segments, addedSince, near } = filter;
  const tests: (Test | undefined)[] = [
    folder === undefined ? undefined : folderTest(listOf(folder), context),
    name === undefined ? undefined : nameTest(listOf(name)),
    taken && takenTest(taken),
    camera === undefined ? undefined : cameraTest(camera),
    size && sizeTest(size),
    orientation === undefined ? undefined : oneOf('orientation', listOf(orientation)),
    format === undefined ? undefined : oneOf('format', listOf(format).map(formatOf)),
    filter.label === undefined
      ? undefined
      : { part: 'label', passes: (_, imageId) => context.labelled.has(imageId) },
    segments && segmentsTest(segments, context),
    addedSince === undefined ? undefined : addedTest(addedSince),
    near && {
      part: 'near',
      passes: ({ place }) => place !== undefined && kmBetween(place, near) <= near.km,
    },
    filter.photograph === undefined
      ? undefined
      : { part: 'photograph', passes: ({ photograph }) => photograph === filter.photograph },
  ];
  return tests.filter((test) => test !== undefined);
}

/** A value or a list of them, as a list. */
export function listOf<Item extends string>(value: Item | readonly Item[]): readonly Item[] {
  return typeof value === 'string' ? [value] : value;
}

/** One of several names for a format → the name that rows carry. */
function formatOf(name: string): string {
  const plain = name.trim().toLowerCase().replace(/^\./, '');
  return FORMATS[plain] ?? plain;
}

function folderTest(folders: readonly string[], { locate }: MatchContext): Test {
  const relative = folders.filter((folder) => !isWhole(folder)).map((folder) => `${plainFolder(folder)}/`);
  // A person may also count from the project's root, as IMAGES does.
  const whole = folders.map((folder) => {
    const path = isUrl(folder) ? folder : projectPath(isWhole(folder) ? folder : plainFolder(folder));
    return `${slashes(path).replace(/\/+$/, '')}/`;
  });
  const holds = (place: Place): boolean => {
    const path = place.path.normalize('NFC');
    if (relative.some((folder) => folder === '/' || path.startsWith(folder))) return true;
    const located = slashes(locate(place));
    return whole.some((folder) => located.startsWith(folder));
  };
  return { part: 'folder', passes: ({ places }) => places.some(holds) };
}

/** Whether a folder needs no source to begin from. */
function isWhole(folder: string): boolean {
  return isAbsolute(folder) || isUrl(folder) || folder === '~' || folder.startsWith('~/');
}

/** './holiday//2024/' → 'holiday/2024'; the source itself is the empty text. */
function plainFolder(folder: string): string {
  return slashes(folder)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Some file systems take letters with marks apart: é may be one character or two. */
function slashes(path: string): string {
  return (sep === '\\' ? path.replaceAll('\\', '/') : path).normalize('NFC');
}

function nameTest(globs: readonly string[]): Test {
  const isMatch = picomatch(
    globs.map((glob) => glob.normalize('NFC')),
    { nocase: true, dot: true },
  );
  return { part: 'name', passes: ({ places }) => places.some(({ path }) => isMatch(fileName(path))) };
}

function fileName(path: string): string {
  const plain = isUrl(path) ? decoded(path.replace(/[?#].*$/, '')) : path;
  return plain.slice(plain.lastIndexOf('/') + 1).normalize('NFC');
}

/** A URL that is not well encoded is taken as it stands. */
function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

function takenTest({ from, to }: NonNullable<Filter['taken']>): Test {
  const low = timeSpan(from)?.from ?? Number.NEGATIVE_INFINITY;
  const high = timeSpan(to)?.to ?? Number.POSITIVE_INFINITY;
  return {
    part: 'taken',
    passes: ({ taken }) => taken !== undefined && taken >= low && taken <= high,
  };
}

function cameraTest(camera: NonNullable<Filter['camera']>): Test {
  if (typeof camera !== 'string') return { part: 'camera', passes: (row) => row.camera === camera.is };
  const part = camera.trim().toLowerCase();
  return { part: 'camera', passes: (row) => row.camera?.toLowerCase().includes(part) ?? false };
}

function sizeTest(size: NonNullable<Filter['size']>): Test {
  const { minWidth, maxWidth, minHeight, maxHeight, minPixels, maxPixels, minBytes, maxBytes } = size;
  const isWithin = (value: number, least = 0, most = Number.POSITIVE_INFINITY): boolean =>
    value >= least && value <= most;
  return {
    part: 'size',
    passes: ({ width, height, bytes }) =>
      isWithin(width, minWidth, maxWidth) &&
      isWithin(height, minHeight, maxHeight) &&
      isWithin(width * height, minPixels, maxPixels) &&
      isWithin(bytes, minBytes, maxBytes),
  };
}

function oneOf(part: 'orientation' | 'format', values: readonly string[]): Test {
  return { part, passes: (row) => values.includes(row[part]) };
}

function segmentsTest({ from, to }: NonNullable<Filter['segments']>, { fingerprint }: MatchContext): Test {
  return {
    part: 'segments',
    passes({ segments }) {
      const count = fingerprint === null ? undefined : segments.get(fingerprint);
      return count !== undefined && count >= (from ?? 0) && count <= (to ?? Number.POSITIVE_INFINITY);
    },
  };
}

/** Rows of an older index say nothing of it: they count as added long ago. */
function addedTest(since: NonNullable<Filter['addedSince']>): Test {
  const low = timeSpan(since)?.from ?? Number.POSITIVE_INFINITY;
  return { part: 'addedSince', passes: ({ added }) => added !== undefined && added >= low };
}
