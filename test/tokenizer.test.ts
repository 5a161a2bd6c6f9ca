import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenizerRule } from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';
import { loadTokenizer, type Tokenizer, wordTokenizer } from '#lib/tokenizer.js';

type Rule = Extract<TokenizerRule, { kind: 'huggingface' }>;

const CLIP: Rule = {
  kind: 'huggingface',
  file: 'tokenizer',
  contextLength: 24,
  padTo: 'longest',
  padId: 633,
  endId: 633,
  vocabulary: 634,
};
const BERT: Rule = { ...CLIP, padId: 0, endId: 3, vocabulary: 150 };
const SIGLIP: Rule = { ...CLIP, padTo: 'context', padId: 1, endId: 1, vocabulary: 182 };

function load(rule: Rule, name: string): Promise<Tokenizer> {
  return loadTokenizer(rule, projectPath(`test/fixtures/golden/tokenizer/${name}/tokenizer.json`));
}

describe('rows of token ids', () => {
  it('a causal tower’s are as long as the longest text, and the mask tells what is text', async () => {
    const { tokenize } = await load(CLIP, 'clip-bpe');
    const [short, long] = [tokenize(['a']), tokenize(['a red fox'])];
    expect(short.ids).toEqual([632, 320, 633]);
    const both = tokenize(['a', 'a red fox']);
    const fill = long.length - short.length;
    expect(both.length).toBe(long.length);
    expect(both.ids).toEqual([...short.ids, ...Array<number>(fill).fill(633), ...long.ids]);
    expect(both.mask).toEqual([
      1,
      1,
      1,
      ...Array<number>(fill).fill(0),
      ...Array<number>(long.length).fill(1),
    ]);
  });

  it('a tower that wants its whole context gets it filled up', async () => {
    const { tokenize } = await load(SIGLIP, 'siglip-unigram');
    const { ids, mask, length } = tokenize(['a']);
    expect(length).toBe(24);
    expect(ids).toEqual([34, 1, ...Array<number>(22).fill(1)]);
    expect(mask).toEqual([1, 1, ...Array<number>(22).fill(0)]);
  });

  it.each([
    ['clip-bpe', CLIP],
    ['bert-wordpiece', BERT],
    ['siglip-unigram', SIGLIP],
  ])('%s: a text that is too long is said to be, and keeps its end token', async (name, rule) => {
    const { tokenize, isCut } = await load(rule, name);
    const long = 'a red fox under an old oak tree by the river and the church and the bridge'.repeat(3);
    const { ids, length } = tokenize([long]);
    expect([length, ids.length, ids.at(-1)]).toEqual([24, 24, rule.endId]);
    expect([isCut(long), isCut('a red fox')]).toEqual([true, false]);
    const open = await load({ ...rule, endId: null }, name);
    expect(open.tokenize([long]).ids.slice(0, 23)).toEqual(ids.slice(0, 23));
    expect(open.tokenize([long]).ids.at(-1)).not.toBe(rule.endId);
  });

  it('words beyond the last are cut, and no fill counts as a word', () => {
    const rule = { kind: 'word-ngrams', file: 'words', maxWords: 2, maxNgrams: 4, ngramRows: 64 } as const;
    const { ids, mask } = wordTokenizer(['fox'], rule)(['fox', 'Fox foxes foxy']);
    expect(ids).toEqual([1, -1, 1, 0]);
    expect(mask).toEqual([1, 0, 1, 1]);
  });
});

