import { describe, expect, it } from 'vitest';
import { manifestOfRepository } from '#lib/models/from-hub/repository.js';
import type { Manifest } from '#lib/models/manifest.js';
import { CLIP, CLIP_PROCESSOR, COMMIT, dualOf, type HubContents, hubOf, without } from './hub-folder.js';

const NAME = 'hf:somebody/some-model';
async function made(contents: HubContents): Promise<Manifest> {
  return manifestOfRepository(NAME, hubOf(contents));
}

describe('a repository’s own files as a manifest', () => {
  it('is of the commit that the revision stands for, in the folder of the name', async () => {
    const manifest = await manifestOfRepository(`${NAME}@v1`, hubOf(CLIP));
    expect(manifest).toMatchObject({
      name: `${NAME}@v1`,
      hub: { repository: 'somebody/some-model', revision: COMMIT },
      folder: 'somebody--some-model--v1',
      licence: 'mit',
      dimension: 768,
      files: { image: { path: 'onnx/vision_model.onnx', bytes: 1000, sha256: null } },
    });
    expect(dualOf(manifest).text.tokenizer).toMatchObject({
      contextLength: 77,
      padTo: 'longest',
      padId: 49407,
      endId: 49407,
    });
  });

  it('finds other forms of the weights, and the data that lies beside a graph', async () => {
    const manifest = await made({
      ...CLIP,
      'onnx/vision_model.onnx_data': 5,
      'onnx/vision_model.onnx_data_1': 6,
      'onnx/vision_model_fp16.onnx': 7,
      'onnx/vision_model_quantized.onnx': 8,
      'onnx/text_model_quantized.onnx': 9,
    });
    expect(Object.keys(manifest.files).sort()).toEqual([
      'image',
      'image-data',
      'image-data-2',
      'text',
      'tokenizer',
    ]);
    expect(Object.keys(manifest.variants?.fp16 ?? {})).toEqual(['image']);
    expect(Object.keys(manifest.variants?.q8 ?? {})).toEqual(['image', 'text']);
  });

  it('reads only texts that are listed, and no README that is a book', async () => {
    const hub = hubOf({ ...CLIP, 'README.md': `---\nlicense: mit\n---\n${'word '.repeat(200_000)}` });
    const read: string[] = [];
    const text = (path: string): Promise<string | null> => {
      read.push(path);
      return hub.text(path);
    };
    const manifest = await manifestOfRepository(NAME, { ...hub, text });
    expect(read.sort()).toEqual(['config.json', 'preprocessor_config.json']);
    expect(manifest.licence).toBe('not named by the repository');
    read.length = 0;
    const less = await hubOf(without(CLIP, 'preprocessor_config.json')).list();
    await expect(manifestOfRepository(NAME, { list: async () => less, text })).rejects.toThrow(
      'no preprocessor',
    );
    expect(read).toEqual(['config.json']);
  });

  it('one graph for both sides gets the shortest text beside pictures and a black picture beside texts', async () => {
    const combined = without(CLIP, 'onnx/vision_model.onnx', 'onnx/text_model.onnx');
    const clip = dualOf(await made({ ...combined, 'onnx/model.onnx': 5 }));
    expect(clip).toMatchObject({
      output: 'image_embeds',
      constants: {
        input_ids: { type: 'int64', dims: ['batch', 1], value: 49407 },
        attention_mask: { type: 'int64', dims: ['batch', 1], value: 1 },
      },
      text: {
        file: 'image',
        output: 'text_embeds',
        inputs: { ids: 'input_ids', mask: 'attention_mask' },
        constants: { pixel_values: { dims: [1, 3, 224, 224], value: 0 } },
      },
    });
    const config = JSON.stringify({ model_type: 'siglip', text_config: {}, vision_config: {} });
    const siglip = dualOf(await made({ ...combined, 'model.onnx': 5, 'config.json': config }));
    expect(siglip.constants).toEqual({ input_ids: { type: 'int64', dims: [1, 64], value: 1 } });
    expect(siglip.text.inputs).toEqual({ ids: 'input_ids' });
  });

  it('weights that immich keeps in files of their own come along, and nothing else of the folders', async () => {
    const manifest = await made({
      'config.json': JSON.stringify({ embed_dim: 1024, vision_cfg: { image_size: 224 }, text_cfg: {} }),
      'visual/preprocess_cfg.json': JSON.stringify({
        mean: [0, 0, 0],
        std: [1, 1, 1],
        resize_mode: 'shortest',
      }),
      'visual/model.onnx': 5,
      'visual/onnx__MatMul_4103': 6,
      'visual/visual.conv1.weight': 7,
      'visual/..': 8,
      'visual/model.armnn': 9,
      'visual/rknpu/model.rknn': 9,
      'textual/model.onnx': 5,
      'textual/vocab.json': '{}',
      'textual/tokenizer.json': '{}',
    });
    const roles = Object.entries(manifest.files).map(([role, { path }]) => `${role}: ${path}`);
    expect(roles.sort()).toEqual([
      'image-weights-1: visual/onnx__MatMul_4103',
      'image-weights-2: visual/visual.conv1.weight',
      'image: visual/model.onnx',
      'text: textual/model.onnx',
      'tokenizer: textual/tokenizer.json',
    ]);
  });

  it('SigLIP 2 has Gemma’s tokens and zeros, SigLIP its own and ones; both in lower case to the whole context', async () => {
    const siglip = {
      ...CLIP_PROCESSOR,
      feature_extractor_type: 'SiglipImageProcessor',
      do_center_crop: false,
    };
    const of = async (config: object): Promise<Manifest> =>
      made({
        ...CLIP,
        'config.json': JSON.stringify(config),
        'preprocessor_config.json': JSON.stringify(siglip),
      });
    const first = dualOf(await of({ model_type: 'siglip', text_config: {}, vision_config: {} }));
    const second = dualOf(
      await of({
        model_type: 'siglip',
        text_config: { vocab_size: 256000 },
        vision_config: { hidden_size: 1152 },
      }),
    );
    const rule = { contextLength: 64, lowerCase: true, padTo: 'context', endId: 1 };
    expect(first).toMatchObject({
      dimension: 768,
      output: 'pooler_output',
      text: { tokenizer: { ...rule, padId: 1 } },
    });
    expect(second).toMatchObject({
      dimension: 1152,
      text: { output: 'pooler_output', tokenizer: { ...rule, padId: 0 } },
    });
    const naflex = of({ model_type: 'siglip2', vision_config: { num_patches: 256 } });
    await expect(naflex).rejects.toThrow('num_patches');
  });

  it('classifiers give their scores, segmenters the names of their classes', async () => {
    const processor = {
      ...CLIP_PROCESSOR,
      feature_extractor_type: 'SegformerFeatureExtractor',
      do_center_crop: false,
    };
    const labels = { 0: 'background', 2: 'dog', 1: 'cat' };
    const of = async (config: object): Promise<Manifest> =>
      made({
        'config.json': JSON.stringify({ id2label: labels, ...config }),
        'preprocessor_config.json': JSON.stringify(processor),
        'onnx/model.onnx': 1,
      });
    expect(await of({ model_type: 'resnet', architectures: ['ResNetForImageClassification'] })).toMatchObject(
      {
        family: 'image-encoder',
        output: 'logits',
        dimension: 3,
        licence: 'not named by the repository',
      },
    );
    expect(
      await of({ model_type: 'segformer', architectures: ['SegformerForSemanticSegmentation'] }),
    ).toMatchObject({
      family: 'semantic',
      labels: ['background', 'cat', 'dog'],
      background: 0,
      preprocessing: { resize: 'squash', size: 224 },
    });
    expect(await of({ model_type: 'swin', embed_dim: 96, depths: [2, 2, 6, 2] })).toMatchObject({
      pooling: 'mean',
      dimension: 768,
    });
  });

  it('a segmenter of the middle of a picture is refused: its masks would be of that', async () => {
    const labels = { 0: 'background', 1: 'cat' };
    const crops = { ...CLIP_PROCESSOR, do_center_crop: true };
    const config = { model_type: 'segformer', architectures: ['SegformerForSemanticSegmentation'] };
    const asked = made({
      'config.json': JSON.stringify({ id2label: labels, ...config }),
      'preprocessor_config.json': JSON.stringify(crops),
      'onnx/model.onnx': 1,
    });
    await expect(asked).rejects.toThrow(/do_center_crop in preprocessor_config.json: masks would be of the/);
  });

  it('UForm’s form is read from its own fields', async () => {
    const manifest = await made({
      'config.json': JSON.stringify({
        text_encoder: { embedding_dim: 256, padding_idx: 1, max_position_embeddings: 50 },
        image_encoder: {
          image_size: 224,
          normalization_means: [0, 0, 0],
          normalization_deviations: [1, 1, 1],
        },
      }),
      'image_encoder.onnx': 1,
      'text_encoder.onnx': 1,
      'tokenizer.json': '{}',
    });
    expect(dualOf(manifest).text.tokenizer).toMatchObject({
      contextLength: 50,
      padTo: 'context',
      padId: 1,
      endId: null,
    });
    expect(manifest).toMatchObject({ dimension: 256, input: 'images', output: 'embeddings' });
  });

  it('licences that do not allow every use come with their terms', async () => {
    const of = async (front: string): Promise<Manifest> =>
      made({ ...CLIP, 'README.md': `---\n${front}\n---\n` });
    expect(await of('license: "cc-by-nc-4.0"')).toMatchObject({
      terms: expect.stringContaining('cc-by-nc-4.0'),
    });
    expect(await of('license: other\nlicense_name: apple-amlr')).toMatchObject({
      licence: 'apple-amlr',
      terms: expect.any(String),
    });
    expect(await of('license: other')).toMatchObject({ licence: 'other', terms: expect.any(String) });
    for (const kind of ['gemma', 'llama3.1', 'openrail'])
      expect(await of(`license: ${kind}`)).toMatchObject({ licence: kind, terms: expect.any(String) });
    expect(await of('license: apache-2.0')).not.toHaveProperty('terms');
    // What cannot be read may be anything: nobody is told that it allows every use.
    const unread = [
      'license:\n- cc-by-nc-4.0',
      'license: [mit]',
      'license: mit # or not',
      'title: x',
      'license: <script>',
    ];
    for (const front of unread) {
      expect(await of(front)).toMatchObject({
        licence: 'not named by the repository',
        terms: expect.stringContaining('read its page before use'),
      });
    }
  });

  it('MaskFormer is read as queries on sides that are multiples of 32, one picture a run', async () => {
    const config = {
      model_type: 'maskformer',
      architectures: ['MaskFormerForInstanceSegmentation'],
      id2label: { 0: 'person', 1: 'N/A', 2: 'rug' },
    };
    const processor = {
      image_processor_type: 'MaskFormerFeatureExtractor',
      size: { shortest_edge: 800, longest_edge: 1333 },
      size_divisor: 32,
      image_mean: [0.485, 0.456, 0.406],
      image_std: [0.229, 0.224, 0.225],
    };
    const contents = {
      'config.json': JSON.stringify(config),
      'preprocessor_config.json': JSON.stringify(processor),
      'onnx/model.onnx': 5,
    };
    expect(await made(contents)).toMatchObject({
      family: 'instance',
      preprocessing: { resize: 'within', size: 800, longest: 1333, multipleOf: 32 },
      output: 'masks_queries_logits',
      batch: 1,
      labels: ['person', null, 'rug'],
      queries: { classes: 'class_queries_logits', threshold: 0.5, maskThreshold: 0.5, overlap: 0.8 },
    });
    const headless = { ...config, architectures: [] };
    await expect(made({ ...contents, 'config.json': JSON.stringify(headless) })).rejects.toThrow(
      'maskformer',
    );
  });
});
