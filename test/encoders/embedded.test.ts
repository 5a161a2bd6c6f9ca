import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dot } from '#lib/arithmetic/vectors.js';
import { decode } from '#lib/decoders/image.js';
import { openEncoder, openSegmenter } from '#lib/models/families.js';
import { findModel } from '#lib/models/registry.js';
import { projectPath } from '#lib/paths.js';
import { type Features, openPictureGraph } from '#lib/picture-graph.js';
import { loadTokenizer, wordTokenizer } from '#lib/tokenizer.js';
import type { Encoder, Pixels, Segmenter, SegmenterInput } from '#lib/types.js';

let encoder: Encoder;
let segmenter: Segmenter;
let pictures: Pixels[];
beforeAll(async () => {
  encoder = await openEncoder('pictoclip', {});
  segmenter = await openSegmenter('pictoclip-segments', {});
  pictures = await Promise.all(['park/0001.jpg', 'park/0002.jpg', 'sea/0001.jpg'].map(pixelsOf));
});
afterAll(() => Promise.all([encoder.close(), segmenter.close()]));

async function pixelsOf(path: string): Promise<Pixels> {
  const bytes = await readFile(projectPath(`images/${path}`));
  return (await decode(bytes, { preprocessings: [encoder.preprocessing] })).inputs[0]!;
}

/** The model squashes: its input is the picture as far as it is concerned. */
function whole(pixels: Pixels): SegmenterInput {
  return { pixels, width: pixels.width, height: pixels.height };
}

interface Golden {
  pictures: { vector: number[]; embedding: number[]; dense: number[]; layout: number[] }[];
  texts: { text: string; embedding: number[] }[];
}

/** As models/pictoclip/training/golden.py draws it. */
function pattern(number: number): Pixels {
  const side = 96;
  const data = new Uint8Array(side * side * 3);
  for (const [at] of data.entries()) {
    const [channel, x, y] = [at % 3, Math.floor(at / 3) % side, Math.floor(at / 3 / side)];
    const near = (x - 30 - 15 * number) ** 2 + (y - 48) ** 2 < 600 + 200 * number;
    const ground = Math.floor((x * (2 + number) + y * 3 + channel * 60) / 4) % 256;
    data[at] = near ? 230 - ((80 * channel * (number + 1)) % 200) : ground;
  }
  return { data, width: side, height: side };
}

/** Of each plane of [planes, height, width]. */
function meansOf({ data, dims }: Features): number[] {
  const plane = dims[1]! * dims[2]!;
  return Array.from(
    { length: dims[0]! },
    (_, n) => data.subarray(n * plane, (n + 1) * plane).reduce((sum, value) => sum + value, 0) / plane,
  );
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [one, two] = [Float32Array.from(a), Float32Array.from(b)];
  return dot(one, two) / Math.sqrt(dot(one, one) * dot(two, two));
}

