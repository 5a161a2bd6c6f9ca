import type { Preprocessing } from '../../types.js';
import { DUAL_KINDS, readDual } from './duals.js';
import type { HubRepository, ReadForm } from './form.js';
import { INSTANCE_TYPES, queryFormOf, readInstance } from './instances.js';
import { fieldOf, shown, textOf } from './json.js';
import { isSemantic, POOLINGS, readPictureModel, SEMANTIC_TYPES } from './pictures.js';
import { readImageProcessor } from './preprocessing.js';

/** A repository as transformers and its exports have it: config.json, preprocessor_config.json, onnx/. */
export const readTransformers: ReadForm = async (repository) => {
  const { files, faults } = repository;
  const config = await repository.json('config.json');
  if (config === undefined) faults.push('no config.json');
  const preprocessing = await processorOf(repository);
  const type = textOf(fieldOf(config, 'model_type')) ?? '';
  const kind = DUAL_KINDS.get(type);
  const queries = queryFormOf(config);
  const isPictureModel = isSemantic(config) ? SEMANTIC_TYPES.has(type) : POOLINGS.has(type);
  if (config !== undefined && !kind && !isPictureModel && !queries) faults.push(unknownType(config));
  if (![...files.keys()].some((path) => path.endsWith('.onnx'))) faults.push('no ONNX file');
  else if (kind) return readDual(repository, config, { kind, preprocessing: preprocessing ?? UNKNOWN });
  else if (queries)
    return readInstance(repository, config, { form: queries, preprocessing: preprocessing ?? UNKNOWN });
  else if (isPictureModel) return readPictureModel(repository, config, preprocessing ?? UNKNOWN);
  return undefined;
};

/** Stands in where there are faults already, so that the rest can be read and its faults be told too. */
const UNKNOWN: Preprocessing = {
  resize: 'squash',
  size: 224,
  interpolation: 'bicubic',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

async function processorOf(repository: HubRepository): Promise<Preprocessing | undefined> {
  const { faults } = repository;
  const own = await repository.json('preprocessor_config.json');
  const config = own ?? fieldOf(await repository.json('processor_config.json'), 'image_processor');
  if (config === undefined) {
    faults.push('no preprocessor_config.json');
    return undefined;
  }
  const read = readImageProcessor(config);
  faults.push(...read.faults.map((fault) => `preprocessor_config.json: ${fault}`));
  return read.preprocessing;
}

function unknownType(config: unknown): string {
  const type = textOf(fieldOf(config, 'model_type')) ?? '';
  if (INSTANCE_TYPES.has(type))
    return `architectures ${shown(fieldOf(config, 'architectures'))} of ${type} in config.json, none that gives segments`;
  const known = [
    ...new Set([...DUAL_KINDS.keys(), ...POOLINGS.keys(), ...SEMANTIC_TYPES, ...INSTANCE_TYPES]),
  ];
  const task = isSemantic(config) ? ' for segments' : '';
  return `model_type ${shown(fieldOf(config, 'model_type'))}${task} in config.json, none of ${known.join(', ')}`;
}
