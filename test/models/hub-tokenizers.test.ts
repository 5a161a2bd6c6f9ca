import { describe, expect, it } from 'vitest';
import { manifestOfRepository } from '#lib/models/from-hub/repository.js';
import {
  chineseClipRule,
  clipRule,
  mobileClipRule,
  openClipRule,
  siglipRule,
} from '#lib/models/from-hub/tokenizers.js';
import { CLIP, CLIP_PROCESSOR, dualOf, hubOf, without } from './hub-folder.js';

describe('rules of tokenizers by what configs say', () => {
  it('CLIP ends with its last entry where old configs say 2; each text has its own length, MobileCLIP’s the whole', () => {
    const rule = { contextLength: 77, padTo: 'longest', padId: 49407, endId: 49407, vocabulary: 49408 };
    expect(clipRule({}, [])).toMatchObject(rule);
    expect(mobileClipRule({}, [])).toMatchObject({ ...rule, padTo: 'context', padId: 0 });
    expect(clipRule({ eos_token_id: 2 }, [])).toMatchObject({ endId: 49407 });
    expect(clipRule({ eos_token_id: 49406, max_position_embeddings: 32 }, [])).toMatchObject({
      endId: 49406,
      contextLength: 32,
    });
  });

  it('Chinese CLIP has BERT’s marks and 52 places', () => {
    expect(chineseClipRule()).toMatchObject({ contextLength: 52, padTo: 'longest', padId: 0, endId: 102 });
  });

  it('open_clip goes by the name of its tokenizer, and one that is not known is none', () => {
    const own = { cleaning: 'open-clip', padTo: 'context', padId: 0, endId: 49407, vocabulary: 49408 };
    expect(openClipRule({}, [])).toMatchObject({ ...own, contextLength: 77 });
    const siglip = openClipRule(
      { hf_tokenizer_name: 'timm/ViT-B-16-SigLIP', context_length: 64, vocab_size: 32000 },
      [],
    );
    expect(siglip).toEqual({ ...siglipRule({ vocab_size: 32000 }, []), contextLength: 64 });
    const second = { hf_tokenizer_name: 'timm/ViT-B-32-SigLIP2-256', context_length: 64, vocab_size: 256000 };
    expect(openClipRule(second, [])).toMatchObject({ padId: 0, endId: 1, lowerCase: true });
    expect(openClipRule({ hf_tokenizer_name: 'xlm-roberta-base' }, [])).toMatchObject({ padId: 1, endId: 2 });
    expect(openClipRule({ hf_tokenizer_name: 'bert-base-uncased' }, [])).toBeUndefined();
  });
});

describe('repositories of other habits', () => {
  it('Chinese CLIP’s towers take a mask', async () => {
    const config = JSON.stringify({ model_type: 'chinese_clip', projection_dim: 512 });
    const { text, dimension } = dualOf(
      await manifestOfRepository('hf:a/b', hubOf({ ...CLIP, 'config.json': config })),
    );
    expect(dimension).toBe(512);
    expect(text).toMatchObject({ inputs: { mask: 'attention_mask' }, tokenizer: { contextLength: 52 } });
  });

  it('the processor of pictures may stand in processor_config.json', async () => {
    const { preprocessing: usual } = dualOf(await manifestOfRepository('hf:a/b', hubOf(CLIP)));
    const inside = JSON.stringify({ image_processor: CLIP_PROCESSOR, processor_class: 'CLIPProcessor' });
    const contents = { ...without(CLIP, 'preprocessor_config.json'), 'processor_config.json': inside };
    expect(dualOf(await manifestOfRepository('hf:a/b', hubOf(contents))).preprocessing).toEqual(usual);
  });
});
