/** Repositories of transformers that only look at pictures: encoders without words, and segmenters. */
import type { Pooling, Preprocessing } from '../../types.js';
import type { ManifestFile } from '../manifest.js';
import { firstOf, rolesOf, variantsOf } from './files.js';
import { type HubRepository, labelsOf, type ManifestBody, sizeOf } from './form.js';
import { fieldOf, numberOf, shown, textOf } from './json.js';

/** How the vector is made of last_hidden_state where the model has no class scores, by model_type. */
export const POOLINGS: ReadonlyMap<string, Pooling> = new Map<string, Pooling>([
  ...['vit', 'deit', 'vit_msn', 'dinov2', 'dinov2_with_registers', 'dinov3_vit'].map(each('cls')),
  ...['beit', 'data2vec-vision'].map(each('patch-mean')),
  ...['swin', 'swinv2', 'convnext', 'convnextv2', 'resnet', 'regnet'].map(each('mean')),
  ...['mobilenet_v1', 'mobilenet_v2', 'efficientnet'].map(each('mean')),
]);

/** Segmenters whose logits are one map a class. */
export const SEMANTIC_TYPES: ReadonlySet<string> = new Set([
  'segformer',
  'beit',
  'data2vec-vision',
  'upernet',
]);

const MOST_NUMBERS = 65_536;

/** Whether config.json is that of a model that gives a class to each pixel. */
export function isSemantic(config: unknown): boolean {
  return headOf(config).endsWith('ForSemanticSegmentation');
}

export function readPictureModel(
  repository: HubRepository,
  config: unknown,
  preprocessing: Preprocessing,
): ManifestBody | undefined {
  const { files, faults } = repository;
  const graphs = { image: firstOf(files, ['onnx/model.onnx', 'model.onnx']) ?? 'onnx/model.onnx' };
  const roles = rolesOf(files, graphs, faults);
  const forms = variantsOf(files, graphs, faults);
  const said = isSemantic(config) ? semanticPart(config, preprocessing, faults) : encoderPart(config, faults);
  const { image } = roles;
  if (image === undefined || said === undefined) return undefined;
  const held: { image: ManifestFile } & Record<string, ManifestFile> = { ...roles, image };
  return { files: held, ...forms, preprocessing, input: 'pixel_values', ...said };
}

function encoderPart(
  config: unknown,
  faults: string[],
):
  | { family: 'image-encoder'; output: string; pooling?: Pooling; dimension: number; advice?: string }
  | undefined {
  if (headOf(config).endsWith('ForImageClassification')) {
    const labels = labelsOf(fieldOf(config, 'id2label'))?.length ?? fieldOf(config, 'num_labels');
    const dimension = sizeOf(labels, MOST_NUMBERS, 'the number of id2label in config.json', faults);
    const advice = 'Pictures are compared by the scores of the classes that the model was trained for.';
    return { family: 'image-encoder', output: 'logits', dimension, advice };
  }
  const pooling = POOLINGS.get(textOf(fieldOf(config, 'model_type')) ?? '');
  if (pooling === undefined) return undefined;
  const dimension = sizeOf(widthOf(config), MOST_NUMBERS, 'hidden_size in config.json', faults);
  return { family: 'image-encoder', output: 'last_hidden_state', pooling, dimension };
}

function semanticPart(
  config: unknown,
  { resize }: Preprocessing,
  faults: string[],
): { family: 'semantic'; output: string; labels: string[]; background: number | null } | undefined {
  if (resize === 'shortest')
    faults.push('do_center_crop in preprocessor_config.json: masks would be of the middle of a picture');
  const labels = labelsOf(fieldOf(config, 'id2label'));
  if (!labels) {
    faults.push(
      `id2label ${shown(fieldOf(config, 'id2label'))} in config.json, not a name for each class from 0 on`,
    );
    return undefined;
  }
  const background = labels.findIndex((label) => label.toLowerCase() === 'background');
  return { family: 'semantic', output: 'logits', labels, background: background < 0 ? null : background };
}

/** Numbers of the last layer: hidden_size, or of ConvNets the last of hidden_sizes, or what Swin calls embed_dim. */
function widthOf(config: unknown): unknown {
  const sizes = fieldOf(config, 'hidden_sizes');
  const depths = fieldOf(config, 'depths');
  const first = numberOf(fieldOf(config, 'embed_dim'));
  if (fieldOf(config, 'hidden_size') !== undefined) return fieldOf(config, 'hidden_size');
  if (Array.isArray(sizes)) return sizes.at(-1);
  return first !== undefined && Array.isArray(depths) ? first * 2 ** (depths.length - 1) : undefined;
}

function headOf(config: unknown): string {
  const heads = fieldOf(config, 'architectures');
  return Array.isArray(heads) ? (textOf(heads[0]) ?? '') : '';
}

function each(pooling: Pooling): (type: string) => [string, Pooling] {
  return (type) => [type, pooling];
}
