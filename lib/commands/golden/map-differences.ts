import { classMap } from '../../arithmetic/class-map.js';
import { queryMap } from '../../arithmetic/query-masks.js';
import type { TensorData } from '../../onnx.js';
import { decoded } from './exact-inputs.js';
import { type GoldenFolder, readGolden } from './folder.js';
import { graphOf, pictureFeed, run } from './graph-runs.js';

/** One picture's map of classes or segments beside the reference's, at the picture's own size. */
export interface MapDifference {
  model: string;
  image: string;
  /** Pixels whose class or segment is another. */
  different: number;
  /** Segments whose class or number of pixels is another, or whose score is off by more than 1e-4. */
  segments: number;
}

interface Row {
  image: string;
  width: number;
  height: number;
}

/** Class maps of both semantic models: upsampling and arg max. */
export async function semanticDifferences(folder: GoldenFolder): Promise<MapDifference[]> {
  return [
    ...(await semantic(folder, 'segformer-tiny', 'segformer-512')),
    ...(await semantic(folder, 'beit-seg-tiny', 'beit-640')),
  ];
}

async function semantic(folder: GoldenFolder, model: string, family: string): Promise<MapDifference[]> {
  const { rows } = await readGolden<{ rows: (Row & { map: string })[] }>(
    folder,
    `models/${model}/expected.json`,
  );
  const differences: MapDifference[] = [];
  for (const row of rows) {
    const pixel_values = await pictureFeed(folder, { model, image: row.image, family });
    const [logits] = await run(graphOf(folder, model), { pixel_values }, ['logits']);
    const [, classes = 0, height = 0, width = 0] = logits!.dims;
    const map = classMap({ data: logits!.data, classes, height, width }, row);
    const expected = await mapOf(folder, model, row.map);
    differences.push({ model, image: row.image, different: unequal(map, expected), segments: 0 });
  }
  return differences;
}

interface Panoptic {
  map: string;
  segments_info: { label_id: number; score: number; pixels: number }[];
}

/** What the reference was asked: the threshold of each set of maps. */
const THRESHOLDS = { panoptic: 0.5, 'panoptic_threshold_0.9': 0.9 } as const;

/** Panoptic maps and segments of DETR's form, with the reference's own thresholds and with a higher one. */
export async function panopticDifferences(folder: GoldenFolder): Promise<MapDifference[]> {
  const model = 'detr-panoptic-tiny';
  const { rows } = await readGolden<{ rows: (Row & Record<keyof typeof THRESHOLDS, Panoptic>)[] }>(
    folder,
    `models/${model}/expected.json`,
  );
  const differences: MapDifference[] = [];
  for (const row of rows) {
    const pixel_values = await pictureFeed(folder, { model, image: row.image, family: 'detr-800' });
    const ones = new BigInt64Array(64 * 64).fill(1n);
    const pixel_mask: TensorData = { type: 'int64', data: ones, dims: [1, 64, 64] };
    const outputs = ['logits', 'pred_masks'];
    const [classes, masks] = await run(graphOf(folder, model), { pixel_values, pixel_mask }, outputs);
    const [, , classCount = 0] = classes!.dims;
    const [, , height = 0, width = 0] = masks!.dims;
    const queries = { classes: classes!.data, classCount, masks: masks!.data, height, width };
    for (const [name, threshold] of Object.entries(THRESHOLDS)) {
      const expected = row[name as keyof typeof THRESHOLDS];
      const { found, map } = queryMap(queries, { threshold, maskThreshold: 0.5, overlap: 0.8 }, row);
      // There the segments count from 1 and 0 is none.
      const ids = map.map((segment) => segment + 1);
      differences.push({
        model: `${model} ${name}`,
        image: row.image,
        different: unequal(ids, await mapOf(folder, model, expected.map)),
        segments: otherSegments(found, expected.segments_info),
      });
    }
  }
  return differences;
}

function otherSegments(
  found: readonly { label: number; score: number; pixels: number }[],
  expected: Panoptic['segments_info'],
): number {
  const same = expected.filter(({ label_id, score, pixels }, n) => {
    const own = found[n];
    return own?.label === label_id && own.pixels === pixels && Math.abs(own.score - score) <= 1e-4;
  });
  return Math.max(found.length, expected.length) - same.length;
}

/** The numbers of a grey PNG, row-major. */
async function mapOf(folder: GoldenFolder, model: string, map: string): Promise<Uint8Array> {
  const { data } = await decoded(`${folder.path}/models/${model}/${map}`);
  return Uint8Array.from({ length: data.length / 3 }, (_, pixel) => data[3 * pixel]!);
}

function unequal(got: ArrayLike<number>, expected: Uint8Array): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((count, value, at) => count + Number(got[at] !== value), 0);
}
