/**
 * Random pieces of scenes as query pictures (the crop benchmark of similarity search): is the scene that a piece was cut
 * from the first hit? By the piece's share of the scene, with whole pictures alone, with the model's segments, and with
 * sliding windows as segments.
 */

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { seeded } from '../../arithmetic/seeded.js';
import { edited } from '../../decoders/image.js';
import { openLookbook } from '../../lookbook.js';
import type { Figures, Measure } from '../figures.js';
import { openWorkplace, type Workplace } from '../many-pictures.js';
import { writeScenes } from '../scenes/files.js';
import { openIcons } from '../scenes/icons.js';
import { drawScenes } from '../scenes/scenes.js';

/** Chosen before anything was measured; nothing is tuned on these scenes. */
const SEED = 15;
const SCENES = 200;
/** Pieces of each size, each of another scene. */
const PIECES = 100;
/** Percent of the scene's area; a piece has its scene's shape. */
const PERCENTS = [20, 40, 60, 80];

/** By what is stored beside the whole pictures. */
const WAYS: Record<string, { segmenter: string | null; segments: boolean }> = {
  whole: { segmenter: null, segments: false },
  segments: { segmenter: 'pictoclip-segments', segments: true },
  windows: { segmenter: 'windows', segments: true },
};

interface Piece {
  percent: number;
  /** Of the scene that it was cut from. */
  file: string;
  bytes: Uint8Array;
}

export const measure: Measure = async (say) => {
  const workplace = await openWorkplace();
  try {
    const icons = await openIcons(say);
    const truth = await writeScenes(workplace.pictures, drawScenes(icons, { count: SCENES, seed: SEED }));
    const pieces = await cutPieces([...truth.keys()], workplace);
    say(`${SCENES} scenes, ${pieces.length} pieces`);
    const figures: Figures = {};
    for (const way of Object.keys(WAYS)) {
      const right = await firstHits(pieces, way, workplace);
      for (const percent of PERCENTS) {
        const own = right.filter((_, n) => pieces[n]!.percent === percent);
        figures[`crops.success1.${percent}.${way}`] = own.filter(Boolean).length / own.length;
      }
    }
    say(
      `success@1   ${Object.keys(WAYS)
        .map((way) => way.padStart(9))
        .join('')}`,
    );
    for (const percent of PERCENTS) {
      const cells = Object.keys(WAYS).map((way) => figures[`crops.success1.${percent}.${way}`]!);
      say(`${percent} % of it   ${cells.map((value) => value.toFixed(2).padStart(9)).join('')}`);
    }
    return figures;
  } finally {
    await workplace.remove();
  }
};

async function cutPieces(files: readonly string[], { pictures }: Workplace): Promise<Piece[]> {
  const random = seeded(SEED);
  const pieces: Piece[] = [];
  for (const percent of PERCENTS) {
    for (const file of files.slice(0, PIECES)) {
      const crop = { share: Math.sqrt(percent / 100), x: random(), y: random() };
      const bytes = await edited(await readFile(join(pictures, file)), { crop });
      pieces.push({ percent, file, bytes });
    }
  }
  return pieces;
}

/** Whether the first hit of each piece is its own scene. */
async function firstHits(pieces: readonly Piece[], way: string, workplace: Workplace): Promise<boolean[]> {
  const { segmenter, segments } = WAYS[way]!;
  const { folder, masks, pictures } = workplace;
  const chroma = `flat:${join(folder, 'store')}`;
  const book = await openLookbook({
    name: 'crops',
    chroma,
    images: pictures,
    masks,
    encoder: 'pictoclip',
    segmenter,
  });
  await book.index();
  const right: boolean[] = [];
  for (const { file, bytes } of pieces) {
    const { hits } = await book.search({ image: bytes, segments, k: 1 });
    right.push(basename(hits[0]?.paths[0] ?? '') === file);
  }
  await book.close();
  return right;
}
