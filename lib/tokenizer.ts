/** The gate of @huggingface/tokenizers, and the embedded model's own word tokenizer. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { LookbookError } from './errors.js';
import type { TokenizerRule } from './models/manifest.js';

/** Token ids of a batch of texts, row-major: ids [B, length] and, for word n-grams, ngrams [B, length, width]. */
export interface Tokens {
  ids: number[];
  length: number;
  ngrams?: { ids: number[]; width: number };
}

export type Tokenize = (texts: readonly string[]) => Tokens;

/** @throws LookbookError when the file is no tokenizer. */
export async function loadTokenizer(rule: TokenizerRule, path: string): Promise<Tokenize> {
  if (rule.kind === 'word-ngrams') {
    const words = (await readFile(path, 'utf8')).split('\n');
    return wordTokenizer(words, rule);
  }
  try {
    const json = JSON.parse(await readFile(path, 'utf8'));
    const config = await readFile(join(dirname(path), 'tokenizer_config.json'), 'utf8').catch(() => '{}');
    const tokenizer = new HuggingFaceTokenizer(json, JSON.parse(config));
    return (texts) =>
      padded(
        texts.map((text) => cut(tokenizer.encode(cased(text, rule)).ids, rule)),
        rule,
      );
  } catch (cause) {
    throw new LookbookError('tokenizer', {
      what: 'a tokenizer cannot be loaded',
      got: path,
      expected: 'a tokenizer.json as model hubs have it',
      mend: 'Fetch the file again.',
      cause,
    });
  }
}

type WordRule = Extract<TokenizerRule, { kind: 'word-ngrams' }>;
type HuggingFaceRule = Extract<TokenizerRule, { kind: 'huggingface' }>;

function cased(text: string, rule: HuggingFaceRule): string {
  return rule.lowerCase ? text.toLowerCase() : text;
}

/** A text that is longer than the context keeps its end token: the vector is read there. */
function cut(ids: readonly number[], rule: HuggingFaceRule): number[] {
  return ids.length <= rule.contextLength ? [...ids] : [...ids.slice(0, rule.contextLength - 1), rule.endId];
}

/** In one batch all rows are as long as the longest, or as the context where the model demands it. */
function padded(rows: readonly number[][], rule: HuggingFaceRule): Tokens {
  const length = rule.padId === null ? Math.max(1, ...rows.map((row) => row.length)) : rule.contextLength;
  const pad = rule.padId ?? rule.endId;
  return { ids: rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(pad)]), length };
}

const COMBINING_MARKS = /[\u0300-\u036f]/g;
const WORD = /[\p{L}\p{N}]+/gu;

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
    const ngrams = new Array<number>(texts.length * length * rule.maxNgrams).fill(0);
    for (const [row, found] of split.entries()) {
      for (const [column, word] of found.entries()) {
        const cell = row * length + column;
        ids[cell] = rowOf.get(word) ?? 0;
        for (const [n, id] of ngramRows(word, rule).entries()) ngrams[cell * rule.maxNgrams + n] = id;
      }
    }
    return { ids, length, ngrams: { ids: ngrams, width: rule.maxNgrams } };
  };
}

function wordsOf(text: string): string[] {
  return (
    text.toLowerCase().normalize('NFD').replace(COMBINING_MARKS, '').replaceAll("'", '').match(WORD) ?? []
  );
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
