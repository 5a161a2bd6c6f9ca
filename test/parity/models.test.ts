import { describe, expect, it } from 'vitest';
import { dot, normalise } from '#lib/arithmetic/vectors.js';
import { dualEncoders } from '#lib/commands/golden/dual-encoders.js';
import { exactInput } from '#lib/commands/golden/exact-inputs.js';
import { floats, largeGolden, readGolden, SMALL, type StoredTensor } from '#lib/commands/golden/folder.js';
import { graphDifferences } from '#lib/commands/golden/graph-differences.js';
import { labelWordsDifferences } from '#lib/commands/golden/label-words.js';
import { panopticDifferences, semanticDifferences } from '#lib/commands/golden/map-differences.js';
import { modelDifferences } from '#lib/commands/golden/model-differences.js';
import { sentenceDifferences } from '#lib/commands/golden/sentences.js';
import { open } from '#lib/encoders/dual-encoder.js';
import { shared } from '../shared-data.js';

const TOLERANCE = 1e-4;
const MASK_TOLERANCE = 5e-3;

describe('tiny models that ship, through the families of encoders', () => {
  it('every export form gives PyTorch’s vectors and logits', async () => {
    const differences = await modelDifferences(SMALL);
    expect(differences.map(({ model }) => model)).toEqual([
      'clip-split',
      'clip-combined in one graph',
      'siglip',
      'open-clip',
      'fixed-batch',
      'tokens last_hidden_state cls',
      'tokens last_hidden_state mean',
      'tokens last_hidden_state patch-mean',
      'convnet embedding',
      'convnet early mean',
      'convnet late mean',
    ]);
    const far = differences.filter(
      ({ pictures, words, logits }) => !(Math.max(pictures, words, logits) < TOLERANCE),
    );
    expect(far).toEqual([]);
  });

  it('a sentence has the same vector beside a longer one as alone, by mean and by its first token', async () => {
    const differences = await sentenceDifferences();
    expect(differences.map(({ model }) => model)).toEqual(['sentences mean', 'sentences cls']);
    expect(differences.filter(({ words }) => !(words < TOLERANCE))).toEqual([]);
  });

  it('label words mix the sentence vectors of the labels by their probabilities, at each temperature', async () => {
    const differences = await labelWordsDifferences();
    expect(differences).toHaveLength(2);
    expect(differences.filter(({ pictures }) => !(pictures < TOLERANCE))).toEqual([]);
  });

  it('the trap beside the output that counts gives another vector', async () => {
    const siglip = (await dualEncoders(SMALL)).find(({ manifest }) => manifest.name === 'siglip')!;
    const { manifest, files, family, images } = siglip;
    const trap = await open({ ...manifest, output: 'last_hidden_state', pooling: 'cls' }, files, {});
    const rule = manifest.preprocessing;
    const pixels = await exactInput(SMALL, { family, image: images[0]!, rule });
    const [trapped] = await trap.embed([{ pixels }]);
    await trap.close();
    expect(dot(trapped!.picture, normalise(siglip.pictures[0]!))).toBeLessThan(0.9);
  });

  it('a SigLIP text that is not filled up gives the vector that must not come out', async () => {
    const siglip = (await dualEncoders(SMALL)).find(({ manifest }) => manifest.name === 'siglip')!;
    const { manifest, files, texts, words } = siglip;
    const tokenizer = { ...manifest.text.tokenizer, padTo: 'longest' } as const;
    const text = { ...manifest.text, tokenizer } as typeof manifest.text;
    const encoder = await open({ ...manifest, text }, files, {});
    const [unfilled] = await encoder.embedTexts!([texts[1]!]);
    await encoder.close();
    const stored = await readGolden<{ second_text_unfilled: StoredTensor }>(
      SMALL,
      'models/siglip/expected.json',
    );
    expect(dot(unfilled!, normalise(floats(stored.second_text_unfilled)))).toBeCloseTo(1, 5);
    expect(dot(unfilled!, normalise(words[1]!))).toBeLessThan(0.99);
  });
});

const large = largeGolden();
if (!large) console.warn(`SKIPPED the larger tiny models: neither LOOKBOOK_GOLDEN nor ${shared}golden`);
describe.skipIf(!large)('tiny models of the large set', () => {
  it('every export form gives PyTorch’s vectors and logits', async () => {
    const differences = await modelDifferences(large ?? SMALL);
    expect(differences).toHaveLength(4);
    const far = differences.filter(
      ({ pictures, words, logits }) => !(Math.max(pictures, words, logits) < TOLERANCE),
    );
    expect(far).toEqual([]);
  });

  it('graphs give PyTorch’s logits, and SAM’s and DETR’s scores and masks, from our pixels', async () => {
    const differences = await graphDifferences(large ?? SMALL);
    expect(differences.map(({ model, output }) => `${model} ${output}`)).toEqual([
      'siglip-tiny vision_model pooler_output',
      'siglip-tiny text_model pooler_output',
      'segformer-tiny logits',
      'beit-seg-tiny logits',
      'detr-panoptic-tiny logits',
      'detr-panoptic-tiny pred_boxes',
      'detr-panoptic-tiny pred_masks',
      'sam-tiny image_embeddings',
      'sam-tiny iou_scores',
      'sam-tiny pred_masks',
    ]);
    expect(differences.filter(({ isMask, max }) => !(max < (isMask ? MASK_TOLERANCE : TOLERANCE)))).toEqual(
      [],
    );
  });

  it('maps of classes and of segments are the reference’s, to the pixel', async () => {
    const semantic = await semanticDifferences(large ?? SMALL);
    expect(semantic.map(({ model }) => model)).toEqual([
      ...Array(3).fill('segformer-tiny'),
      ...Array(3).fill('beit-seg-tiny'),
    ]);
    const panoptic = await panopticDifferences(large ?? SMALL);
    expect(panoptic).toHaveLength(6);
    const far = [...semantic, ...panoptic].filter(({ different, segments }) => different > 0 || segments > 0);
    expect(far).toEqual([]);
  });
});
