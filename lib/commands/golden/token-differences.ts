import type { TokenizerRule } from '../../models/manifest.js';
import { loadTokenizer } from '../../tokenizer.js';
import { type GoldenFolder, readGolden } from './folder.js';

export type HuggingFaceRule = Extract<TokenizerRule, { kind: 'huggingface' }>;

/** One text that comes out other than at the reference. */
export interface TokenDifference {
  tokenizer: string;
  text: string;
  got: number[];
  expected: number[];
}

export interface TokenDifferences {
  texts: number;
  /** Against transformers and the tokenizers package. */
  hf: TokenDifference[];
  /** Against open_clip's own reader, which repairs texts. */
  openClip: TokenDifference[];
}

interface Row {
  text: string;
  /** The large set's name, and the small one's, for what transformers gives. */
  hf?: number[];
  ids?: number[];
  open_clip?: number[];
}

interface Ids {
  context: number;
  end?: number;
  eos?: number;
  pad?: number;
  rows: Row[];
}

/** Every text of every tokenizer of the goldens, each at its own length. */
export async function tokenDifferences(folder: GoldenFolder): Promise<TokenDifferences> {
  const found: TokenDifferences = { texts: 0, hf: [], openClip: [] };
  for (const name of tokenizersOf(folder)) {
    const { rows, ...ids } = await readGolden<Ids>(folder, `${name}/ids.json`);
    const rule = ruleOf(ids);
    const path = `${folder.path}/${name}/tokenizer.json`;
    const expected = rows.map(({ text, hf, ids }) => ({ text, ids: hf ?? ids ?? [] }));
    found.texts += rows.length;
    found.hf.push(...(await different(name, { rule, path }, expected)));
    const open = rows.flatMap(({ text, open_clip }) => (open_clip ? [{ text, ids: open_clip }] : []));
    if (open.length === 0) continue;
    const cleaning = { ...rule, cleaning: 'open-clip' } as const;
    found.openClip.push(...(await different(name, { rule: cleaning, path }, open)));
  }
  return found;
}

/** The folders below the goldens that hold a tokenizer.json and its ids.json. */
function tokenizersOf(folder: GoldenFolder): string[] {
  return folder.size === 'large'
    ? ['tokenizer']
    : ['tokenizer/clip-bpe', 'tokenizer/bert-wordpiece', 'tokenizer/siglip-unigram'];
}

function ruleOf({ context, end, eos, pad }: Omit<Ids, 'rows'>): HuggingFaceRule {
  const endId = end ?? eos ?? null;
  return {
    kind: 'huggingface',
    file: 'tokenizer',
    contextLength: context,
    padTo: 'longest',
    padId: pad ?? endId ?? 0,
    endId,
  };
}

async function different(
  tokenizer: string,
  at: { rule: HuggingFaceRule; path: string },
  expected: readonly { text: string; ids: number[] }[],
): Promise<TokenDifference[]> {
  const { tokenize } = await loadTokenizer(at.rule, at.path);
  return expected.flatMap(({ text, ids }) => {
    const got = tokenize([text]).ids;
    return got.join() === ids.join() ? [] : [{ tokenizer, text, got, expected: ids }];
  });
}
