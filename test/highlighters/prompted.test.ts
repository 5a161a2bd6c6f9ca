import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { maskIoU } from '#lib/arithmetic/masks.js';
import { preprocess } from '#lib/arithmetic/resampling.js';
import { open } from '#lib/highlighters/prompted.js';
import { highlightHits, lazyHighlighter } from '#lib/highlighting.js';
import { openHighlighter } from '#lib/models/families.js';
import { checkHighlighter } from '#lib/models/self-check.js';
import { imageIdOfBytes, readStored } from '#lib/picture-bytes.js';
import type { FoundSegment, Highlighter, Hit, SegmenterInput } from '#lib/types.js';
import { maskOf, paint, type Thing } from '../segmenters/colour-sam.js';
import { installColourWords, writeColourWords } from './colour-words.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-highlight-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { files, manifest } = await writeColourWords(folder);

const red: Thing = { x: 16, y: 8, width: 64, height: 16, rgb: [255, 0, 0] };
const blue: Thing = { x: 96, y: 40, width: 32, height: 16, rgb: [0, 0, 255] };

function inputOf(things: readonly Thing[]): SegmenterInput {
  const picture = paint(128, 64, things);
  return { pixels: preprocess(picture, manifest.preprocessing), width: 128, height: 64 };
}

describe('words on a picture', () => {
  it('mark what they mean, where it lies in the picture, and become its label', async () => {
    const highlighter = await open(manifest, files, {});
    const pictures = [inputOf([red, blue]), inputOf([blue])];
    const [first, second] = await highlighter.highlight(pictures, 'red');
    const [, blueOnly] = await highlighter.highlight(pictures, 'blue');
    await highlighter.close();
    expect(first!.label).toBe('red');
    expect(first!.score).toBeCloseTo(1 / (1 + Math.exp(-2)), 1);
    // 16 × 16 cells over 128 × 64: half as wide as they are high.
    expect(maskIoU(first!.mask, maskOf(16, 16, { x: 2, y: 2, width: 8, height: 4 }))).toBe(1);
    expect(maskIoU(blueOnly!.mask, maskOf(16, 16, { x: 12, y: 10, width: 4, height: 4 }))).toBe(1);
    expect(second).toBeNull();
  });

  it('words that mean nothing in it mark nothing', async () => {
    const highlighter = await open(manifest, files, {});
    expect(await highlighter.highlight([inputOf([red, blue])], 'cat')).toEqual([null]);
    expect(await highlighter.highlight([], 'red')).toEqual([]);
    await highlighter.close();
  });

  it('a lower threshold marks what is less sure', async () => {
    const highlighter = await open({ ...manifest, threshold: 0.01 }, files, {});
    const [all] = await highlighter.highlight([inputOf([red])], 'red');
    await highlighter.close();
    expect(all!.mask.data.every((value) => value === 1)).toBe(true);
  });

  it('a batch of any size gives what each picture gives alone', async () => {
    const pictures = Array.from({ length: 7 }, (_, n) => inputOf([{ ...red, x: 8 * n }]));
    const highlighter = await open(manifest, files, {});
    const together = await highlighter.highlight(pictures, 'red');
    const alone = await Promise.all(pictures.map((picture) => highlighter.highlight([picture], 'red')));
    await highlighter.close();
    expect(together).toEqual(alone.flat());
    expect(new Set(together.map((found) => found!.mask.data.indexOf(1))).size).toBe(7);
  });

  it('a graph without the named inputs is refused with the names that it has', async () => {
    const text = { ...manifest.text, inputs: { ids: 'ids' } };
    await expect(open({ ...manifest, text }, files, {})).rejects.toThrow(
      /no input ids; the input input_ids is in no field of the manifest; the input attention_mask/,
    );
  });
});

describe('a highlighter by name', () => {
  it('is none of the encoders, and lists those that are', async () => {
    await expect(openHighlighter('pictoclip', {})).rejects.toThrow(
      /pictoclip is none of the highlighters: got pictoclip, expected one of clipseg-rd64/,
    );
  });
});

