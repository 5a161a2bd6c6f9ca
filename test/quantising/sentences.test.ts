import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { agreementOf } from '#lib/arithmetic/agreement.js';
import type { LabelWordsManifest } from '#lib/models/manifest.js';
import { findModel } from '#lib/models/registry.js';
import { eightBitFile } from '#lib/quantising/eight-bit-file.js';
import { readGraph } from '#lib/quantising/read-graph.js';
import { openTextTower } from '#lib/text-tower.js';
import { describeWithShared, shared } from '../shared-data.js';

const folder = `${shared}data/models/all-MiniLM-L6-v2/`;

describeWithShared('a real sentence encoder in 8 bits', 'data/models/all-MiniLM-L6-v2', () => {
  // With one scale for the whole of an activation the lowest cosine was 0.977 in a list of all, and 0.987 alone.
  it('keeps the vectors of 40 sentences to a cosine of 0.985 at worst, alone and in a list', async () => {
    const { text } = (await findModel('mobilenet-v2-words')).manifest as LabelWordsManifest;
    const { sentences } = JSON.parse(readFileSync(`${folder}reference.json`, 'utf8'));
    const texts: string[] = sentences.map((sentence: { text: string }) => sentence.text);
    const path = `${folder}model_fp16_weights.onnx`;
    const bytes = readFileSync(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const int8 = await eightBitFile({ path, sha256 }, { keep: [] });

    const embed = async (graph: string): Promise<{ alone: Float32Array[]; listed: Float32Array[] }> => {
      const files = { text: graph, tokenizer: `${folder}tokenizer.json` };
      const tower = await openTextTower(text, files, { name: 'minilm', dimension: 384 });
      const alone: Float32Array[] = [];
      for (const each of texts) alone.push(...(await tower.embed([each])));
      const listed = await tower.embed(texts);
      await tower.close();
      return { alone, listed };
    };
    const [plain, rounded] = [await embed(path), await embed(int8)];
    for (const way of ['alone', 'listed'] as const) {
      const { least, mean } = agreementOf(plain[way], rounded[way]);
      expect(least).toBeGreaterThan(0.985);
      expect(mean).toBeGreaterThan(0.995);
    }
    // No sentence knows what else is in its list.
    expect(agreementOf(rounded.alone, rounded.listed).least).toBeGreaterThan(0.99999);

    // 36 products of six layers but the first and the last; their halves and what made singles of them are gone.
    const graph = readGraph(readFileSync(int8));
    expect(graph.nodes.filter(({ op }) => op === 'MatMulIntegerToFloat')).toHaveLength(34);
    // Query, key and value share one rounded activation, and the first query is left out: four for each layer.
    expect(graph.nodes.filter(({ op }) => op === 'QuantizeLinear')).toHaveLength(23);
    const halves = [...graph.initializers.values()].filter(({ tensor }) => tensor.type === 10);
    expect(halves).toHaveLength(2 + 2);
  });
});
