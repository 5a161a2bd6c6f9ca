import { describe, expect, it } from 'vitest';
import { readImageProcessor, readOpenClipPreprocessing } from '#lib/models/from-hub/preprocessing.js';
import type { Preprocessing } from '#lib/types.js';

const MEAN = [0.48, 0.46, 0.41];
const STD = [0.27, 0.26, 0.28];
const COLOURS = { image_mean: MEAN, image_std: STD };

function read(config: object): Preprocessing {
  const { preprocessing, faults } = readImageProcessor({ ...COLOURS, ...config });
  expect(faults).toEqual([]);
  return preprocessing!;
}

function faultsOf(config: object): string {
  const { preprocessing, faults } = readImageProcessor({ ...COLOURS, ...config });
  expect(preprocessing).toBeUndefined();
  return faults.join('; ');
}

describe('preprocessor_config.json', () => {
  const clip = {
    resize: 'shortest',
    size: 224,
    interpolation: 'bicubic',
    cropRounding: 'floor',
    mean: MEAN,
    std: STD,
  };

  it('CLIP says the same in the form of 2021, of 2022 and without a word of resampling', () => {
    const old = {
      feature_extractor_type: 'CLIPFeatureExtractor',
      size: 224,
      crop_size: 224,
      do_center_crop: true,
    };
    const type = { image_processor_type: 'CLIPImageProcessor', do_center_crop: true };
    const crop = { crop_size: { height: 224, width: 224 } };
    expect(read({ ...old, resample: 3 })).toEqual(clip);
    expect(read({ ...type, ...crop, size: { shortest_edge: 224 }, resample: 3 })).toEqual(clip);
    expect(
      read({ image_processor_type: 'CLIPImageProcessorFast', ...crop, size: { shortest_edge: 224 } }),
    ).toEqual(clip);
  });

  it('the numbers of resampling are Pillow’s', () => {
    const names = [0, 1, 2, 3].map(
      (resample) => read({ size: { height: 32, width: 32 }, resample }).interpolation,
    );
    expect(names).toEqual(['nearest', 'lanczos', 'bilinear', 'bicubic']);
    expect(faultsOf({ size: { height: 32, width: 32 }, resample: 4 })).toContain('resample 4');
    expect(faultsOf({ size: { height: 32, width: 32 } })).toContain('resample');
  });

  it('a bare number is both sides to SigLIP and ViT, and the shorter side to CLIP', () => {
    expect(read({ image_processor_type: 'SiglipImageProcessor', size: 224 })).toMatchObject({
      resize: 'squash',
      size: 224,
    });
    expect(read({ feature_extractor_type: 'ViTFeatureExtractor', size: 224 })).toMatchObject({
      resize: 'squash',
      interpolation: 'bilinear',
    });
    expect(read({ feature_extractor_type: 'CLIPFeatureExtractor', size: 224 })).toMatchObject({
      resize: 'shortest',
    });
  });

  it('a smaller crop keeps the shorter side that comes before it', () => {
    const dino = { image_processor_type: 'BitImageProcessor', do_center_crop: true, resample: 3 };
    expect(
      read({ ...dino, size: { shortest_edge: 256 }, crop_size: { height: 224, width: 224 } }),
    ).toMatchObject({
      resize: 'shortest',
      size: 224,
      scaleTo: 256,
    });
  });

  it('ConvNets of ConvNext’s processor are cropped by a share below 384 pixels and stretched from there on', () => {
    const convnext = { image_processor_type: 'ConvNextImageProcessor', resample: 3 };
    expect(read({ ...convnext, size: { shortest_edge: 224 }, crop_pct: 0.875 })).toMatchObject({
      scaleTo: 256,
      size: 224,
    });
    expect(read({ ...convnext, size: { shortest_edge: 384 } })).toMatchObject({
      resize: 'squash',
      size: 384,
    });
  });

  it('what is not normalised keeps 0..1, and what is not divided by 255 says so by its mean', () => {
    const square = { size: { height: 32, width: 32 }, resample: 2 };
    expect(read({ ...square, do_normalize: false })).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
    const { mean, std } = read({
      ...square,
      do_rescale: false,
      image_mean: [127.5, 0, 255],
      image_std: [127.5, 51, 255],
    });
    expect(mean).toEqual([0.5, 0, 1]);
    expect(std).toEqual([0.5, 0.2, 1]);
    const signed = read({ ...square, rescale_factor: 1 / 127.5, rescale_offset: true, do_normalize: false });
    // (value · 2/255 − 1) is (value/255 − 0.5) / 0.5.
    for (const value of [...signed.mean, ...signed.std]) expect(value).toBeCloseTo(0.5, 12);
  });

  it('EfficientNet’s second division by the deviation is in its deviation', () => {
    const efficient = {
      image_processor_type: 'EfficientNetImageProcessor',
      size: { height: 224, width: 224 },
    };
    const { std, interpolation } = read({ ...efficient, image_std: [0.5, 0.4, 0.2], resample: 0 });
    expect(interpolation).toBe('nearest');
    for (const [index, value] of [0.25, 0.16, 0.04].entries()) expect(std[index]).toBeCloseTo(value, 12);
  });

  it('DETR keeps the whole picture within two sides, MaskFormer stretches it to multiples of 32', () => {
    const colours = { do_pad: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
    const detr = { image_processor_type: 'DetrImageProcessor', ...colours };
    expect(read({ ...detr, size: 800, max_size: 1333 })).toMatchObject({
      resize: 'within',
      size: 800,
      longest: 1333,
      interpolation: 'bilinear',
    });
    expect(read({ ...detr, size: 800, max_size: 1333 }).multipleOf).toBeUndefined();
    const maskformer = { feature_extractor_type: 'MaskFormerFeatureExtractor', ...colours };
    const sides = { resize: 'within', size: 640, longest: 2560, multipleOf: 32 };
    expect(read({ ...maskformer, size: 640, max_size: 2560, size_divisibility: 32 })).toMatchObject(sides);
    expect(
      read({ ...maskformer, size: { shortest_edge: 640, longest_edge: 2560 }, size_divisor: 32 }),
    ).toMatchObject(sides);
    expect(read({ ...maskformer, size: { height: 384, width: 384 } })).toMatchObject({
      resize: 'squash',
      size: 384,
    });
    expect(faultsOf({ ...detr, size: { shortest_edge: 800, longest_edge: 700 } })).toContain('longest_edge');
    expect(faultsOf({ ...maskformer, size: 640, size_divisor: 0 })).toContain('size_divisor');
  });

  it('what no manifest can say is refused, all of it at once', () => {
    const faults = faultsOf({
      do_resize: false,
      do_pad: true,
      do_flip_channel_order: true,
      size: { longest_edge: 1333 },
      resample: 'bicubic',
      image_mean: [0.5, 0.5],
      image_std: [0, 1, 1],
    });
    for (const word of [
      'do_resize',
      'do_pad',
      'do_flip_channel_order',
      'longest_edge',
      '"bicubic"',
      'image_mean',
    ])
      expect(faults).toContain(word);
    expect(faultsOf({ size: 224, resample: 3, image_std: [0, 1, 1] })).toContain('image_std');
    expect(faultsOf({ size: 224, resample: 3, rescale_factor: -1 })).toContain('rescale_factor');
    expect(faultsOf({ size: { height: 224, width: 320 }, resample: 3 })).toContain('320');
    expect(faultsOf({ size: { shortest_edge: 224 }, resample: 3, do_center_crop: false })).toContain(
      'centre crop',
    );
    expect(
      faultsOf({ size: { shortest_edge: 224 }, crop_size: 256, resample: 3, do_center_crop: true }),
    ).toContain('256');
  });

  it('nothing that is not of the right kind is taken for a number', () => {
    for (const size of [
      '224',
      [224],
      {},
      null,
      Number.NaN,
      -1,
      1.5,
      { shortest_edge: '224' },
      { height: 224 },
    ])
      expect(faultsOf({ size, resample: 3, image_processor_type: 'CLIPImageProcessor' })).toContain('size');
    for (const config of [null, 'text', 7, []])
      expect(readImageProcessor(config).preprocessing).toBeUndefined();
  });
});

describe('preprocess_cfg.json of open_clip', () => {
  const colours = { mean: MEAN, std: STD };

  it('takes the size of the model where it says none, and rounds crops half to even', () => {
    const { preprocessing } = readOpenClipPreprocessing(
      { ...colours, interpolation: 'bicubic', resize_mode: 'shortest' },
      256,
    );
    expect(preprocessing).toEqual({
      resize: 'shortest',
      size: 256,
      interpolation: 'bicubic',
      cropRounding: 'even',
      mean: MEAN,
      std: STD,
    });
    const squash = { ...colours, size: [384, 384], resize_mode: 'squash', interpolation: 'bilinear' };
    expect(readOpenClipPreprocessing(squash, 256).preprocessing).toEqual({
      resize: 'squash',
      size: 384,
      interpolation: 'bilinear',
      mean: MEAN,
      std: STD,
    });
  });

  it('lists everything that it cannot follow', () => {
    const { faults } = readOpenClipPreprocessing(
      { resize_mode: 'longest', interpolation: 'random', size: [224, 320] },
      224,
    );
    for (const word of ['longest', 'random', '320', 'mean', 'std']) expect(faults.join('; ')).toContain(word);
  });
});