describe('the self-check of a highlighter', () => {
  const answering = (answer: (text: string) => FoundSegment | null): Highlighter => ({
    name: 'stub',
    fingerprint: 'f',
    preprocessing: manifest.preprocessing,
    highlight: async (pictures, text) => pictures.map(() => answer(text)),
    close: async () => undefined,
  });
  const mask = maskOf(8, 8, { x: 2, y: 2, width: 4, height: 4 });

  it('passes when some drawings show what their captions say, each asked for its own', async () => {
    const asked: string[] = [];
    const check = await checkHighlighter(
      answering((text) => (asked.push(text) > 5 ? { mask, score: 0.5, label: text } : null)),
    );
    expect(check).toMatchObject({ passed: true, right: 5, of: 10, wrong: [] });
    expect(new Set(asked).size).toBe(10);
  });

  it('is refused when it points at nothing, or at no part of the picture', async () => {
    expect(await checkHighlighter(answering(() => null))).toMatchObject({ passed: false, right: 0 });
    const empty = { data: new Uint8Array(64), width: 8, height: 8 };
    const check = await checkHighlighter(answering(() => ({ mask: empty, score: Number.NaN })));
    expect(check.passed).toBe(false);
    expect(check.wrong).toEqual(['a segment with the score NaN', 'a segment without a pixel']);
  });
});

describe('a highlighter that is opened late', () => {
  it('is opened once, and again after it could not be opened', async () => {
    const before = process.env.LOOKBOOK_MODELS;
    const models = join(folder, 'models');
    const late = lazyHighlighter('late-words', {});
    try {
      process.env.LOOKBOOK_MODELS = models;
      await expect(late.open()).rejects.toThrow(/no model of that name/);
      await installColourWords(models, 'late-words');
      const [first, second] = await Promise.all([late.open(), late.open()]);
      expect(second).toBe(first);
      expect(await first.highlight([inputOf([red])], 'red')).toHaveLength(1);
      await late.close();
      await expect(late.open()).rejects.toThrow(/late-words was closed with its lookbook/);
      // The form of the weights that a lookbook wishes for is taken where the model has it.
      const other = lazyHighlighter('late-words', { dtype: 'q8' });
      await other.open();
      await other.close();
      await expect(first.highlight([inputOf([red])], 'red')).rejects.toThrow(/the model is closed/);
    } finally {
      if (before === undefined) delete process.env.LOOKBOOK_MODELS;
      else process.env.LOOKBOOK_MODELS = before;
    }
  });
});

describe('hits without a stored segment', () => {
  async function hit(name: string, things: readonly Thing[], score?: number): Promise<Hit> {
    const { data, width, height } = paint(128, 64, things);
    const path = join(folder, `${name}.png`);
    const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    await writeFile(path, bytes);
    return {
      imageId: imageIdOfBytes(bytes),
      paths: [path],
      facts: {
        width,
        height,
        format: 'png',
        bytes: bytes.length,
        orientation: 'landscape',
        photograph: false,
      },
      score: 1,
      relevance: 1,
      why: '',
      evidence: {
        segments:
          score === undefined
            ? []
            : [{ segmentId: 's', bbox: { x: 0, y: 0, width: 9, height: 9 }, score, rank: 1 }],
      },
    };
  }

  it('are highlighted, those with a segment and those whose picture has gone are not', async () => {
    const highlighter = await open(manifest, files, {});
    const read = (asked: Hit): Promise<Uint8Array | null> =>
      readStored(asked.imageId, asked.paths, { allowPrivateUrls: false });
    const bare = await hit('bare', [red]);
    const answered = await hit('answered', [red, blue], 0.9);
    const other = await hit('other', [blue]);
    const gone = { ...(await hit('gone', [{ ...red, x: 24 }])), paths: [join(folder, 'nowhere.png')] };
    const changed = {
      ...(await hit('changed', [{ ...red, x: 32 }])),
      imageId: bare.imageId.replace(/^./, 'z'),
    };
    const found = await highlightHits([answered, bare, other, gone, changed], 'red', { highlighter, read });
    await highlighter.close();
    expect([...found.keys()]).toEqual([bare.imageId]);
    expect(found.get(bare.imageId)!.label).toBe('red');
  });
});
