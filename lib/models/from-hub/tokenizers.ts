import type { TokenizerRule } from '../manifest.js';
import { sizeOf } from './form.js';
import { fieldOf, numberOf, textOf } from './json.js';

type Rule = Extract<TokenizerRule, { kind: 'huggingface' }>;

const MOST_TOKENS = 131_072;
const MOST_ENTRIES = 2 ** 24;

/** What all rules have; the file's role is always `tokenizer`. */
const FORM = { kind: 'huggingface', file: 'tokenizer' } as const;

/** CLIP's text tower is causal and read at the end mark: each text at its own length gives the same for less. */
export function clipRule(text: unknown, faults: string[]): Rule {
  const vocabulary = sizeOf(
    fieldOf(text, 'vocab_size') ?? 49_408,
    MOST_ENTRIES,
    'text_config.vocab_size in config.json',
    faults,
  );
  const contextLength = contextOf(text, 77, faults);
  const endId = clipEnd(text, vocabulary);
  return { ...FORM, contextLength, padTo: 'longest', padId: endId, endId, vocabulary };
}

/** MobileCLIP's text tower looks both ways: it wants its whole context, filled up with zeros. */
export function mobileClipRule(text: unknown, faults: string[]): Rule {
  return { ...clipRule(text, faults), padTo: 'context', padId: 0 };
}

/** SigLIP (32 000 entries, filled up with the end mark) and SigLIP 2 (Gemma's 256 000, filled up with zeros). */
export function siglipRule(text: unknown, faults: string[]): Rule {
  const isGemma = (numberOf(fieldOf(text, 'vocab_size')) ?? 0) >= 200_000;
  const contextLength = contextOf(text, 64, faults);
  return { ...FORM, contextLength, lowerCase: true, padTo: 'context', padId: isGemma ? 0 : 1, endId: 1 };
}

/** BERT's Chinese vocabulary; 102 is its [SEP]. */
export function chineseClipRule(): Rule {
  return { ...FORM, contextLength: 52, padTo: 'longest', padId: 0, endId: 102 };
}

/** open_clip's rules by text_cfg, or undefined where its tokenizer is none of those known here. */
export function openClipRule(text: unknown, faults: string[]): Rule | undefined {
  const name = textOf(fieldOf(text, 'hf_tokenizer_name'));
  const contextLength = sizeOf(
    fieldOf(text, 'context_length') ?? 77,
    MOST_TOKENS,
    'text_cfg.context_length',
    faults,
  );
  if (name === undefined) {
    const vocabulary = sizeOf(
      fieldOf(text, 'vocab_size') ?? 49_408,
      MOST_ENTRIES,
      'text_cfg.vocab_size',
      faults,
    );
    const endId = vocabulary - 1;
    return { ...FORM, contextLength, cleaning: 'open-clip', padTo: 'context', padId: 0, endId, vocabulary };
  }
  if (/siglip/i.test(name)) {
    const isCanonical = textOf(fieldOf(fieldOf(text, 'tokenizer_kwargs'), 'clean')) === 'canonicalize';
    const rule: Rule = { ...siglipRule(text, faults), contextLength };
    return isCanonical ? { ...rule, cleaning: 'canonical' } : rule;
  }
  if (/xlm-roberta/i.test(name))
    return { ...FORM, contextLength, cleaning: 'open-clip', padTo: 'context', padId: 1, endId: 2 };
  return undefined;
}

function contextOf(text: unknown, habit: number, faults: string[]): number {
  const given = fieldOf(text, 'max_position_embeddings') ?? habit;
  return sizeOf(given, MOST_TOKENS, 'text_config.max_position_embeddings in config.json', faults);
}

/** CLIP's end mark is its last entry; 2 is what old configs of transformers say of it by mistake. */
function clipEnd(text: unknown, vocabulary: number): number {
  const given = numberOf(fieldOf(text, 'eos_token_id'));
  const isSound = given !== undefined && given > 2 && given < vocabulary && Number.isInteger(given);
  return isSound ? given : vocabulary - 1;
}
