import { seeded } from '../../arithmetic/seeded.js';
import { decode } from '../../decoders/image.js';
import { type Turns, turnTaker } from '../../turns.js';
import type { Encoder, Pixels } from '../../types.js';
import { type EditedRow, editedForms } from './by-edits.js';
import type { Placed } from './tables.js';

/** A picture that was read and decoded once, so that reading it again is expected to succeed. */
export interface ReadablePicture extends Placed {
  /** The bytes of an encoded picture. */
  read(): Promise<Uint8Array>;
}

/** What the encoders of one graph saw, each list in the encoders' order. */
export interface Looked {
  /** float32[pictures, dimension] each. */
  vectors: Float32Array[];
  edited: EditedRow[][];
  /** Of one pass of the graph that serves them all, without reading and decoding; NaN for no pictures. */
  msPerPicture: number;
}

const BATCH = 16;

/**
 * Shows all pictures to encoders that share one graph and one preprocessing, batch by batch, so that few are held decoded.
 * @param edited rows whose edited forms are looked at too.
 */
export async function lookAtAll(
  encoders: readonly Encoder[],
  { pictures, edited }: { pictures: readonly ReadablePicture[]; edited: readonly number[] },
  watch: Turns,
): Promise<Looked> {
  const turn = turnTaker(watch);
  const looked: Looked = {
    vectors: encoders.map(({ dimension }) => new Float32Array(pictures.length * dimension)),
    edited: encoders.map(() => []),
    msPerPicture: Number.NaN,
  };
  const [{ preprocessing }] = encoders as [Encoder];
  const works = pictures.length + edited.length;
  const batches: { ms: number; pictures: number }[] = [];
  for (let start = 0; start < pictures.length; start += BATCH) {
    await turn(start / works);
    const part = pictures.slice(start, start + BATCH);
    const pixels = await Promise.all(
      part.map(async (picture) => {
        const { inputs } = await decode(await picture.read(), { preprocessings: [preprocessing] });
        return inputs[0]!;
      }),
    );
    const began = performance.now();
    const found = await embedWithAll(encoders, pixels);
    batches.push({ ms: performance.now() - began, pictures: part.length });
    for (const [at, rows] of found.entries())
      for (const [n, row] of rows.entries())
        looked.vectors[at]!.set(row, (start + n) * encoders[at]!.dimension);
  }
  const random = seeded(1);
  for (const [at, row] of edited.entries()) {
    await turn((pictures.length + at) / works);
    const forms = await editedForms(await pictures[row]!.read(), preprocessing, random);
    const found = await embedWithAll(encoders, forms);
    for (const [n, vectors] of found.entries()) looked.edited[n]!.push({ row, vectors });
  }
  return { ...looked, msPerPicture: perPicture(batches) };
}

/**
 * The encoders one after the other: the first passes the pictures, the others find its pass. A vector gets the length back
 * that it had, where the encoder tells it: of length 1 all metrics but minkowski's would order alike.
 */
async function embedWithAll(
  encoders: readonly Encoder[],
  pixels: readonly Pixels[],
): Promise<Float32Array[][]> {
  const found: Float32Array[][] = [];
  for (const encoder of encoders) {
    const embedded = await encoder.embed(pixels.map((one) => ({ pixels: one })));
    found.push(embedded.map(({ picture, length }) => withLength(picture, length)));
  }
  return found;
}

function withLength(vector: Float32Array, length: number | undefined): Float32Array {
  return length === undefined ? vector : vector.map((value) => value * length);
}

/** Without the first batch, which pays for allocations, where there are others. */
function perPicture(batches: readonly { ms: number; pictures: number }[]): number {
  const counted = batches.length > 1 ? batches.slice(1) : batches;
  const ms = counted.reduce((sum, batch) => sum + batch.ms, 0);
  return ms / counted.reduce((sum, batch) => sum + batch.pictures, 0);
}
