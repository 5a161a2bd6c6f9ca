/** Repositories of transformers whose segmenters answer with queries: a class and a mask each. */
import type { Preprocessing } from '../../types.js';
import type { ConstantInput, InstanceManifest } from '../manifest.js';
import { firstOf, rolesOf, variantsOf } from './files.js';
import { type HubRepository, labelsOf, type ManifestBody } from './form.js';
import { fieldOf, shown, textOf } from './json.js';

/** What public exports call the outputs, and what else they want. */
export interface QueryForm {
  head: string;
  classes: string;
  masks: string;
  constants?: Record<string, ConstantInput>;
}

const FORMS: ReadonlyMap<string, QueryForm> = new Map([
  [
    'detr',
    {
      head: 'DetrForSegmentation',
      classes: 'logits',
      masks: 'pred_masks',
      // Exports for transformers.js want it, whatever the picture's size.
      constants: { pixel_mask: { type: 'int64', dims: ['batch', 64, 64], value: 1 } },
    },
  ],
  [
    'maskformer',
    {
      head: 'MaskFormerForInstanceSegmentation',
      classes: 'class_queries_logits',
      masks: 'masks_queries_logits',
    },
  ],
]);

/** The model_types that are read here. */
export const INSTANCE_TYPES: ReadonlySet<string> = new Set(FORMS.keys());

/** The rule of transformers' post_process_panoptic_segmentation where nobody asks for another. */
const RULE = { threshold: 0.5, maskThreshold: 0.5, overlap: 0.8 } satisfies Partial<
  InstanceManifest['queries']
>;

/** How a model answers with queries, by its config.json; undefined where it is of another kind. */
export function queryFormOf(config: unknown): QueryForm | undefined {
  const form = FORMS.get(textOf(fieldOf(config, 'model_type')) ?? '');
  const heads = fieldOf(config, 'architectures');
  return Array.isArray(heads) && heads[0] === form?.head ? form : undefined;
}

export function readInstance(
  { files, faults }: HubRepository,
  config: unknown,
  { form, preprocessing }: { form: QueryForm; preprocessing: Preprocessing },
): ManifestBody | undefined {
  const graphs = { image: firstOf(files, ['onnx/model.onnx', 'model.onnx']) ?? 'onnx/model.onnx' };
  const { image, ...roles } = rolesOf(files, graphs, faults);
  const forms = variantsOf(files, graphs, faults);
  const labels = labelsOf(fieldOf(config, 'id2label'));
  if (!labels)
    faults.push(
      `id2label ${shown(fieldOf(config, 'id2label'))} in config.json, not a name for each class from 0 on`,
    );
  if (image === undefined || !labels) return undefined;
  return {
    family: 'instance',
    files: { ...roles, image },
    ...forms,
    preprocessing,
    input: 'pixel_values',
    output: form.masks,
    ...(form.constants ? { constants: form.constants } : {}),
    batch: 1,
    labels: labels.map((label) => (label === 'N/A' ? null : label)),
    queries: { classes: form.classes, ...RULE },
  };
}
