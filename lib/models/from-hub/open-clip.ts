/** Repositories of open_clip's exports: one pair of graphs, or immich's folders visual/ and textual/. */

import type { TextTower } from '../manifest.js';
import { firstOf, type HubFiles, rolesOf } from './files.js';
import { type HubRepository, type ManifestBody, type ReadForm, sizeOf } from './form.js';
import { fieldOf, shown } from './json.js';
import { readOpenClipPreprocessing } from './preprocessing.js';
import { openClipRule } from './tokenizers.js';

const MOST_NUMBERS = 65_536;

/** What differs between the exports. */
interface Export {
  model: unknown;
  preprocess: unknown;
  paths: { image: string; text: string; tokenizer: string } & Record<string, string>;
  input: string;
  output: string;
  batch?: number;
  text: Pick<TextTower, 'inputs' | 'idType' | 'output' | 'batch'>;
}

/** visual/model.onnx, textual/model.onnx; one picture and one text a run, and vectors that have length 1 already. */
const readImmich: ReadForm = async (repository) => {
  const { files } = repository;
  return readExport(repository, {
    model: await jsonOf(repository, 'config.json'),
    preprocess: await jsonOf(repository, 'visual/preprocess_cfg.json'),
    paths: {
      image: 'visual/model.onnx',
      text: 'textual/model.onnx',
      tokenizer: 'textual/tokenizer.json',
      ...weightsBeside(files, 'image', 'visual/'),
      ...weightsBeside(files, 'text', 'textual/'),
    },
    input: 'image',
    output: 'embedding',
    batch: 1,
    text: { inputs: { ids: 'text' }, idType: 'int32', output: 'embedding', batch: 1 },
  });
};

/** open_clip_config.json, visual.onnx, textual.onnx. */
const readOpenClip: ReadForm = async (repository) => {
  const config = await jsonOf(repository, 'open_clip_config.json');
  return readExport(repository, {
    model: fieldOf(config, 'model_cfg'),
    preprocess: fieldOf(config, 'preprocess_cfg'),
    paths: { image: 'visual.onnx', text: 'textual.onnx', tokenizer: 'tokenizer.json' },
    input: 'input',
    output: 'output',
    text: { inputs: { ids: 'input' }, idType: 'int64', output: 'output' },
  });
};

/** Which of the two a repository is, if any. */
export function openClipForm(files: HubFiles): ReadForm | undefined {
  if (files.has('visual/model.onnx') || files.has('textual/model.onnx')) return readImmich;
  const isPair = firstOf(files, ['visual.onnx', 'textual.onnx']) !== undefined;
  return isPair && files.has('open_clip_config.json') ? readOpenClip : undefined;
}

function readExport({ files, faults }: HubRepository, made: Export): ManifestBody | undefined {
  const { model, input, output, batch, text } = made;
  const words = fieldOf(model, 'text_cfg');
  const rows = batch === undefined ? {} : { batch };
  const dimension = sizeOf(fieldOf(model, 'embed_dim'), MOST_NUMBERS, 'embed_dim', faults);
  const tokenizer = openClipRule(words, faults);
  if (!tokenizer)
    faults.push(`the tokenizer ${shown(fieldOf(words, 'hf_tokenizer_name'))}, which is not known here`);
  const read = readOpenClipPreprocessing(made.preprocess, fieldOf(model, 'vision_cfg', 'image_size'));
  faults.push(...read.faults);
  const roles = rolesOf(files, made.paths, faults);
  const { preprocessing } = read;
  const { image } = roles;
  if (!image || !tokenizer || !preprocessing) return undefined;
  return {
    family: 'dual-encoder',
    files: { ...roles, image },
    preprocessing,
    input,
    output,
    ...rows,
    dimension,
    text: { file: 'text', ...text, tokenizer },
  };
}

async function jsonOf(repository: HubRepository, path: string): Promise<unknown> {
  const value = await repository.json(path);
  if (value === undefined) repository.faults.push(`no ${path}`);
  return value;
}

/** Large graphs of immich keep each weight in a file of its own name beside them. */
function weightsBeside(files: HubFiles, role: string, folder: string): Record<string, string> {
  const notWeights = /\.(json|txt|md|onnx|armnn|rknn|model|onnx_data|data)$/;
  const beside = [...files.keys()].filter((path) => path.startsWith(folder) && !notWeights.test(path));
  const direct = beside.filter((path) => !path.slice(folder.length).includes('/'));
  return Object.fromEntries(direct.map((path, index) => [`${role}-weights-${index + 1}`, path]));
}
