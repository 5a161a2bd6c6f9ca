import type { ImageEncoderManifest } from '../../models/manifest.js';
import { type Expected, FACTS, type GoldenModel, rowsOf } from './dual-encoders.js';
import { readGolden, SMALL, type StoredTensor } from './folder.js';

/** The image encoders of the small set: every pooling of tokens, every layer of a ConvNet. */
export async function imageEncoders(): Promise<GoldenModel<ImageEncoderManifest>[]> {
  const tokens = await readGolden<Expected>(SMALL, 'models/tokens/expected.json');
  const convnet = await readGolden<Expected>(SMALL, 'models/convnet/expected.json');
  const pooledTokens = tokens.pooled as Record<'cls' | 'mean' | 'patch-mean', StoredTensor>;
  const { embedding } = convnet.outputs as Record<'embedding', StoredTensor>;
  const maps = convnet.pooled as Record<'early' | 'late', StoredTensor>;
  return [
    ...(['cls', 'mean', 'patch-mean'] as const).map((pooling) =>
      imageEncoder(tokens, 'clip-32', {
        name: 'tokens',
        file: 'onnx/model.onnx',
        output: 'last_hidden_state',
        pooling,
        expected: pooledTokens[pooling],
      }),
    ),
    imageEncoder(convnet, 'siglip2-32', {
      name: 'convnet',
      file: 'model.onnx',
      output: 'embedding',
      expected: embedding,
    }),
    ...(['early', 'late'] as const).map((layer) =>
      imageEncoder(convnet, 'siglip2-32', {
        name: 'convnet',
        file: 'model.onnx',
        output: layer,
        pooling: 'mean',
        expected: maps[layer],
      }),
    ),
  ];
}

function imageEncoder(
  { images, preprocessing }: Expected,
  family: string,
  form: {
    name: string;
    file: string;
    output: string;
    pooling?: 'cls' | 'mean' | 'patch-mean';
    expected: StoredTensor;
  },
): GoldenModel<ImageEncoderManifest> {
  const path = `models/${form.name}/${form.file}`;
  const pictures = rowsOf(form.expected);
  return {
    manifest: {
      ...FACTS,
      name: [form.name, form.output, form.pooling].filter(Boolean).join(' '),
      family: 'image-encoder',
      files: { image: { path, bytes: null, sha256: null } },
      preprocessing: preprocessing!,
      input: 'pixel_values',
      output: form.output,
      ...(form.pooling ? { pooling: form.pooling } : {}),
      dimension: pictures[0]!.length,
    },
    files: { image: `${SMALL.path}/${path}` },
    family,
    images,
    pictures,
    texts: [],
    words: [],
  };
}