describe('the embedded model', () => {
  it('gives vectors of length 1 for pictures, segments and texts, in one space', async () => {
    const found = await segmenter.segment(pictures.map(whole));
    const embeddings = await encoder.embed(
      pictures.map((pixels, n) => ({ pixels, masks: found[n]!.map(({ mask }) => mask) })),
    );
    const texts = await encoder.embedTexts!(['fox', 'a red car']);
    for (const [n, { picture, segments }] of embeddings.entries()) {
      expect(segments).toHaveLength(found[n]!.length);
      for (const vector of [picture, ...segments!]) expect(dot(vector!, vector!)).toBeCloseTo(1, 4);
    }
    expect(texts[0]).toHaveLength(encoder.dimension);
    expect(dot(texts[0]!, embeddings[0]!.picture)).toBeGreaterThan(dot(texts[1]!, embeddings[0]!.picture));
  });

  it('a batch gives what single pictures give', async () => {
    const fresh = (): { pixels: Pixels }[] => pictures.map((pixels) => ({ pixels: { ...pixels } }));
    const together = await encoder.embed(fresh());
    for (const [n, one] of fresh().entries()) {
      const [alone] = await encoder.embed([one]);
      expect(dot(alone!.picture, together[n]!.picture)).toBeCloseTo(1, 5);
    }
  });

  it('a text alone and in a batch of longer ones is the same text', async () => {
    const texts = ['fox', 'a very long sentence about a fox that nobody would ever type', ''];
    const together = await encoder.embedTexts!(texts);
    const [alone] = await encoder.embedTexts!(['fox']);
    expect(dot(alone!, together[0]!)).toBeCloseTo(1, 5);
  });

  it('encoder and segmenter share one pass: a picture that was looked at is not looked at again', async () => {
    const { manifest, found } = await findModel('pictoclip');
    if (manifest.family !== 'dual-encoder') throw new Error('pictoclip is a dual encoder');
    const [one, two] = await Promise.all([
      openPictureGraph(manifest, found.image!, { outputs: ['vector'] }),
      openPictureGraph(manifest, found.image!, { outputs: ['layout'] }),
    ]);
    const pixels = { ...pictures[0]! };
    const first = await one.look([pixels]);
    const second = await two.look([pixels]);
    expect(second[0]!.vector).toBe(first[0]!.vector);
    await Promise.all([one.close(), two.close()]);
  });

  it('finds the fox, and its mask lies on it', async () => {
    const truth = JSON.parse(await readFile(projectPath('test/fixtures/demo-truth.json'), 'utf8'));
    const { bbox, label } = truth.pictures.find(({ path }: { path: string }) => path === 'park/0001.jpg')
      .objects[0];
    expect(label).toBe('fox');
    const [found] = await segmenter.segment([whole(pictures[0]!)]);
    const [embedding] = await encoder.embed([
      { pixels: pictures[0]!, masks: found!.map(({ mask }) => mask) },
    ]);
    const [fox] = await encoder.embedTexts!(['fox']);
    const best = embedding!
      .segments!.map((vector, n) => ({ score: dot(fox!, vector!), n }))
      .sort((a, b) => b.score - a.score)[0]!;
    const { mask } = found![best.n]!;
    const centre = { x: (bbox.x + bbox.width / 2) / 640, y: (bbox.y + bbox.height / 2) / 640 };
    expect(
      mask.data[Math.floor(centre.y * mask.height) * mask.width + Math.floor(centre.x * mask.width)],
    ).toBe(1);
  });

  it('says of three patterns and of texts what the trained model said before its weights were shortened', async () => {
    const golden: Golden = JSON.parse(
      await readFile(projectPath('models/pictoclip/training/golden.json'), 'utf8'),
    );
    const { manifest, found } = await findModel('pictoclip');
    if (manifest.family !== 'dual-encoder') throw new Error('pictoclip is a dual encoder');
    const graph = await openPictureGraph(manifest, found.image!, { outputs: ['vector', 'dense', 'layout'] });
    const patterns = golden.pictures.map((_, number) => pattern(number));
    const looks = await graph.look(patterns.map((pixels) => ({ ...pixels })));
    await graph.close();
    const embedded = await encoder.embed(patterns.map((pixels) => ({ pixels })));
    for (const [number, picture] of golden.pictures.entries()) {
      expect(cosine(looks[number]!.vector!.data, picture.vector)).toBeGreaterThan(0.995);
      expect(cosine(embedded[number]!.picture, picture.embedding)).toBeGreaterThan(0.995);
      for (const output of ['dense', 'layout'] as const) {
        const means = meansOf(looks[number]![output]!);
        for (const [n, mean] of means.entries()) {
          // Offsets to a centre are in pixels of the map, up to 12 either way.
          const within = output === 'layout' && n >= 2 ? 0.1 : 0.05;
          expect(Math.abs(mean - picture[output][n]!)).toBeLessThan(within);
        }
        expect(cosine(means, picture[output])).toBeGreaterThan(0.99);
      }
    }
    const texts = await encoder.embedTexts!(golden.texts.map(({ text }) => text));
    for (const [n, { embedding }] of golden.texts.entries()) {
      // Words are rows of four bits each, for twice as many numbers: the graph loses up to .008 by that.
      expect(cosine(texts[n]!, embedding)).toBeGreaterThan(0.99);
    }
  });

  it('splits texts into the same rows as the training did', async () => {
    const { manifest, found } = await findModel('pictoclip');
    if (manifest.family !== 'dual-encoder' || manifest.text.tokenizer.kind !== 'word-ngrams')
      throw new Error('another manifest');
    const { tokenize } = await loadTokenizer(manifest.text.tokenizer, found[manifest.text.tokenizer.file]!);
    const golden: { text: string; words: number[]; ngrams: number[][] }[] = JSON.parse(
      readFileSync(projectPath('models/pictoclip/training/tokens.json'), 'utf8'),
    );
    expect(golden.length).toBeGreaterThan(30);
    for (const { text, words, ngrams } of golden) {
      const tokens = tokenize([text]);
      expect({ text, ids: tokens.ids }).toEqual({ text, ids: words });
      const { ids, width } = tokens.ngrams!;
      const rows = words.map((_, n) => ids.slice(n * width, (n + 1) * width).filter((id) => id > 0));
      expect({ text, rows }).toEqual({ text, rows: ngrams });
    }
  });

  it('a word that no list holds still has its letters', () => {
    const rule = {
      kind: 'word-ngrams',
      file: 'words',
      maxWords: 12,
      maxNgrams: 20,
      ngramRows: 16384,
    } as const;
    const tokens = wordTokenizer(['fox'], rule)(['Fox foxes', '']);
    expect(tokens.ids).toEqual([1, 0, -1, -1]);
    expect(tokens.ngrams!.ids.slice(20, 40).filter((id) => id > 0).length).toBe(12);
  });
});
