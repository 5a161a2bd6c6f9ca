import { normalise } from '../../arithmetic/vectors.js';
import type { TextTower } from '../../models/manifest.js';
import { openTextTower } from '../../text-tower.js';
import { rowsOf } from './dual-encoders.js';
import { readGolden, SMALL, type StoredTensor } from './folder.js';
import { type ModelDifference, most } from './model-differences.js';

/** The sentence encoder of the small set. */
export const SENTENCES: TextTower = {
  file: 'text',
  inputs: { ids: 'input_ids', mask: 'attention_mask', types: 'token_type_ids' },
  idType: 'int64',
  output: 'last_hidden_state',
  pooling: 'mean',
  tokenizer: {
    kind: 'huggingface',
    file: 'tokenizer',
    contextLength: 24,
    padTo: 'longest',
    padId: 0,
    endId: 3,
    vocabulary: 150,
  },
};
export const SENTENCE_FILES: Record<'text' | 'tokenizer', string> = {
  text: `${SMALL.path}/models/sentences/model.onnx`,
  tokenizer: `${SMALL.path}/tokenizer/bert-wordpiece/tokenizer.json`,
};

/** Under each pooling: texts of many lengths in one batch, one filled up by another. */
export async function sentenceDifferences(): Promise<ModelDifference[]> {
  const { texts, pooled } = await readGolden<{
    texts: string[];
    pooled: Record<'mean' | 'cls', StoredTensor>;
  }>(SMALL, 'models/sentences/expected.json');
  const differences: ModelDifference[] = [];
  for (const pooling of ['mean', 'cls'] as const) {
    const expected = rowsOf(pooled[pooling]).map(normalise);
    const about = { name: 'sentences', dimension: expected[0]!.length };
    const tower = await openTextTower({ ...SENTENCES, pooling }, SENTENCE_FILES, about);
    const words = most(await tower.embed(texts), expected);
    await tower.close();
    differences.push({ model: `sentences ${pooling}`, pictures: 0, words, logits: 0 });
  }
  return differences;
}
