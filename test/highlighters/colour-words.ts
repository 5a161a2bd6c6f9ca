import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SMALL } from '#lib/commands/golden/folder.js';
import type { PromptedManifest } from '#lib/models/manifest.js';
import { OnnxFile } from '#lib/onnx-file.js';

const SIDE = 64;
const CELL = 4;
const CELLS = SIDE / CELL;

/** Entries of the small CLIP vocabulary, and ids of its second token: `red` is one, the others begin with a letter. */
const VOCABULARY = 634;
const COLOURS: Record<number, [number, number, number]> = {
  587: [1, -1, -1], // red
  65: [-1, -1, 1], // b…
  70: [-1, 1, -1], // g…
};

/** CLIPSeg's inputs and output around a network that knows red, blue and green by the first token of a text. */
export async function writeColourWords(
  folder: string,
): Promise<{ files: Record<string, string>; manifest: PromptedManifest }> {
  const image = `${folder}/words.onnx`;
  await graph().write(image);
  const path = 'tokenizer/clip-bpe/tokenizer.json';
  const tokenizer = { path, bytes: null, sha256: null };
  return {
    files: { image, tokenizer: `${SMALL.path}/${path}` },
    manifest: {
      name: 'colour-words',
      title: 'A network that knows three colours by name',
      family: 'prompted',
      licence: 'Apache-2.0',
      source: 'test/highlighters/colour-words.ts',
      files: { image: { path: 'words.onnx', bytes: null, sha256: null }, tokenizer },
      preprocessing: {
        resize: 'squash',
        size: SIDE,
        interpolation: 'bilinear',
        mean: [0.5, 0.5, 0.5],
        std: [0.5, 0.5, 0.5],
      },
      input: 'pixel_values',
      output: 'logits',
      text: {
        file: 'image',
        inputs: { ids: 'input_ids', mask: 'attention_mask' },
        idType: 'int64',
        output: 'logits',
        tokenizer: {
          kind: 'huggingface',
          file: 'tokenizer',
          contextLength: 24,
          padTo: 'longest',
          padId: 633,
          endId: 633,
          vocabulary: VOCABULARY,
        },
      },
      threshold: 0.3,
    },
  };
}

/** Puts it into a folder for LOOKBOOK_MODELS. */
export async function installColourWords(models: string, name: string): Promise<void> {
  const own = join(models, name);
  await mkdir(own, { recursive: true });
  const { files, manifest } = await writeColourWords(own);
  const { name: _, ...facts } = manifest;
  await copyFile(files.tokenizer!, join(own, 'tokenizer.json'));
  const tokenizer = { path: 'tokenizer.json', bytes: null, sha256: null };
  const json = { ...facts, files: { ...facts.files, tokenizer } };
  await writeFile(join(models, `${name}.json`), JSON.stringify(json));
}

function graph(): OnnxFile {
  const file = new OnnxFile();
  const ids = file.input('input_ids', 'int64', ['batch', 'length']);
  const mask = file.input('attention_mask', 'int64', ['batch', 'length']);
  const pixels = file.input('pixel_values', 'float32', ['batch', 3, SIDE, SIDE]);
  const second = (tokens: string): string =>
    file.node('Slice', [tokens, file.ints([1]), file.ints([2]), file.ints([1])]); // [B, 1]
  const table = file.weight([VOCABULARY, 3], () => {
    const rows = new Float32Array(VOCABULARY * 3).fill(9);
    for (const [id, colour] of Object.entries(COLOURS)) rows.set(colour, 3 * Number(id));
    return rows;
  });
  const colour = file.node('Gather', [table, second(ids)], { axis: { int: 0 } }); // [B, 1, 3]
  const counted = file.node('Cast', [file.node('Unsqueeze', [second(mask), file.ints([2])])], {
    to: { int: 1 },
  });
  const wanted = file.node('Transpose', [file.node('Mul', [colour, counted])], { perm: { ints: [0, 2, 1] } });
  const cells = file.node('AveragePool', [pixels], {
    kernel_shape: { ints: [CELL, CELL] },
    strides: { ints: [CELL, CELL] },
  });
  const off = file.node('Sub', [cells, file.node('Unsqueeze', [wanted, file.ints([3])])]); // [B, 3, 16, 16]
  const squared = file.node('ReduceSum', [file.node('Mul', [off, off]), file.ints([1])], {
    keepdims: { int: 0 },
  });
  // The probability of the colour itself is 0.88; as far away as grey is, 0.02.
  file.node('Sub', [file.scalar(2), file.node('Mul', [squared, file.scalar(2)])], {}, 'logits');
  file.output('logits', 'float32', ['batch', CELLS, CELLS]);
  return file;
}
