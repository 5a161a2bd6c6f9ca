/** The gate of @huggingface/tokenizers, and the embedded model's own word tokenizer. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { LookbookError, reasonOf } from './errors.js';
import type { TokenizerRule } from './models/manifest.js';
import { canonicalAsOpenClip, cleanedAsOpenClip } from './text-cleaning.js';

/**
 * Token ids of a batch of texts, row-major: ids [B, length], mask [B, length] of 1 for text and 0 for what fills up,
 * and, for word n-grams, ngrams [B, length, width].
 */
export interface Tokens {
  ids: number[];
  length: number;
  mask: number[];
  ngrams?: { ids: number[]; width: number };
}

export type Tokenize = (texts: readonly string[]) => Tokens;

export interface Tokenizer {
  tokenize: Tokenize;
  /** Whether a text is longer than what the model reads of it. */
  isCut(text: string): boolean;
  /** Number of entries of the vocabulary; null where words are spelt by their letters. */
  vocabulary: number | null;
}

/** @throws LookbookError when the file is no tokenizer, or one of another vocabulary. */
export async function loadTokenizer(rule: TokenizerRule, path: string): Promise<Tokenizer> {
  if (rule.kind === 'word-ngrams') {
    const words = (await readFile(path, 'utf8')).split('\n');
    return {
      tokenize: wordTokenizer(words, rule),
      isCut: (text) => wordsOf(text).length > rule.maxWords,
      vocabulary: null,
    };
  }
  const file = await readTokenizerFile(path);
  const tokenizer = buildTokenizer(file, rule, path);
  const vocabulary = tokenizer.get_vocab(true);
  if (rule.vocabulary !== undefined && rule.vocabulary !== vocabulary.size) {
    throw new LookbookError('tokenizer', {
      what: `the tokenizer ${path} is made for another model`,
      got: `${vocabulary.size} entries`,
      expected: `${rule.vocabulary}, as the manifest says`,
      mend: 'Fetch the tokenizer.json that lies beside the weights.',
    });
  }
  const longest = [...vocabulary.keys()].reduce((most, entry) => Math.max(most, entry?.length ?? 0), 1);
  const prepare = preparation(rule, { lowersItself: lowersCase(file.json.normalizer), longest });
  const encode = (text: string): number[] => tokenizer.encode(prepare(text)).ids;
  return {
    tokenize: (texts) =>
      padded(
        texts.map((text) => cut(encode(text), rule)),
        rule,
      ),
    isCut: (text) => encode(text).length > rule.contextLength,
    vocabulary: vocabulary.size,
  };
}

/** The parts of a tokenizer.json that are looked at here; the rest goes to the library as it is. */
interface TokenizerJson {
  normalizer?: unknown;
  added_tokens: { content: string }[];
}

interface TokenizerFile {
  json: TokenizerJson;
  config: object;
}

async function readTokenizerFile(path: string): Promise<TokenizerFile> {
  try {
    const json = JSON.parse(await readFile(path, 'utf8'));
    if (!Array.isArray(json?.added_tokens)) throw new Error('it has no added_tokens');
    const config = await readFile(join(dirname(path), 'tokenizer_config.json'), 'utf8').catch(() => '{}');
    return { json, config: JSON.parse(config) };
  } catch (cause) {
    throw notLoaded(path, cause);
  }
}

/** open_clip's own names of the two marks: they alone are special in a text there, and what others use is not. */
const OPEN_CLIP_MARKS: Record<string, string> = {
  '<|startoftext|>': '<start_of_text>',
  '<|endoftext|>': '<end_of_text>',
};

function buildTokenizer(file: TokenizerFile, rule: HuggingFaceRule, path: string): HuggingFaceTokenizer {
  const { json, config } = file;
  const added_tokens =
    rule.cleaning === 'open-clip'
      ? json.added_tokens.map((token) => ({
          ...token,
          content: OPEN_CLIP_MARKS[token.content] ?? token.content,
        }))
      : json.added_tokens;
  try {
    return new HuggingFaceTokenizer({ ...json, added_tokens }, config);
  } catch (cause) {
    throw notLoaded(path, cause);
  }
}

function notLoaded(path: string, cause: unknown): LookbookError {
  return new LookbookError('tokenizer', {
    what: 'a tokenizer cannot be loaded',
    got: `${path}: ${reasonOf(cause)}`,
    expected: 'a tokenizer.json as model hubs have it',
    mend: 'Fetch the file again.',
    cause,
  });
}

/** Whether a normaliser of the file, at whatever depth, writes in lower case. */
function lowersCase(normalizer: unknown): boolean {
  if (typeof normalizer !== 'object' || normalizer === null) return false;
  if (Array.isArray(normalizer)) return normalizer.some(lowersCase);
  const { type, lowercase, normalizers } = normalizer as Record<string, unknown>;
  return type === 'Lowercase' || lowercase === true || lowersCase(normalizers);
}

type WordRule = Extract<TokenizerRule, { kind: 'word-ngrams' }>;
type HuggingFaceRule = Extract<TokenizerRule, { kind: 'huggingface' }>;

/** By the manifest's name. */
const CLEANINGS: Record<string, (text: string) => string> = {
  'open-clip': cleanedAsOpenClip,
  canonical: canonicalAsOpenClip,
};

