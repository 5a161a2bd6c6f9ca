import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open as openDual } from '#lib/encoders/dual-encoder.js';
import { open as openImage } from '#lib/encoders/image-encoder.js';
import type { DualEncoderManifest, ImageEncoderManifest, SemanticManifest } from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';
import { open as openSemantic } from '#lib/segmenters/semantic.js';
import type { Pixels } from '#lib/types.js';

const golden = projectPath('test/fixtures/golden');
const tokenizer = `${golden}/tokenizer/clip-bpe/tokenizer.json`;
const file = { path: 'x', bytes: null, sha256: null };
const CLIP = {
  mean: [0.48145466, 0.4578275, 0.40821073] as [number, number, number],
  std: [0.26862954, 0.26130258, 0.27577711] as [number, number, number],
};

/** A tiny CLIP in two towers, rightly described. */
const split: DualEncoderManifest = {
  name: 'tiny',
  title: 'tiny',
  licence: 'none',
  source: 'test',
  family: 'dual-encoder',
  files: { image: file, text: file, tokenizer: file },
  preprocessing: { resize: 'shortest', size: 32, interpolation: 'bicubic', ...CLIP },
  input: 'pixel_values',
  output: 'image_embeds',
  dimension: 24,
  text: {
    file: 'text',
    inputs: { ids: 'input_ids' },
    idType: 'int64',
    output: 'text_embeds',
    tokenizer: {
      kind: 'huggingface',
      file: 'tokenizer',
      contextLength: 24,
      padTo: 'longest',
      padId: 633,
      endId: 633,
      vocabulary: 634,
    },
  },
};
const splitFiles = {
  image: `${golden}/models/clip-split/onnx/vision_model.onnx`,
  text: `${golden}/models/clip-split/onnx/text_model.onnx`,
  tokenizer,
};
const tokens: ImageEncoderManifest = {
  name: 'tiny tokens',
  title: 'tiny',
  licence: 'none',
  source: 'test',
  family: 'image-encoder',
  files: { image: file },
  preprocessing: split.preprocessing,
  input: 'pixel_values',
  output: 'last_hidden_state',
  pooling: 'cls',
  dimension: 16,
};
const tokensFiles = { image: `${golden}/models/tokens/onnx/model.onnx` };

