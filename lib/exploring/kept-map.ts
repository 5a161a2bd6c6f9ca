import { readFile, stat } from 'node:fs/promises';
import { reasonOf } from '../errors.js';
import { writeWhole } from '../whole-file.js';

/** Where rows lie on a map, as it is kept from one time to the next. Their vectors stay in the store. */
export interface KeptMap {
  /** First the rows that were laid out together, then those that came later and were placed among them. */
  ids: string[];
  /** How many were laid out together. */
  laid: number;
  /** Numbers of those that the layout was computed of, ascending: all others were placed by these. */
  fitted: Int32Array;
  /** float32[ids, 2] of 0..1. */
  points: Float32Array;
  /** As of LaidMap. */
  size: number;
}

/** The file's form; another one is as good as none. */
const FORM = 'lookbook map 1';
/** A million rows are about 50 MB. */
const MOST_BYTES = 128 * 2 ** 20;

/**
 * Reads a kept map of the vectors of this fingerprint; null where there is none, or one of other vectors.
 * @returns `broken` says why a file that is there is none.
 */
export async function readKeptMap(
  path: string,
  fingerprint: string,
): Promise<{ map: KeptMap | null; broken?: string }> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) return { map: null, broken: `it holds ${size} bytes` };
    const file: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isRecord(file)) return { map: null, broken: 'it holds no map' };
    if (file.form !== FORM || file.fingerprint !== fingerprint) return { map: null };
    return { map: mapOf(file) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { map: null };
    return { map: null, broken: reasonOf(error) };
  }
}

/** @throws LookbookError when it cannot be written. */
export async function keepMap(
  path: string,
  fingerprint: string,
  { ids, laid, fitted, points, size }: KeptMap,
): Promise<void> {
  const file = { form: FORM, fingerprint, laid, size, points: bytesOf(points), fitted: bytesOf(fitted), ids };
  await writeWhole(path, JSON.stringify(file));
}

/** @throws Error that says which part is none. */
function mapOf({ ids, laid, size, points: places, fitted: numbers }: Record<string, unknown>): KeptMap {
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string' && id))
    throw new Error('its ids are none');
  if (new Set(ids).size < ids.length) throw new Error('it names a row twice');
  if (typeof laid !== 'number' || !Number.isInteger(laid) || laid < 1 || laid > ids.length)
    throw new Error('its number of rows is none');
  if (typeof size !== 'number' || !Number.isFinite(size) || size <= 0) throw new Error('its scale is none');
  const points = new Float32Array(numbersOf(places));
  if (points.length !== 2 * ids.length || !points.every((value) => value >= 0 && value <= 1))
    throw new Error('its points are none');
  const fitted = new Int32Array(numbersOf(numbers));
  if (!fitted.length || !fitted.every((row, at) => row < laid && row > (fitted[at - 1] ?? -1)))
    throw new Error('its layout is none');
  return { ids, laid, fitted, points, size };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** Four bytes a number. */
function numbersOf(text: unknown): ArrayBuffer {
  const bytes = Uint8Array.from(Buffer.from(typeof text === 'string' ? text : '', 'base64'));
  if (bytes.length % 4) throw new Error('its numbers are cut short');
  return bytes.buffer;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
