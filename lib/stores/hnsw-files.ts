/** The files of Chroma's index, read without Chroma: vectors can be saved from them where it refuses to load them. */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { labelsOf } from './hnsw-labels.js';

/** The vectors of one index; each is read when it is asked for. */
export interface HnswVectors {
  /** Of rows whose vector can be told for certain to be theirs. */
  readonly ids: ReadonlySet<string>;
  /** As stored: finite and of length 1 only where nothing is damaged. undefined for other ids, and past the file's end. */
  vector(id: string): Promise<Float32Array | undefined>;
  close(): Promise<void>;
}

/** Chroma's own, which lookbook keeps where a lookbook's config names none. */
const USUAL_NEIGHBOURS = 16;
const CHUNK_BYTES = 4e6;

/**
 * Opens the index of a folder. hnswlib's level 0 (hnswalg.h, saveIndex): for each element its links (2·M numbers and
 * their count, 4 bytes each), then float32[dimension], then its label in 8 bytes; labels are named in a pickle.
 * A vector belongs to the row of its label; a label that comes twice, or that the pickle does not name, to none.
 * @returns undefined where the folder, its vectors or its labels are gone or cannot be read.
 */
export async function openHnsw(
  folder: string,
  { dimension, neighbours = USUAL_NEIGHBOURS }: { dimension: number; neighbours?: number },
): Promise<HnswVectors | undefined> {
  const labels = await readFile(join(folder, 'index_metadata.pickle')).then(labelsOf, () => undefined);
  if (!labels || endianness() !== 'LE') return undefined;
  const file = await open(join(folder, 'data_level0.bin')).catch(() => undefined);
  if (!file) return undefined;
  const links = 4 * (2 * neighbours + 1);
  const layout = { vectorAt: links, labelAt: links + 4 * dimension, bytes: links + 4 * dimension + 8 };
  const places = await placesOf(file, labels, layout);
  return {
    ids: new Set(places.keys()),
    async vector(id) {
      const place = places.get(id);
      if (place === undefined) return undefined;
      const bytes = new Uint8Array(4 * dimension);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, place * layout.bytes + layout.vectorAt);
      return bytesRead === bytes.length ? new Float32Array(bytes.buffer) : undefined;
    },
    close: () => file.close(),
  };
}

/** id → number of its element. */
async function placesOf(
  file: FileHandle,
  labels: ReadonlyMap<number, string>,
  { labelAt, bytes }: { labelAt: number; bytes: number },
): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  const twice = new Set<string>();
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
  const chunk = Buffer.alloc(perChunk * bytes);
  // To the file's end: deleted elements stand among the others, and room for more, in zeros, behind them.
  for (let first = 0; ; first += perChunk) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, first * bytes);
    const whole = Math.floor(bytesRead / bytes);
    for (let n = 0; n < whole; n++) {
      const id = labels.get(Number(chunk.readBigUInt64LE(n * bytes + labelAt)));
      if (id === undefined) continue;
      if (places.has(id)) twice.add(id);
      places.set(id, first + n);
    }
    if (whole < perChunk) break;
  }
  for (const id of twice) places.delete(id);
  return places;
}
