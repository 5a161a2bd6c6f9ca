import { logitResampler, maskAbove } from '../../arithmetic/mask-logits.js';
import { maskIoU } from '../../arithmetic/masks.js';
import { preprocess } from '../../arithmetic/resampling.js';
import { type MaskDecoder, openMaskDecoder } from '../../mask-decoder.js';
import type { EverythingTools } from '../../mask-proposals.js';
import type { EverythingManifest } from '../../models/manifest.js';
import { openPictureGraph } from '../../picture-graph.js';
import { findEverything } from '../../segmenters/everything.js';
import type { Mask, Pixels } from '../../types.js';
import { FACTS } from './dual-encoders.js';
import { decoded } from './exact-inputs.js';
import { ruleNamed } from './families.js';
import { type GoldenFolder, readGolden } from './folder.js';

/** One picture through a tiny SAM, against what the reference's mask generator makes of it. */
export interface EverythingDifference {
  image: string;
  /** The largest difference of one predicted IoU. */
  scores: number;
  /** Points whose best mask of three is the reference's. */
  bestOfThree: number;
  /** The least IoU of such a mask with the reference's. */
  iouMin: number;
  /** Masks that stay in the end, and how many do in the reference. */
  chosen: number;
  expected: number;
  /** The least IoU of those in the same place of the list. */
  chosenIouMin: number;
}

interface StoredMask {
  rle_row_major: number[];
}

interface Row {
  image: string;
  width: number;
  height: number;
  points: (StoredMask & { point_1024: [number, number]; iou_scores: number[]; best: number })[];
  everything: { masks: (StoredMask & { score: number })[] };
}

const MODEL = 'sam-tiny';

const MANIFEST: EverythingManifest = {
  ...FACTS,
  name: MODEL,
  family: 'everything',
  files: { image: { path: 'onnx/vision_encoder.onnx', bytes: null, sha256: null } },
  preprocessing: ruleNamed('sam-1024'),
  input: 'pixel_values',
  output: 'image_embeddings',
  prompts: {
    file: 'decoder',
    embeddings: ['image_embeddings', 'image_positional_embeddings'],
    inputs: { points: 'input_points', labels: 'input_labels' },
    labelType: 'int64',
    form: 'many',
    outputs: { scores: 'iou_scores', masks: 'pred_masks' },
  },
  pointsPerSide: 8,
};

/** The large set's tiny SAM, through the family's own code; masks are made at the picture's size, as the reference does. */
export async function everythingDifferences(folder: GoldenFolder): Promise<EverythingDifference[]> {
  const below = `${folder.path}/models/${MODEL}`;
  const { rows } = await readGolden<{ rows: Row[] }>(folder, `models/${MODEL}/expected.json`);
  const { prompts } = MANIFEST;
  const graph = await openPictureGraph(MANIFEST, `${below}/onnx/vision_encoder.onnx`, {
    outputs: prompts.embeddings,
  });
  const decoder = await openMaskDecoder(prompts, `${below}/onnx/prompt_encoder_mask_decoder.onnx`, {
    name: MODEL,
  });
  try {
    const differences: EverythingDifference[] = [];
    for (const row of rows) {
      const pixels = preprocess(await decoded(`${below}/${row.image}`), MANIFEST.preprocessing);
      differences.push(await difference(row, pixels, { manifest: MANIFEST, graph, decoder }));
    }
    return differences;
  } finally {
    await Promise.all([graph.close(), decoder.close()]);
  }
}

async function difference(row: Row, pixels: Pixels, tools: EverythingTools): Promise<EverythingDifference> {
  const { width, height, image } = row;
  const points = await pointDifferences(row, pixels, tools);
  const found = await findEverything({ pixels, width, height }, tools, { width, height });
  const expected = row.everything.masks;
  const ious = expected.map((stored, index) =>
    found[index] ? maskIoU(found[index].mask, maskOf(stored, row)) : 0,
  );
  const scores = expected.map(({ score }, index) => Math.abs(score - (found[index]?.score ?? 0)));
  return {
    image,
    ...points,
    scores: Math.max(points.scores, ...scores),
    chosen: found.length,
    expected: expected.length,
    chosenIouMin: Math.min(...ious),
  };
}

async function pointDifferences(
  row: Row,
  pixels: Pixels,
  { graph, decoder }: { graph: EverythingTools['graph']; decoder: MaskDecoder },
): Promise<Pick<EverythingDifference, 'scores' | 'bestOfThree' | 'iouMin'>> {
  const [seen] = await graph.look([pixels]);
  const { size } = MANIFEST.preprocessing;
  const result = { scores: 0, bestOfThree: 0, iouMin: 1 };
  const prompts = row.points.map(({ point_1024: [x, y] }) => [{ x, y, label: 1 } as const]);
  let resample: ReturnType<typeof logitResampler> | undefined;
  await decoder.draw(seen!, prompts, (drawn, index) => {
    const expected = row.points[index]!;
    for (const [m, score] of expected.iou_scores.entries())
      result.scores = Math.max(result.scores, Math.abs(score - drawn.scores[m]!));
    if (drawn.scores.indexOf(Math.max(...drawn.scores)) === expected.best) result.bestOfThree++;
    const input = { width: size, height: size };
    resample ??= logitResampler({ map: drawn, input, picture: pixels, mask: row });
    const mask = maskAbove(resample(drawn.logits[expected.best]!), row);
    result.iouMin = Math.min(result.iouMin, maskIoU(mask, maskOf(expected, row)));
  });
  return result;
}

/** Runs of zeros and ones in turn, row by row. */
function maskOf({ rle_row_major }: StoredMask, { width, height }: { width: number; height: number }): Mask {
  const data = new Uint8Array(width * height);
  let at = 0;
  for (const [index, run] of rle_row_major.entries()) {
    data.fill(index % 2, at, at + run);
    at += run;
  }
  return { data, width, height };
}
