import { rolesOf } from './files.js';
import { type ReadForm, sizeOf } from './form.js';
import { countOf, fieldOf, numberOf, shown, tripleOf } from './json.js';

const MOST_TOKENS = 131_072;
const MOST_NUMBERS = 65_536;

/** UForm's own form: config.json with text_encoder and image_encoder, image_encoder.onnx, text_encoder.onnx. */
export const readUform: ReadForm = async (repository) => {
  const { files, faults } = repository;
  const config = await repository.json('config.json');
  if (config === undefined) faults.push('no config.json');
  const text = fieldOf(config, 'text_encoder');
  const picture = fieldOf(config, 'image_encoder');
  const size = countOf(fieldOf(picture, 'image_size'));
  const mean = tripleOf(fieldOf(picture, 'normalization_means'));
  const std = tripleOf(fieldOf(picture, 'normalization_deviations'));
  const padId = numberOf(fieldOf(text, 'padding_idx'));
  if (!size) faults.push(`image_encoder.image_size ${shown(fieldOf(picture, 'image_size'))} in config.json`);
  if (!mean || !std?.every((value) => value > 0))
    faults.push(
      'no normalization_means and positive normalization_deviations of three numbers in config.json',
    );
  if (padId === undefined)
    faults.push(`text_encoder.padding_idx ${shown(fieldOf(text, 'padding_idx'))} in config.json`);
  const dimension = sizeOf(
    fieldOf(text, 'embedding_dim'),
    MOST_NUMBERS,
    'text_encoder.embedding_dim',
    faults,
  );
  const contextLength = sizeOf(
    fieldOf(text, 'max_position_embeddings') ?? 77,
    MOST_TOKENS,
    'text_encoder.max_position_embeddings',
    faults,
  );
  const wanted = { image: 'image_encoder.onnx', text: 'text_encoder.onnx', tokenizer: 'tokenizer.json' };
  const roles = rolesOf(files, wanted, faults);
  const { image } = roles;
  if (!image || !size || !mean || !std || padId === undefined) return undefined;
  return {
    family: 'dual-encoder',
    files: { ...roles, image },
    preprocessing: { resize: 'shortest', size, interpolation: 'bicubic', cropRounding: 'even', mean, std },
    input: 'images',
    output: 'embeddings',
    dimension,
    text: {
      file: 'text',
      inputs: { ids: 'input_ids', mask: 'attention_mask' },
      idType: 'int32',
      output: 'embeddings',
      // Its own reader cuts texts without keeping the end mark.
      tokenizer: {
        kind: 'huggingface',
        file: 'tokenizer',
        contextLength,
        padTo: 'context',
        padId,
        endId: null,
      },
    },
  };
};