/**
 * What is done to a text before it is split.
 * @param about `longest`: letters of the longest entry, so that no more of a text is read than the context can hold.
 */
function preparation(
  rule: HuggingFaceRule,
  about: { lowersItself: boolean; longest: number },
): (text: string) => string {
  const most = rule.contextLength * about.longest;
  const clean = rule.cleaning && CLEANINGS[rule.cleaning];
  // Python gives the sigma at the end of a word a form of its own, as JavaScript does; the tokenizers package, which
  // lowers letter by letter, does not.
  const lowersAsPython = rule.lowerCase || (clean !== undefined && about.lowersItself);
  return (text) => {
    const cleaned = clean ? clean(beginning(text, most)) : text;
    const cased = lowersAsPython ? cleaned.toLowerCase() : cleaned;
    const plain = about.lowersItself ? cased.replaceAll('Σ', 'σ') : cased;
    return beginning(plain.replace(UNPAIRED_SURROGATE, '\ufffd'), most);
  };
}

const UNPAIRED_SURROGATE = /\p{Surrogate}/gu;
const SPACES = /\s+/g;

/** What can still be read of a text that is much too long: splitting a book takes minutes. */
function beginning(text: string, most: number): string {
  return text.length <= most ? text : text.replace(SPACES, ' ').slice(0, most);
}

/** A text that is longer than the context keeps its end token: the vector is read there. */
function cut(ids: readonly number[], rule: HuggingFaceRule): number[] {
  if (ids.length <= rule.contextLength) return [...ids];
  return rule.endId === null
    ? ids.slice(0, rule.contextLength)
    : [...ids.slice(0, rule.contextLength - 1), rule.endId];
}

/** In one batch all rows are as long as the longest, or as the context where the model demands it. */
function padded(rows: readonly number[][], rule: HuggingFaceRule): Tokens {
  const length =
    rule.padTo === 'context' ? rule.contextLength : Math.max(1, ...rows.map((row) => row.length));
  const ids = new Array<number>(rows.length * length).fill(rule.padId);
  const mask = new Array<number>(rows.length * length).fill(0);
  for (const [index, row] of rows.entries()) {
    for (const [column, id] of row.entries()) {
      ids[index * length + column] = id;
      mask[index * length + column] = 1;
    }
  }
  return { ids, length, mask };
}

const ACCENTS = /[\u0300-\u036f]/g;
/** "dog's" is read as "dogs"; before other letters an apostrophe ends a word, as in French. */
const POSSESSIVE = /['\u2019](?=[st]\b)/g;
const LETTER = '[\\p{L}\\p{M}\\p{N}]';
const [HAN, HIRAGANA, KATAKANA] = ['[\\u3400-\\u9fff]', '[\\u3040-\\u309f]', '[\\u30a0-\\u30ff]'];
/** Runs of letters, marks and digits; scripts without spaces are cut smaller: every Han character, every run of kana. */
const WORD = new RegExp(
  [
    `[${LETTER}&&${HAN}]`,
    `[${LETTER}&&${HIRAGANA}]+`,
    `[${LETTER}&&${KATAKANA}]+`,
    `[${LETTER}--[${HAN}${HIRAGANA}${KATAKANA}]]+`,
  ].join('|'),
  'gv',
);

/**
 * Words of a known list have a row of their own (1, 2, …), others row 0; every word also has the rows of its
 * letter 3-, 4- and 5-grams. −1 and 0 fill up. The same arithmetic as models/pictoclip/training/tokenizer.py.
 */
export function wordTokenizer(words: readonly string[], rule: WordRule): Tokenize {
  const rowOf = new Map(words.map((word, index) => [word, index + 1]));
  return (texts) => {
    const split = texts.map((text) => wordsOf(text).slice(0, rule.maxWords));
    const length = Math.max(1, ...split.map((row) => row.length));
    const ids = new Array<number>(texts.length * length).fill(-1);
    const mask = new Array<number>(texts.length * length).fill(0);
    const ngrams = new Array<number>(texts.length * length * rule.maxNgrams).fill(0);
    for (const [row, found] of split.entries()) {
      for (const [column, word] of found.entries()) {
        const cell = row * length + column;
        ids[cell] = rowOf.get(word) ?? 0;
        mask[cell] = 1;
        for (const [n, id] of ngramRows(word, rule).entries()) ngrams[cell * rule.maxNgrams + n] = id;
      }
    }
    return { ids, length, mask, ngrams: { ids: ngrams, width: rule.maxNgrams } };
  };
}

function wordsOf(text: string): string[] {
  const plain = text.toLowerCase().replace(POSSESSIVE, '').normalize('NFD').replace(ACCENTS, '');
  return plain.normalize('NFC').match(WORD) ?? [];
}

function ngramRows(word: string, rule: WordRule): number[] {
  const letters = [...`<${word}>`];
  const rows: number[] = [];
  for (const size of [3, 4, 5]) {
    for (let at = 0; at + size <= letters.length && rows.length < rule.maxNgrams; at++) {
      rows.push((crc32(letters.slice(at, at + size).join('')) % (rule.ngramRows - 1)) + 1);
    }
  }
  return rows;
}
