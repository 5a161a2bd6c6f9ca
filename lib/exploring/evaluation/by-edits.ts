/** Figures without any labels: a picture that was edited must find the picture that it was. */
import { bootstrapMean } from '../../arithmetic/bootstrap.js';
import { distances } from '../../arithmetic/distances.js';
import { mirrored } from '../../arithmetic/mirrored.js';
import { stack } from '../../arithmetic/vectors.js';
import { decode, type Edit, edited } from '../../decoders/image.js';
import { type Turns, turnTaker } from '../../turns.js';
import type { EditFigures, EditName, Pixels, Preprocessing } from '../../types.js';
import type { Space } from './space.js';

/** In the order in which they are told. */
export const EDITS: readonly EditName[] = ['crop', 'flipped', 'brighter', 'recompressed'];

/** Edited pictures whose distances are made at once: 100,000 rows take 6 MB. */
const ROWS_AT_ONCE = 16;

/** Share of both sides that a piece keeps: a good third of the picture. */
const PIECE = 0.6;
/** Factor of all channels; what passes white is cut. */
const BRIGHTER = 1.3;
/** Half the sides, and a quality at which blocks can be seen. */
const RECOMPRESSED: Edit = { scale: 0.5, quality: 30 };

/**
 * The edited forms of one picture as an encoder wants them, in the order of EDITS.
 * @param random says where the piece is cut.
 * @throws LookbookError when the bytes are no picture.
 */
export async function editedForms(
  bytes: Uint8Array,
  preprocessing: Preprocessing,
  random: () => number,
): Promise<Pixels[]> {
  const crop = { share: PIECE, x: random(), y: random() };
  const [piece, whole, brighter, recompressed] = await Promise.all([
    edited(bytes, { crop }).then((made) => pixelsOf(made, preprocessing)),
    pixelsOf(bytes, preprocessing),
    edited(bytes, { gains: [BRIGHTER, BRIGHTER, BRIGHTER] }).then((made) => pixelsOf(made, preprocessing)),
    edited(bytes, RECOMPRESSED).then((made) => pixelsOf(made, preprocessing)),
  ]);
  return [piece, mirrored(whole), brighter, recompressed];
}

async function pixelsOf(bytes: Uint8Array, preprocessing: Preprocessing): Promise<Pixels> {
  return (await decode(bytes, { preprocessings: [preprocessing] })).inputs[0]!;
}

/** Vectors of the edited forms of the picture in one row, in the order of EDITS. */
export interface EditedRow {
  row: number;
  vectors: readonly Float32Array[];
}

/** @returns a line for each of EDITS; none where no picture was edited. */
export async function editFigures(
  space: Space,
  rows: readonly EditedRow[],
  watch: Turns,
): Promise<EditFigures[]> {
  if (!rows.length) return [];
  const turn = turnTaker(watch);
  const figures: EditFigures[] = [];
  for (const [at, edit] of EDITS.entries()) {
    const ranks: number[] = [];
    const cosines: number[] = [];
    for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
      await turn((at + start / rows.length) / EDITS.length);
      const part = rows.slice(start, start + ROWS_AT_ONCE);
      ranks.push(...ranksOf(part, at, space));
      cosines.push(...part.map((one) => cosineOf(one, at, space)));
    }
    figures.push({
      edit,
      pictures: rows.length,
      first: bootstrapMean(ranks.map((rank) => (rank === 1 ? 1 : 0))),
      reciprocalRank: bootstrapMean(ranks.map((rank) => 1 / rank)),
      cosine: bootstrapMean(cosines),
    });
  }
  return figures;
}

/** From 1. Rows at the same distance come before it: where all are equal nothing was found. */
function ranksOf(rows: readonly EditedRow[], edit: number, { vectors, dimension, metric }: Space): number[] {
  const asking = stack(
    rows.map((one) => one.vectors[edit]!),
    dimension,
  );
  const found = distances(asking, vectors, { dimension, metric });
  const count = vectors.length / dimension;
  return rows.map(({ row }, at) => {
    const all = found.subarray(at * count, (at + 1) * count);
    const own = all[row]!;
    return all.reduce((rank, distance, other) => (other !== row && distance <= own ? rank + 1 : rank), 1);
  });
}

function cosineOf(one: EditedRow, edit: number, { vectors, dimension }: Space): number {
  const own = vectors.subarray(one.row * dimension, (one.row + 1) * dimension);
  return 1 - distances(one.vectors[edit]!, own, { dimension, metric: 'cosine' })[0]!;
}
