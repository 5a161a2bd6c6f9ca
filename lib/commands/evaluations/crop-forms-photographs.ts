/**
 * How a segment should be shown to MobileNet v2: the largest segment that DeepLab finds in each of the photographs of
 * `iconic200`, asking for its like among those of the other photographs. Right is one of the same class of photograph, so
 * that surroundings which are typical of the class count as well. Score of the nearest as in `iconic200`, of classes with
 * fewer than 15 others as many as there are. 130 photographs of nine classes (margins 0, 0.08, 0.16, 0.25):
 *   mean      72.0  72.9  72.0  71.7
 *   white     72.9  73.3  72.7  72.7
 *   blur      71.4  71.7  71.0  70.1
 *   as it is  78.8  79.9  80.3  80.6
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { maskArea } from '../../arithmetic/masks.js';
import { nearestRows } from '../../arithmetic/neighbours.js';
import { stack } from '../../arithmetic/vectors.js';
import { cropFormOf, segmentCrop, workingPx } from '../../cropping/crops.js';
import { decode } from '../../decoders/image.js';
import { openEncoder, openSegmenter } from '../../models/families.js';
import type { CropForm, Encoder, Mask, Pixels } from '../../types.js';
import type { Figures, Measure } from '../figures.js';
import { photographsFolder } from '../photographs.js';

const PAINTS: CropForm['outside'][] = ['mean', 'white', 'blur', 'as it is'];
const MARGINS = [0, 0.08, 0.16, 0.25];
const LEAST_AREA = 0.005;
/** Classes of which fewer photographs have a segment are left out. */
const LEAST_OF_CLASS = 4;
const SCORED_RANKS = 15;
const BATCH = 16;

interface Part {
  kind: string;
  mask: Mask;
  working: Pixels;
}

export const measure: Measure = async (say) => {
  const folder = photographsFolder(say);
  if (folder === undefined) return {};
  process.env.LOOKBOOK_MODELS ||= join(folder, '../models');
  const encoder = await openEncoder('mobilenet-v2', { device: 'cpu' });
  const parts = await largestSegments(folder, encoder);
  say(`${parts.length} photographs with a segment; by paint, at the margins ${MARGINS.join(', ')}`);
  const used = cropFormOf(encoder);
  const figures: Figures = {};
  for (const outside of PAINTS) {
    const scores: number[] = [];
    for (const margin of MARGINS) {
      const score = await likeScore(parts, { margin, outside }, encoder);
      scores.push(score);
      if (outside === used.outside && margin === used.margin) figures['crop-forms.photographs.used'] = score;
    }
    say(`  ${outside.padEnd(9)} ${scores.map((score) => score.toFixed(1)).join('  ')}`);
    figures[`crop-forms.photographs.best.${outside.replaceAll(' ', '-')}`] = Math.max(...scores);
  }
  await encoder.close();
  return figures;
};

async function largestSegments(folder: string, { preprocessing }: Encoder): Promise<Part[]> {
  const kinds: Record<string, string> = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8'));
  const segmenter = await openSegmenter('deeplab-v3', { device: 'cpu' });
  const parts: Part[] = [];
  for (const [file, kind] of Object.entries(kinds)) {
    const decoded = await decode(await readFile(join(folder, file)), {
      preprocessings: [segmenter.preprocessing],
      workingPx: workingPx(preprocessing),
    });
    const { width, height } = decoded.facts;
    const [found] = await segmenter.segment([{ pixels: decoded.inputs[0]!, width, height }]);
    const [largest] = found!.map(({ mask }) => mask).sort((a, b) => maskArea(b) - maskArea(a));
    if (largest && maskArea(largest) > LEAST_AREA)
      parts.push({ kind, mask: largest, working: decoded.working! });
  }
  await segmenter.close();
  return parts.filter(({ kind }) => countOf(parts, kind) >= LEAST_OF_CLASS);
}

/** Mean score, 0..100, of every segment asking for its like. */
async function likeScore(parts: readonly Part[], form: CropForm, encoder: Encoder): Promise<number> {
  const vectors: Float32Array[] = [];
  for (let start = 0; start < parts.length; start += BATCH) {
    const crops = parts.slice(start, start + BATCH).map(({ working, mask }) => ({
      pixels: segmentCrop(working, mask, encoder.preprocessing, form),
    }));
    vectors.push(...(await encoder.embed(crops)).map(({ picture }) => picture));
  }
  const block = stack(vectors, encoder.dimension);
  const scores = vectors.map((vector, own) => {
    const { kind } = parts[own]!;
    const ranks = Math.min(SCORED_RANKS, countOf(parts, kind) - 1);
    const nearest = nearestRows(block, vector, ranks + 1).filter(({ index }) => index !== own);
    const weights = nearest.slice(0, ranks).map(({ index }, rank) => ({
      weight: SCORED_RANKS - rank,
      isRight: parts[index]!.kind === kind,
    }));
    const most = weights.reduce((sum, { weight }) => sum + weight, 0);
    return (100 * weights.reduce((sum, { weight, isRight }) => sum + (isRight ? weight : 0), 0)) / most;
  });
  return scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
}

function countOf(parts: readonly Part[], kind: string): number {
  return parts.filter((part) => part.kind === kind).length;
}
