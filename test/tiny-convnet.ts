import type { Preprocessing } from '#lib/types.js';

/** How the golden ConvNet wants its pictures. */
export const PREPROCESSING: Preprocessing = {
  resize: 'squash',
  size: 32,
  interpolation: 'bilinear',
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

/** The manifest of the golden ConvNet, which has random weights. */
export const CONVNET = {
  title: 'tiny',
  family: 'image-encoder',
  licence: 'none',
  source: 'test',
  files: { image: { path: 'model.onnx', bytes: null, sha256: null } },
  preprocessing: PREPROCESSING,
  input: 'pixel_values',
  output: 'embedding',
  dimension: 24,
  layers: { early: { output: 'early', dimension: 16, pooling: 'mean' } },
};
