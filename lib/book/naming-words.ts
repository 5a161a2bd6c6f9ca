import { rowOf } from '../arithmetic/vectors.js';
import type { NamingWord } from '../exploring/cluster-names.js';
import { derivedPath } from '../paths.js';
import { knownTexts } from '../searching/background.js';
import { backgroundPrompts } from '../searching/background-prompts.js';
import { kindWords } from '../searching/kind-words.js';
import type { OwnLibrary } from './own-library.js';

/** What clusters can be named by: kinds, and the things of the background, each once; null where the encoder has no words. */
export async function namingWords(library: OwnLibrary): Promise<NamingWord[] | null> {
  const { encoder } = library;
  if (!encoder.embedTexts) return null;
  const kinds = await knownTexts(encoder, kindWords, derivedPath('calibration'));
  const { block, count, dimension } = await library.background('words');
  const known = new Set(kindWords);
  return [
    ...kindWords.map((word, at): NamingWord => ({ word, vector: kinds[at]!, isKind: true })),
    ...Array.from(
      { length: count },
      (_, at): NamingWord => ({
        word: backgroundPrompts[at]!,
        vector: rowOf(block, at, dimension),
        isKind: false,
      }),
    ).filter(({ word }) => !known.has(word)),
  ];
}
