import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { perceptualHash } from '../arithmetic/perceptual-hash.js';
import { decode } from '../decoders/image.js';
import { readStored } from '../picture-bytes.js';
import { PERCEPTUAL_HASH, placesOf } from '../rows.js';
import type { DuplicatesOptions, Encoder, Place, VectorCollection } from '../types.js';
import { counted } from '../words.js';

/** What duplicates are looked for in. */
export interface DuplicateSources {
  encoder: Encoder;
  pictures: VectorCollection;
  allowPrivateUrls: boolean;
  /** A place as a person can open it. */
  locate(place: Place): string;
}

/** Hashes that were made from files are written to the store so many at a time, so that a stop loses few. */
const HASHES_PER_WRITE = 200;

/**
 * Hashes for rows of an older index, from their files: decoded for the encoder as an index run does, never encoded. They
 * are put into `hashes` and into the store, so that it happens once.
 * @returns a sentence where some pictures stay without a hash, because their files have gone.
 */
export async function hashTheRest(
  { ids, hashes }: { ids: readonly string[]; hashes: (string | undefined)[] },
  { encoder, pictures, allowPrivateUrls, locate }: DuplicateSources,
  { signal }: DuplicatesOptions,
): Promise<string[]> {
  const without = ids.flatMap((id, index) => (hashes[index] === undefined ? [{ id, index }] : []));
  let gone = 0;
  const turn = pLimit(availableParallelism());
  for (let start = 0; start < without.length; start += HASHES_PER_WRITE) {
    signal?.throwIfAborted();
    const part = without.slice(start, start + HASHES_PER_WRITE);
    const rows = new Map((await pictures.get(part.map(({ id }) => id))).map((row) => [row.id, row]));
    const made = await Promise.all(
      part.map(({ id, index }) =>
        turn(async () => {
          const row = rows.get(id);
          const locations = row ? placesOf(row.metadata).map(locate) : [];
          const hash = await hashFromFile(id, locations, { encoder, allowPrivateUrls });
          if (hash === undefined) gone++;
          hashes[index] = hash;
          return hash === undefined ? [] : [{ id, metadata: { [PERCEPTUAL_HASH]: hash } }];
        }),
      ),
    );
    await pictures.setMetadata(made.flat());
  }
  return gone
    ? [`${counted(gone, 'picture')} could not be compared: indexed without a hash, and gone since.`]
    : [];
}

/** @returns undefined when none of the places holds the picture any more. */
async function hashFromFile(
  imageId: string,
  locations: readonly string[],
  { encoder, allowPrivateUrls }: Pick<DuplicateSources, 'encoder' | 'allowPrivateUrls'>,
): Promise<string | undefined> {
  const bytes = await readStored(imageId, locations, { allowPrivateUrls });
  if (!bytes) return undefined;
  const { inputs } = await decode(bytes, { preprocessings: [encoder.preprocessing] });
  return perceptualHash(inputs[0]!);
}