/** The message of a refusal; fails where the model opens. */
async function refusal(manifest: DualEncoderManifest, files: Record<string, string>): Promise<string> {
  const opened = await openDual(manifest, files, {}).catch((error: Error) => error);
  if (opened instanceof Error) return opened.message;
  await opened.close();
  throw new Error('the model was opened');
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-misfits-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a model that does not fit its manifest is refused when it is opened', () => {
  it('and the rightly described one opens', async () => {
    const encoder = await openDual(split, splitFiles, {});
    expect((await encoder.embedTexts!(['a red fox']))[0]).toHaveLength(24);
    await encoder.close();
  });

  it('names, types and sizes: all faults of a graph in one message, with what the graph has', async () => {
    const message = await refusal({ ...split, input: 'image', output: 'embedding' }, splitFiles);
    expect(message).toContain(splitFiles.image);
    expect(message).toContain(
      'no input image; the input pixel_values is in no field of the manifest; no output embedding',
    );
    expect(message).toContain('image_embeds float32');
  });

  it('a wrong dimension', async () => {
    expect(await refusal({ ...split, dimension: 512 }, splitFiles)).toMatch(/24.*512|512.*24/);
  });

  it('a wrong size of the input', async () => {
    const preprocessing = { ...split.preprocessing, size: 40 };
    expect(await refusal({ ...split, preprocessing }, splitFiles)).toMatch(/pixels|shape|dimension/i);
  });

  it('a graph of a fixed batch that the manifest does not tell', async () => {
    const fixed: DualEncoderManifest = {
      ...split,
      input: 'image',
      output: 'embedding',
      text: {
        ...split.text,
        inputs: { ids: 'text' },
        idType: 'int32',
        output: 'embedding',
        tokenizer: { ...split.text.tokenizer, padTo: 'context', padId: 0 } as never,
      },
    };
    const files = {
      image: `${golden}/models/fixed-batch/visual/model.onnx`,
      text: `${golden}/models/fixed-batch/textual/model.onnx`,
      tokenizer,
    };
    expect(await refusal(fixed, files)).toContain('takes exactly 1 a run, and the manifest says no batch');
    const encoder = await openDual({ ...fixed, batch: 1, text: { ...fixed.text, batch: 1 } }, files, {});
    expect(await encoder.embed([grey(32), grey(32), grey(32)].map((pixels) => ({ pixels })))).toHaveLength(3);
    await encoder.close();
  });

  it('a text input that nothing feeds', async () => {
    const files = { ...splitFiles, image: `${golden}/models/clip-combined/onnx/model.onnx` };
    expect(await refusal(split, files)).toContain('the input attention_mask is in no field of the manifest');
  });

  it('a web page in place of the weights', async () => {
    const page = join(folder, 'vision_model.onnx');
    await writeFile(page, '<!doctype html><title>Log in</title>');
    expect(await refusal(split, { ...splitFiles, image: page })).toContain('which is a web page');
  });

  it('a tokenizer of another vocabulary', async () => {
    const other = `${golden}/tokenizer/bert-wordpiece/tokenizer.json`;
    expect(await refusal(split, { ...splitFiles, tokenizer: other })).toMatch(/150.*634|634.*150/);
  });

  it('a tokenizer that is none', async () => {
    const broken = join(folder, 'tokenizer.json');
    await writeFile(broken, '{"model": 7}');
    expect(await refusal(split, { ...splitFiles, tokenizer: broken })).toContain(
      'a tokenizer cannot be loaded',
    );
  });

  it('an output that is not a number', async () => {
    const preprocessing = { ...split.preprocessing, std: [1e-42, 1e-42, 1e-42] as [number, number, number] };
    expect(await refusal({ ...split, preprocessing }, splitFiles)).toContain('numbers that are not finite');
  });

  it('tokens without a pooling, and a pooling that does not fit', async () => {
    const { pooling: _, ...without } = tokens;
    await expect(openImage(without, tokensFiles, {})).rejects.toThrow('is not one vector a picture');
    const files = { image: splitFiles.image };
    const one = { ...tokens, output: 'image_embeds', dimension: 24 };
    await expect(openImage(one, files, {})).rejects.toThrow('a picture and the pooling cls');
  });

  it('segments whose labels are not those of the graph, or whose numbers are none', async () => {
    const semantic: SemanticManifest = {
      ...tokens,
      family: 'semantic',
      preprocessing: { ...tokens.preprocessing, resize: 'squash' },
      output: 'late',
      labels: ['a', 'b'],
      background: null,
    };
    const files = { image: `${golden}/models/convnet/model.onnx` };
    await expect(openSemantic(semantic, files, {})).rejects.toThrow(
      'got [24,4,4] a picture, expected [2, h, w], one map for each label',
    );
    const labels = Array.from({ length: 24 }, (_, n) => `class ${n}`);
    const std: [number, number, number] = [1e-42, 1e-42, 1e-42];
    const endless = { ...semantic, labels, preprocessing: { ...semantic.preprocessing, std } };
    await expect(openSemantic(endless, files, {})).rejects.toThrow('numbers that are not finite');
    const sound = await openSemantic({ ...semantic, labels }, files, {});
    expect(
      (await sound.segment([{ pixels: grey(32), width: 32, height: 32 }]))[0]!.every(({ score }) =>
        Number.isFinite(score),
      ),
    ).toBe(true);
    await sound.close();
  });

  it('a graph without the file of weights that belongs beside it; with it, it is the same model', async () => {
    const external = `${golden}/models/external/model.onnx`;
    const whole = await openImage(tokens, { image: external }, {});
    const plain = await openImage(tokens, tokensFiles, {});
    expect(await whole.embed([{ pixels: grey(32) }])).toEqual(await plain.embed([{ pixels: grey(32) }]));
    await Promise.all([whole.close(), plain.close()]);
    const alone = join(folder, 'alone.onnx');
    await copyFile(external, alone);
    await expect(openImage(tokens, { image: alone }, {})).rejects.toThrow('model.onnx_data');
    await expect(openImage(tokens, { image: alone }, {})).rejects.toThrow(
      'every file of weights that it names',
    );
  });

  it('half a download', async () => {
    const cut = join(folder, 'cut.onnx');
    const bytes = await readFile(splitFiles.image);
    await writeFile(cut, bytes.subarray(0, bytes.length / 2));
    expect(await refusal(split, { ...splitFiles, image: cut })).toContain('a model file cannot be loaded');
  });
});

describe('a text that is longer than the context', () => {
  it('is cut and said in one sentence; one that fits is not', async () => {
    const encoder = await openDual(split, splitFiles, {});
    const long = 'a red fox and '.repeat(40);
    expect(encoder.cutOf!('a red fox')).toBeUndefined();
    expect(encoder.cutOf!(long)).toContain('reads the beginning of a text only');
    const [one, two] = await encoder.embedTexts!([long, `${long} with a green hat`]);
    expect(one).toEqual(two);
    await encoder.close();
  });
});

describe('weights', () => {
  it('under another name and in another folder are the same model', async () => {
    const copy = join(folder, 'copy.onnx');
    await copyFile(splitFiles.image, copy);
    const [one, two] = await Promise.all([
      openDual(split, splitFiles, {}),
      openDual({ ...split, name: 'copy', title: 'copy' }, { ...splitFiles, image: copy }, {}),
    ]);
    expect(two.fingerprint).toBe(one.fingerprint);
    await Promise.all([one.close(), two.close()]);
  });
});

function grey(size: number): Pixels {
  return { data: new Uint8Array(size * size * 3).fill(128), width: size, height: size };
}