describe('what each reference makes of a text', () => {
  it('a sigma at the end of a word: letter by letter in transformers, by its place in open_clip', async () => {
    const plain = await load(CLIP, 'clip-bpe');
    const repaired = await load({ ...CLIP, cleaning: 'open-clip' }, 'clip-bpe');
    expect(plain.tokenize(['ΧΟΡΟΣ']).ids).toEqual(plain.tokenize(['χοροσ']).ids);
    expect(repaired.tokenize(['ΧΟΡΟΣ']).ids).toEqual(plain.tokenize(['χορος']).ids);
    expect(repaired.tokenize(['ΧΟΡΟΣ']).ids).not.toEqual(plain.tokenize(['ΧΟΡΟΣ']).ids);
  });

  it('a mark inside a text is special by the reference’s own names only', async () => {
    const plain = await load(CLIP, 'clip-bpe');
    const repaired = await load({ ...CLIP, cleaning: 'open-clip' }, 'clip-bpe');
    expect(plain.tokenize(['<|endoftext|> a']).ids).toEqual([632, 633, 320, 633]);
    expect(repaired.tokenize(['<end_of_text> a']).ids).toEqual([632, 633, 320, 633]);
    expect(repaired.tokenize(['<|endoftext|> a']).length).toBeGreaterThan(4);
    expect(plain.tokenize(['<end_of_text> a']).length).toBeGreaterThan(4);
  });

  it('lower case where the manifest asks for it', async () => {
    const cased = await load(SIGLIP, 'siglip-unigram');
    const lower = await load({ ...SIGLIP, lowerCase: true }, 'siglip-unigram');
    expect(lower.tokenize(['A RED FOX']).ids).toEqual(cased.tokenize(['a red fox']).ids);
  });
});

describe('texts that nobody expects', () => {
  it.each([
    ['a book', 'a red fox and an old oak tree '.repeat(4000)],
    ['one endless word', 'x'.repeat(100_000)],
    ['a wall of marks', '<'.repeat(100_000)],
    ['spaces before a word', `${' '.repeat(100_000)}a`],
    ['NUL', '\0'.repeat(100_000)],
    ['unpaired surrogates', '\ud800'.repeat(100_000)],
    ['entities', '&amp;'.repeat(20_000)],
    ['mojibake', 'Ã©'.repeat(50_000)],
  ])('%s of 100 kB is read in less than a second, by every kind', async (_, text) => {
    for (const [name, rule] of [
      ['clip-bpe', CLIP],
      ['clip-bpe', { ...CLIP, cleaning: 'open-clip' }],
      ['bert-wordpiece', BERT],
      ['siglip-unigram', SIGLIP],
    ] as [string, Rule][]) {
      const { tokenize } = await load(rule, name);
      const start = performance.now();
      const { ids, length } = tokenize([text]);
      expect(performance.now() - start).toBeLessThan(1000);
      expect(ids).toHaveLength(length);
      expect(length).toBeLessThanOrEqual(24);
      expect(ids.every(Number.isInteger)).toBe(true);
    }
  });

  it('what lies behind a thousand spaces is still read', async () => {
    const { tokenize } = await load(CLIP, 'clip-bpe');
    expect(tokenize([`${' '.repeat(100_000)}a`]).ids).toEqual([632, 320, 633]);
  });

  it('half a surrogate pair counts as the sign for what cannot be shown', async () => {
    const { tokenize } = await load(CLIP, 'clip-bpe');
    expect(tokenize(['a\udc00b']).ids).toEqual(tokenize(['a\ufffdb']).ids);
  });
});

describe('a file that does not belong to the model', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lookbook-tokenizer-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('another vocabulary is refused with both sizes', async () => {
    await expect(load({ ...CLIP, vocabulary: 49408 }, 'clip-bpe')).rejects.toThrow(
      /made for another model: got 634 entries, expected 49408/,
    );
    expect((await load(CLIP, 'clip-bpe')).vocabulary).toBe(634);
  });

  it.each([
    ['a page', '<!doctype html><title>404</title>'],
    ['other JSON', '{"error":"Entry not found"}'],
    ['a list', '[]'],
    ['a tokenizer without a model', '{"added_tokens":[]}'],
  ])('%s is refused as no tokenizer', async (_, content) => {
    const path = join(folder, 'tokenizer.json');
    await writeFile(path, content);
    await expect(loadTokenizer(CLIP, path)).rejects.toThrow('[tokenizer] a tokenizer cannot be loaded');
  });
});
