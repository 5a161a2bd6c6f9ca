import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dot, rowOf } from '#lib/arithmetic/vectors.js';
import { SENTENCES } from '#lib/commands/golden/sentences.js';
import { decode } from '#lib/decoders/image.js';
import { mixLabels, open } from '#lib/encoders/label-words.js';
import type { LabelWordsManifest } from '#lib/models/manifest.js';
import { derivedPath, projectPath } from '#lib/paths.js';
import type { Encoder } from '#lib/types.js';
import { PREPROCESSING } from '../tiny-convnet.js';

const golden = projectPath('test/fixtures/golden');
const file = { path: 'x', bytes: null, sha256: null };

/** The golden ConvNet's classes in the words of the golden sentence encoder. */
const manifest: LabelWordsManifest = {
  name: 'tiny words',
  title: 'tiny words',
  licence: 'none',
  source: 'test',
  family: 'label-words',
  files: { image: file, text: file, tokenizer: file, labels: file },
  preprocessing: PREPROCESSING,
  input: 'pixel_values',
  output: 'logits',
  dimension: 16,
  text: SENTENCES,
  labels: { file: 'labels' },
  temperature: 1,
};
const files = {
  image: `${golden}/models/convnet/model.onnx`,
  text: `${golden}/models/sentences/model.onnx`,
  tokenizer: `${golden}/tokenizer/bert-wordpiece/tokenizer.json`,
  labels: `${golden}/models/label-words/labels.txt`,
};

interface Stored {
  shape: [number, number];
  f32le_base64: string;
}

interface Expected {
  images: string[];
  label_embeds: Stored;
  image_embeds_by_temperature: Record<string, Stored>;
}

function rowsOf({ shape, f32le_base64 }: Stored): Float32Array[] {
  const block = new Float32Array(Uint8Array.from(Buffer.from(f32le_base64, 'base64')).buffer);
  return Array.from({ length: shape[0] }, (_, row) => rowOf(block, row, shape[1]));
}

async function withEncoder<Result>(
  about: LabelWordsManifest,
  use: (encoder: Encoder) => Promise<Result>,
  from: Record<string, string> = files,
): Promise<Result> {
  const encoder = await open(about, from, { device: 'cpu' });
  try {
    return await use(encoder);
  } finally {
    await encoder.close();
  }
}

async function embedGolden(encoder: Encoder, images: readonly string[]): Promise<Float32Array[]> {
  const inputs = await Promise.all(
    images.map(async (name) => {
      const bytes = await readFile(`${golden}/images/${name}`);
      return { pixels: (await decode(bytes, { preprocessings: [encoder.preprocessing] })).inputs[0]! };
    }),
  );
  return (await encoder.embed(inputs)).map(({ picture }) => picture);
}

describe('mixing labels', () => {
  /** Two labels at right angles; output 0 is no thing. */
  const labels = { block: Float32Array.of(1, 0, 0, 1), dimension: 2, classes: [1, 2] };

  it('weighs the vectors by their probabilities', () => {
    const [x, y] = mixLabels(Float32Array.of(0, Math.log(3), 0), labels, 1);
    expect(x! / y!).toBeCloseTo(3, 5);
    expect(Math.hypot(x!, y!)).toBeCloseTo(1, 6);
  });

  it('a class that is no thing has no say, however sure the classifier is of it', () => {
    const without = mixLabels(Float32Array.of(0, 1, 2), labels, 1);
    expect(mixLabels(Float32Array.of(100, 1, 2), labels, 1)).toEqual(without);
  });

  it('a higher temperature lets the lesser label speak, a lower one silences it', () => {
    const logits = Float32Array.of(0, 4, 0);
    const share = (temperature: number): number => {
      const [x, y] = mixLabels(logits, labels, temperature);
      return y! / x!;
    };
    expect(share(1)).toBeCloseTo(Math.exp(-4), 6);
    expect(share(2)).toBeCloseTo(Math.exp(-2), 6);
    expect(share(0.5)).toBeLessThan(share(1));
  });

  it('logits of any size give finite numbers', () => {
    expect([...mixLabels(Float32Array.of(0, 1e30, -1e30), labels, 1)]).toEqual([1, 0]);
  });
});

