import { LookbookError } from '../errors.js';
import type { Coverage, CoverageLine, CoverageOptions, Query, SearchResult } from '../types.js';

export interface CoverageSources {
  /** The search as it stands, with the encoder's own line of relevance. */
  search(query: Query): Promise<SearchResult>;
}

/** Answers of a word are counted up to this. */
const COUNTED = 20;
const MOST_WORDS = 10_000;
const LONGEST = 1000;

/**
 * Which of these words has a picture: each is asked as a search asks it, with the line of relevance below which nothing counts
 * as an answer, and where nothing does, what comes nearest is named all the same.
 * @param words each once; blank ones and repeated ones are refused.
 * @throws LookbookError when there are no words to ask; the signal's reason when it was called off.
 */
export async function coverage(
  { search }: CoverageSources,
  words: readonly string[],
  { signal, onProgress }: CoverageOptions = {},
): Promise<Coverage> {
  const asked = checkedWords(words);
  const lines: CoverageLine[] = [];
  const notes = new Set<string>();
  for (const word of asked) {
    signal?.throwIfAborted();
    const answers = await search({ text: word, k: COUNTED });
    const first = answers.hits[0] ?? (await search({ text: word, k: 1, minRelevance: 0 })).hits[0];
    if (!first && answers.note) notes.add(answers.note);
    lines.push({
      word,
      answers: answers.hits.length,
      ...(answers.hits.length === COUNTED ? { isMore: true } : {}),
      ...(first
        ? { best: { id: first.imageId, path: first.paths[0] ?? first.imageId, relevance: first.relevance } }
        : {}),
    });
    onProgress?.(lines.length / asked.length);
  }
  return { lines, ids: lines.flatMap(({ best }) => best?.id ?? []), notes: [...notes] };
}

/** @throws LookbookError that lists every problem at once. */
function checkedWords(words: readonly string[]): string[] {
  const asked = Array.isArray(words)
    ? words.map((word) => (typeof word === 'string' ? word.trim() : word))
    : [];
  const odd = asked.filter((word) => typeof word !== 'string' || !word || word.length > LONGEST).length;
  const twice = [...new Set(asked.filter((word, at) => asked.indexOf(word) < at))];
  const problems = [
    ...(Array.isArray(words) ? [] : [`${typeof words}, not a list`]),
    ...(Array.isArray(words) && !asked.length ? ['an empty list'] : []),
    ...(odd ? [`${odd} of ${asked.length} that are blank, too long or no text`] : []),
    ...(twice.length ? [`${twice.slice(0, 3).join(', ')} more than once`] : []),
    ...(asked.length > MOST_WORDS ? [`${asked.length} words`] : []),
  ];
  if (!problems.length) return asked;
  throw new LookbookError('coverage', {
    what: 'these words cannot be asked',
    got: problems.join('; '),
    expected: `a list of 1 to ${MOST_WORDS} words or sentences, each once`,
    mend: "Write them as ['boat', 'cat', 'blue bicycle'].",
  });
}
