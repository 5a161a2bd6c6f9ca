import { pixelValues } from '../../arithmetic/pixel-values.js';
import { preprocess } from '../../arithmetic/resampling.js';
import type { TensorData } from '../../onnx.js';
import { decoded } from './exact-inputs.js';
import { ruleNamed } from './families.js';
import { floats, type GoldenFolder, readGolden, type StoredTensor } from './folder.js';
import { chosen, graphOf, offSample, pictureFeed, run, type Sample } from './graph-runs.js';
import { most } from './model-differences.js';

/** Graphs that are run as they are, without a family of ours around them: the largest difference of one number. */
export interface GraphDifference {
  model: string;
  output: string;
  /** Scores and masks of SAM and DETR, which are logarithms near a clamp: they are held to 5e-3, all else to 1e-4. */
  isMask: boolean;
  max: number;
}

/** The rest of the large set: SigLIP by given ids, four segmenters by our own pixels. */
export async function graphDifferences(folder: GoldenFolder): Promise<GraphDifference[]> {
  return [
    ...(await siglip(folder)),
    ...(await semantic(folder, 'segformer-tiny', 'segformer-512')),
    ...(await semantic(folder, 'beit-seg-tiny', 'beit-640')),
    ...(await detr(folder)),
    ...(await sam(folder)),
  ];
}

async function siglip(folder: GoldenFolder): Promise<GraphDifference[]> {
  const expected = await readGolden<{
    images: string[];
    image_pooler_output: number[][];
    input_ids_64: number[][];
    text_pooler_output: number[][];
  }>(folder, 'models/siglip-tiny/expected.json');
  const rule = ruleNamed('siglip-224');
  const pictures = await Promise.all(
    expected.images.map(async (image) =>
      preprocess(await decoded(`${folder.path}/models/siglip-tiny/${image}`), rule),
    ),
  );
  const ids = expected.input_ids_64;
  const input_ids: TensorData = {
    type: 'int64',
    data: BigInt64Array.from(ids.flat(), BigInt),
    dims: [ids.length, 64],
  };
  const pixel_values: TensorData = { type: 'float32', ...pixelValues(pictures, rule) };
  return [
    await pooled(folder, 'vision_model', { pixel_values }, expected.image_pooler_output),
    await pooled(folder, 'text_model', { input_ids }, expected.text_pooler_output),
  ];
}

async function pooled(
  folder: GoldenFolder,
  tower: 'vision_model' | 'text_model',
  feeds: Record<string, TensorData>,
  expected: number[][],
): Promise<GraphDifference> {
  const output = 'pooler_output';
  const [got] = await run(`${folder.path}/models/siglip-tiny/onnx/${tower}.onnx`, feeds, [output]);
  const max = most([got!.data], [Float32Array.from(expected.flat())]);
  return { model: `siglip-tiny ${tower}`, output, isMask: false, max };
}

interface SegmenterRows<Row> {
  rows: (Row & { image: string })[];
}

async function semantic(folder: GoldenFolder, model: string, family: string): Promise<GraphDifference[]> {
  const { rows } = await readGolden<SegmenterRows<{ logits_sample: Sample }>>(
    folder,
    `models/${model}/expected.json`,
  );
  let max = 0;
  for (const row of rows) {
    const pixel_values = await pictureFeed(folder, { model, image: row.image, family });
    const [logits] = await run(graphOf(folder, model), { pixel_values }, ['logits']);
    max = Math.max(max, offSample(logits!, row.logits_sample));
  }
  return [{ model, output: 'logits', isMask: false, max }];
}

interface DetrRow {
  logits_first_11_queries: StoredTensor;
  pred_boxes_first_11: number[][];
  pred_masks_sample_first_11: Sample;
}

async function detr(folder: GoldenFolder): Promise<GraphDifference[]> {
  const model = 'detr-panoptic-tiny';
  const { rows } = await readGolden<SegmenterRows<DetrRow>>(folder, `models/${model}/expected.json`);
  const most11 = { logits: 0, pred_boxes: 0, pred_masks: 0 };
  for (const row of rows) {
    const pixel_values = await pictureFeed(folder, { model, image: row.image, family: 'detr-800' });
    const pixel_mask: TensorData = {
      type: 'int64',
      data: new BigInt64Array(64 * 64).fill(1n),
      dims: [1, 64, 64],
    };
    const feeds = { pixel_values, pixel_mask };
    const [logits, boxes, masks] = await run(graphOf(folder, model), feeds, Object.keys(most11));
    const expected = floats(row.logits_first_11_queries);
    most11.logits = Math.max(most11.logits, most([logits!.data.subarray(0, expected.length)], [expected]));
    const corners = Float32Array.from(row.pred_boxes_first_11.flat());
    most11.pred_boxes = Math.max(
      most11.pred_boxes,
      most([boxes!.data.subarray(0, corners.length)], [corners]),
    );
    most11.pred_masks = Math.max(most11.pred_masks, offSample(masks!, row.pred_masks_sample_first_11));
  }
  return Object.entries(most11).map(([output, max]) => ({ model, output, isMask: true, max }));
}

interface SamRow {
  points: { point_1024: [number, number]; iou_scores: number[] }[];
  pred_masks_sample_points_0_27_63: Sample;
  image_embeddings_sample: Sample;
}

const SAMPLED_POINTS = [0, 27, 63];

async function sam(folder: GoldenFolder): Promise<GraphDifference[]> {
  const model = 'sam-tiny';
  const { rows } = await readGolden<SegmenterRows<SamRow>>(folder, `models/${model}/expected.json`);
  const below = `${folder.path}/models/${model}/onnx`;
  const max = { image_embeddings: 0, iou_scores: 0, pred_masks: 0 };
  for (const row of rows) {
    const pixel_values = await pictureFeed(folder, { model, image: row.image, family: 'sam-1024' });
    const [embeddings, positions] = await run(`${below}/vision_encoder.onnx`, { pixel_values }, [
      'image_embeddings',
      'image_positional_embeddings',
    ]);
    max.image_embeddings = Math.max(
      max.image_embeddings,
      offSample(embeddings!, row.image_embeddings_sample),
    );
    const count = row.points.length;
    const feeds: Record<string, TensorData> = {
      input_points: {
        type: 'float32',
        data: Float32Array.from(row.points.flatMap(({ point_1024 }) => point_1024)),
        dims: [1, count, 1, 2],
      },
      input_labels: { type: 'int64', data: new BigInt64Array(count).fill(1n), dims: [1, count, 1] },
      image_embeddings: embeddings!,
      image_positional_embeddings: positions!,
    };
    const outputs = ['iou_scores', 'pred_masks'];
    const [scores, masks] = await run(`${below}/prompt_encoder_mask_decoder.onnx`, feeds, outputs);
    const expected = Float32Array.from(row.points.flatMap(({ iou_scores }) => iou_scores));
    max.iou_scores = Math.max(max.iou_scores, most([scores!.data], [expected]));
    max.pred_masks = Math.max(
      max.pred_masks,
      offSample(chosen(masks!, SAMPLED_POINTS), row.pred_masks_sample_points_0_27_63),
    );
  }
  return Object.entries(max).map(([output, max]) => ({ model, output, isMask: true, max }));
}
