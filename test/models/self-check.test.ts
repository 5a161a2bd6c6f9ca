import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { open as openDual } from '#lib/encoders/dual-encoder.js';
import { openEncoder, openSegmenter } from '#lib/models/families.js';
import type { DualEncoderManifest, Manifest } from '#lib/models/manifest.js';
import { findModel, modelFiles } from '#lib/models/registry.js';
import { checkEncoder, checkSegmenter } from '#lib/models/self-check.js';
import {
  describeCheck,
  keepCheck,
  knownCheck,
  refuseFailed,
  type SelfCheck,
} from '#lib/models/self-check-results.js';
import { projectPath } from '#lib/paths.js';
import type { Encoder, FoundSegment, Preprocessing, Segmenter, SegmenterInput } from '#lib/types.js';
import { dualOf } from './hub-folder.js';

const entry = await findModel('pictoclip');
const embedded = dualOf(entry.manifest);
const files = await modelFiles(entry);
const folder = mkdtempSync(join(tmpdir(), 'lookbook-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function checked(
  manifest: DualEncoderManifest,
  changed: Record<string, string> = {},
): Promise<SelfCheck> {
  const reopen = (other: Manifest): Promise<Encoder> => openDual(dualOf(other), { ...files, ...changed }, {});
  const encoder = await reopen(manifest);
  try {
    return await checkEncoder(encoder, manifest, reopen);
  } finally {
    await encoder.close();
  }
}

const preprocessed = (change: Partial<Preprocessing>): DualEncoderManifest => ({
  ...embedded,
  preprocessing: { ...embedded.preprocessing, ...change },
});

/** The embedded model's words in another order. */
function otherWords(reorder: (words: string[]) => string[]): string {
  const words = readFileSync(files.words!, 'utf8').trimEnd().split('\n');
  const path = join(folder, `words-${Math.random()}.txt`);
  writeFileSync(path, `${reorder(words).join('\n')}\n`);
  return path;
}

describe('the embedded model', () => {
  it('wired rightly finds all twenty', async () => {
    expect(await checked(embedded)).toMatchObject({ passed: true, right: 20, of: 20, wrong: [] });
  });

  it('with a wrong mean and std is refused, and told which ones would do better', async () => {
    for (const [mean, std] of [
      [
        [0.48145466, 0.4578275, 0.40821073],
        [0.26862954, 0.26130258, 0.27577711],
      ],
      [
        [0.485, 0.456, 0.406],
        [0.229, 0.224, 0.225],
      ],
      [
        [0, 0, 0],
        [1 / 255, 1 / 255, 1 / 255],
      ],
    ] as [Preprocessing['mean'], Preprocessing['std']][]) {
      const check = await checked(preprocessed({ mean, std }));
      expect(check.passed).toBe(false);
      const told =
        /^with mean 0, std 1 the right answers lie (\S+) before the wrong ones, with the manifest's (\S+)$/;
      expect(check.wrong[0]).toMatch(told);
      const [, better, own] = told.exec(check.wrong[0]!)!.map(Number);
      expect(better).toBeGreaterThan(own!);
    }
  });

  it('with a wrong size is refused', async () => {
    expect(await checked(preprocessed({ size: 224 }))).toMatchObject({ passed: false });
  });

  it('with words of another vocabulary is refused', async () => {
    const shifted = otherWords((words) => [words.at(-1)!, ...words.slice(0, -1)]);
    const reversed = otherWords((words) => words.toReversed());
    for (const words of [shifted, reversed]) {
      const check = await checked(embedded, { words });
      expect(check).toMatchObject({ passed: false });
      expect(check.right).toBeLessThan(15);
    }
  });
});

it('another normalisation gets pictures of its own, because a graph remembers what it gave for a picture', async () => {
  const encoder = await openEncoder('pictoclip', {});
  const given: object[][] = [];
  const watched: Encoder = {
    ...encoder,
    embed(pictures) {
      given.push(pictures.map(({ pixels }) => pixels));
      return encoder.embed(pictures);
    },
    close: async () => undefined,
  };
  await checkEncoder(watched, embedded, async () => watched);
  expect(given).toHaveLength(4);
  expect(new Set(given.flat()).size).toBe(40);
  await encoder.close();
});

describe('an encoder without words', () => {
  it('passes when changed copies of a drawing are nearer to it than to the others', async () => {
    const encoder = await openEncoder('pictoclip', {});
    const { embedTexts: _, ...wordless } = encoder;
    const check = await checkEncoder(wordless, embedded, () => openEncoder('pictoclip', {}));
    expect(check).toMatchObject({ passed: true, of: 30, asked: expect.stringContaining('mirrored') });
    await encoder.close();
  });

  it('is refused when its vectors tell nothing', async () => {
    const encoder = await openEncoder('pictoclip', {});
    const { embedTexts: _, ...wordless } = encoder;
    const blind: Encoder = {
      ...wordless,
      embed: async (pictures) => pictures.map(() => ({ picture: new Float32Array([1, 0]) })),
    };
    const check = await checkEncoder(blind, embedded, () => openEncoder('pictoclip', {}));
    expect(check).toMatchObject({ passed: false, right: 0 });
    await encoder.close();
  });
});

describe('a segmenter', () => {
  const rule = embedded.preprocessing;
  const pixel: FoundSegment = { mask: { data: new Uint8Array([1]), width: 1, height: 1 }, score: 0.5 };

  function segmenter(give: (index: number) => FoundSegment[]): Segmenter {
    return {
      name: 'made up',
      fingerprint: '',
      preprocessing: rule,
      labels: ['cat', 'dog', 'bus', 'wall'],
      segment: async (pictures) => pictures.map((_, index) => give(index)),
      close: async () => undefined,
    };
  }

  it('the embedded one passes', async () => {
    const opened = await openSegmenter('pictoclip-segments', {});
    expect(await checkSegmenter(opened)).toMatchObject({ passed: true, right: 10 });
    await opened.close();
  });

  it('is shown what an index shows: the pictures’ own sizes, and its form for a closer look', async () => {
    const given: SegmenterInput[] = [];
    const closer: Preprocessing = { ...rule, resize: 'longest', size: 64 };
    const watched = { ...segmenter(() => [{ ...pixel, label: 'cat' }]), closer };
    await checkSegmenter({
      ...watched,
      segment(pictures) {
        given.push(...pictures);
        return watched.segment(pictures);
      },
    });
    const sizes = await Promise.all(
      readdirSync(projectPath('models/self-check'))
        .filter((file) => file.endsWith('.webp'))
        .map((file) => sharp(projectPath(`models/self-check/${file}`)).metadata()),
    );
    const known = new Set(sizes.map(({ width, height }) => `${width} × ${height}`));
    expect(given).toHaveLength(10);
    expect(new Set(given.map(({ width, height }) => `${width} × ${height}`))).toEqual(known);
    for (const { pixels, closer: form } of given) {
      expect(pixels.width).toBe(rule.size);
      expect(Math.max(form!.width, form!.height)).toBe(64);
    }
  });

  it('passes when it finds something in some, and names one of its things', async () => {
    // apple, cat, dog, car, …: the second is a cat
    const sound = segmenter((index) =>
      index < 4 ? [{ ...pixel, label: index === 1 ? 'cat' : 'wall' }] : [],
    );
    expect(await checkSegmenter(sound)).toMatchObject({ passed: true, right: 4, wrong: [] });
  });

  it('is refused when it finds nothing, gives no numbers, unknown labels, or never a right one', async () => {
    const refused: [string, (index: number) => FoundSegment[]][] = [
      ['', () => []],
      ['a segment with the score NaN', () => [{ ...pixel, score: Number.NaN, label: 'cat' }]],
      [
        'the label class 7',
        () => [
          { ...pixel, label: 'class 7' },
          { ...pixel, label: 'cat' },
        ],
      ],
      ['none of cat, dog, bus found by that name', () => [{ ...pixel, label: 'wall' }]],
      [
        'a segment without a pixel',
        () => [{ ...pixel, label: 'cat', mask: { data: new Uint8Array(1), width: 1, height: 1 } }],
      ],
    ];
    for (const [reason, give] of refused) {
      const check = await checkSegmenter(segmenter(give));
      expect(check.passed, reason).toBe(false);
      if (reason) expect(check.wrong).toContain(reason);
    }
  });
});

describe('a result', () => {
  const failed: SelfCheck = {
    passed: false,
    right: 7,
    of: 20,
    least: 18,
    asked: 'ten drawings find their captions',
    wrong: ['"A cat" finds the drawing of "A bus"'],
    margin: -0.0461,
  };

  it('is kept by fingerprint', async () => {
    await keepCheck('f'.repeat(32), 'one', failed);
    await keepCheck('e'.repeat(32), 'other', { ...failed, passed: true });
    expect(await knownCheck('f'.repeat(32))).toMatchObject(failed);
    expect(await knownCheck('d'.repeat(32))).toBeUndefined();
    expect(await knownCheck('constructor')).toBeUndefined();
  });

  it('that failed refuses the model with the figure, what went wrong, and where to look', () => {
    expect(describeCheck(failed)).toBe(
      '7 of 20 right (at least 18), margin -0.046: ten drawings find their captions',
    );
    expect(() => refuseFailed(failed, embedded)).toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [models] pictoclip does not pass its self-check: got 7 of 20 right (at least 18), margin -0.046: ten drawings find their captions; "A cat" finds the drawing of "A bus", expected at least 18 of 20, as of a model that is fed as it was trained. Its files are whole, so look in its manifest at resize, size, interpolation, mean, std, output, pooling and, where it reads words, the tokenizer and its rules. A changed manifest is checked anew; LOOKBOOK_SELF_CHECK=off opens it as it is.]`,
    );
    expect(() => refuseFailed({ ...failed, passed: true }, embedded)).not.toThrow();
  });
});
