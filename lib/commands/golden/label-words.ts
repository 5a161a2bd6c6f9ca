import { open } from '../../encoders/label-words.js';
import type { LabelWordsManifest } from '../../models/manifest.js';
import type { Preprocessing } from '../../types.js';
import { FACTS, rowsOf } from './dual-encoders.js';
import { exactInput } from './exact-inputs.js';
import { readGolden, SMALL, type StoredTensor } from './folder.js';
import { type ModelDifference, most } from './model-differences.js';
import { SENTENCE_FILES, SENTENCES } from './sentences.js';

/** The small set's ConvNet and sentence encoder as one encoder, at each temperature. */
export async function labelWordsDifferences(): Promise<ModelDifference[]> {
  const expected = await readGolden<{
    preprocessing: Preprocessing;
    images: string[];
    image_embeds_by_temperature: Record<string, StoredTensor>;
  }>(SMALL, 'models/label-words/expected.json');
  const { preprocessing: rule, images } = expected;
  const inputs = await Promise.all(
    images.map((image) => exactInput(SMALL, { family: 'siglip2-32', image, rule })),
  );
  const files = {
    ...SENTENCE_FILES,
    image: `${SMALL.path}/models/convnet/model.onnx`,
    labels: `${SMALL.path}/models/label-words/labels.txt`,
  };
  const differences: ModelDifference[] = [];
  for (const [temperature, stored] of Object.entries(expected.image_embeds_by_temperature)) {
    const vectors = rowsOf(stored);
    const encoder = await open(manifestOf(rule, Number(temperature), vectors[0]!.length), files, {});
    const found = await encoder.embed(inputs.map((pixels) => ({ pixels })));
    await encoder.close();
    const pictures = most(
      found.map(({ picture }) => picture),
      vectors,
    );
    differences.push({ model: `label-words at ${temperature}`, pictures, words: 0, logits: 0 });
  }
  return differences;
}

function manifestOf(
  preprocessing: Preprocessing,
  temperature: number,
  dimension: number,
): LabelWordsManifest {
  const stored = (path: string): LabelWordsManifest['files']['image'] => ({
    path,
    bytes: null,
    sha256: null,
  });
  return {
    ...FACTS,
    name: `label-words at ${temperature}`,
    family: 'label-words',
    files: {
      image: stored('model.onnx'),
      text: stored('text.onnx'),
      tokenizer: stored('tokenizer.json'),
      labels: stored('labels.txt'),
    },
    preprocessing,
    input: 'pixel_values',
    output: 'logits',
    dimension,
    text: SENTENCES,
    labels: { file: 'labels' },
    temperature,
  };
}
