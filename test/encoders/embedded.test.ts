import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dot } from '#lib/arithmetic/vectors.js';
import { decode } from '#lib/decoders/image.js';
import { openEncoder, openSegmenter } from '#lib/models/families.js';
import { findModel } from '#lib/models/registry.js';
import { projectPath } from '#lib/paths.js';
import { openPictureGraph } from '#lib/picture-graph.js';
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
