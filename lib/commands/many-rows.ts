/**
 * As many rows as a measurement needs: mixtures of two real vectors with noise, in place of pictures that nobody has. Bare
 * copies with a little noise would be hundreds of islands: of a graph over those Chroma finds a third of the nearest.
 */
import { normalise } from '../arithmetic/vectors.js';
import { imageIdOf, segmentsDone } from '../rows.js';
import type { Metadata, NewRecord, StoredRecord, VectorCollection } from '../types.js';

/** What a copy is given of its own. */
export interface Copy {
  /** Segments that it has. */
  segments: number;
  /** Fields that take the place of the real picture's. */
  picture?: Metadata;
  /** Fields of its n-th segment. */
  segment?: (n: number) => Metadata;
}

/** Both collections of a lookbook, with some real rows in them. */
export interface Crowd {
  pictures: VectorCollection;
  segments: VectorCollection;
}

const PER_WRITE = 1000;
/** Added to each number of a vector, half of it at most. */
const NOISE = 0.1;
/** Share of the second vector, at most. */
const MIXED = 0.5;

/**
 * Fills up to so many pictures and their segments with mixtures of the real ones in turn; the real ones stay.
 * @param describe the copy of that number, from 0.
 */
export async function fillUp(
  { pictures, segments }: Crowd,
  count: number,
  describe: (n: number) => Copy,
): Promise<void> {
  const wholes = await rowsOf(pictures);
  const parts = new Map<string, StoredRecord[]>();
  for (const row of await rowsOf(segments))
    parts.set(imageIdOf(row.id), [...(parts.get(imageIdOf(row.id)) ?? []), row]);
  const any = [...parts.values()].flat();
  const marker = segmentsDone(segments.fingerprint);
  let waiting: { wholes: NewRecord[]; parts: NewRecord[] } = { wholes: [], parts: [] };
  const write = async (): Promise<void> => {
    if (waiting.parts.length) await segments.upsert(waiting.parts);
    if (waiting.wholes.length) await pictures.upsert(waiting.wholes);
    waiting = { wholes: [], parts: [] };
  };
  for (let n = 0; n < count - wholes.length; n++) {
    const real = wholes[n % wholes.length]!;
    const own = parts.get(real.id) ?? any;
    const copy = describe(n);
    const id = `${real.id.slice(0, -6)}${String(n).padStart(6, '0')}`;
    waiting.wholes.push({
      id,
      vector: mixed(real, anyOf(wholes)),
      metadata: { ...real.metadata, ...copy.picture, [marker]: copy.segments },
    });
    for (let part = 0; part < copy.segments; part++) {
      const model = own[part % own.length]!;
      const metadata = { ...model.metadata, ...contentOf(copy.picture), ...copy.segment?.(part) };
      waiting.parts.push({ id: `${id}:${part}`, vector: mixed(model, anyOf(any)), metadata });
    }
    if (waiting.parts.length >= PER_WRITE) await write();
  }
  await write();
}

/** What stands on both kinds of row. */
function contentOf(picture: Metadata = {}): Metadata {
  const { places: _, added: __, ...content } = picture;
  return content;
}

async function rowsOf(collection: VectorCollection): Promise<StoredRecord[]> {
  const rows: StoredRecord[] = [];
  for await (const page of collection.pages({ vectors: true })) rows.push(...page);
  return rows;
}

function anyOf<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)]!;
}

function mixed({ vector }: StoredRecord, { vector: other }: StoredRecord): Float32Array {
  const share = MIXED * Math.random();
  const noise = (): number => (Math.random() - 0.5) * NOISE;
  return normalise(vector!.map((value, i) => (1 - share) * value + share * other![i]! + noise()));
}