describe('a tiny classifier and a tiny sentence encoder', () => {
  let folder: string;
  let expected: Expected;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lookbook-label-words-'));
    expected = JSON.parse(await readFile(`${golden}/models/label-words/expected.json`, 'utf8'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('a text is its sentence vector: each label is what the reference has for it', async () => {
    const words = (await readFile(files.labels, 'utf8')).trim().split('\n');
    const texts = await withEncoder(manifest, (encoder) => encoder.embedTexts!(words));
    for (const [row, vector] of rowsOf(expected.label_embeds).entries())
      expect(dot(vector, texts[row]!)).toBeCloseTo(1, 5);
  });

  it('pictures are the reference mixes, at each temperature', async () => {
    for (const [temperature, stored] of Object.entries(expected.image_embeds_by_temperature)) {
      const about = { ...manifest, temperature: Number(temperature) };
      const vectors = await withEncoder(about, (encoder) => embedGolden(encoder, expected.images));
      for (const [row, vector] of rowsOf(stored).entries())
        expect(dot(vector, vectors[row]!), `${expected.images[row]} at ${temperature}`).toBeGreaterThan(
          0.9999,
        );
    }
  });

  it('lines that are no thing are left out: where one label remains, each picture is that label', async () => {
    const others = [0, 1, 2, 4, 5, 6, 7, 8, 9];
    const about = { ...manifest, labels: { file: 'labels', without: others } };
    const vectors = await withEncoder(about, (encoder) => embedGolden(encoder, expected.images));
    const label = rowsOf(expected.label_embeds)[3]!;
    for (const vector of vectors) expect(dot(vector, label)).toBeCloseTo(1, 5);
  });

  it('temperature and labels are part of the fingerprint', async () => {
    const labels = join(folder, 'other.txt');
    await writeFile(labels, (await readFile(files.labels, 'utf8')).replace('boat', 'ship'));
    const fingerprint = async ({ fingerprint: hash }: Encoder): Promise<string> => hash;
    const all = [
      await withEncoder(manifest, fingerprint),
      await withEncoder({ ...manifest, temperature: 2 }, fingerprint),
      await withEncoder(manifest, fingerprint, { ...files, labels }),
    ];
    expect(new Set(all).size).toBe(3);
  });

  it('labels that are not those of the classifier are refused at open, with every difference', async () => {
    const labels = join(folder, 'nine.txt');
    await writeFile(labels, 'red fox\nboat\n\ncastle of sand\nbee\nchurch\nowl\norange\nbicycle\n');
    const about = { ...manifest, labels: { file: 'labels', without: [0, 9] } };
    const refused = open(about, { ...files, labels }, { device: 'cpu' });
    await expect(refused).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [encoder] the labels of tiny words are not those of its classifier: got 9 lines; nothing on line 3; no line of index 9, which labels.without names, expected 10 lines, one for each number of the output logits. Fetch the file x that belongs to the weights.]`,
    );
  });

  it('the labels are encoded once; a cache that was cut or changed is made again', async () => {
    const about = { ...manifest, temperature: 3 };
    const embed = (encoder: Encoder): Promise<Float32Array[]> => embedGolden(encoder, ['odd.webp']);
    await rm(derivedPath('label-words'), { recursive: true, force: true });
    const first = await withEncoder(about, embed);
    // Labels do not depend on how pictures are looked at: one file serves every temperature.
    await withEncoder({ ...manifest, temperature: 5 }, embed);
    const [file, ...others] = await readdir(derivedPath('label-words'));
    expect(others).toEqual([]);
    const path = derivedPath('label-words', file!);
    const whole = await readFile(path);
    expect(await withEncoder(about, embed)).toEqual(first);
    const changed = Buffer.from(whole);
    changed.fill(7, 100, 140);
    for (const damaged of [changed, whole.subarray(0, 200), Buffer.alloc(0)]) {
      await writeFile(path, damaged);
      expect(await withEncoder(about, embed)).toEqual(first);
      expect((await readFile(path)).equals(whole)).toBe(true);
    }
    expect((await readdir(derivedPath('label-words'))).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
