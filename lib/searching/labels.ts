/** Words that name what the segmenter calls a segment: "feline" finds what is labelled cat. */
import { dot } from '../arithmetic/vectors.js';
import type { Asked } from './asking.js';
import type { Library } from './library.js';
import { logitOf, relevanceOf, standing } from './relevance.js';

/** More labels than this are not named by one question. */
const MOST_LABELS = 3;
/** From this relevance on a label is meant. */
const MEANT = 0.5;

/**
 * Labels that the words name, with how well, 0..1: by letter, or by the encoder's own words against the background.
 * @param text the words, where words alone ask.
 */
export async function namedLabels(
  text: string | undefined,
  asked: Asked | undefined,
  library: Library,
): Promise<Map<string, number>> {
  const { labels } = library;
  if (text === undefined || labels.length === 0) return new Map();
  const spelt = labels.filter((label) => holds(text, label));
  if (spelt.length) return new Map(spelt.slice(0, MOST_LABELS).map((label) => [label, 1]));
  const vectors = asked ? await library.labelVectors() : [];
  if (!asked || vectors.length === 0) return new Map();
  const background = await library.background('words');
  const meant = labels.flatMap((label, n) => {
    const vector = vectors[n]!;
    // The curve of the pictures knows nothing of words against words.
    const logit = logitOf(dot(asked.vector, vector), () => standing(vector, background, SAME), {
      kind: 'words',
    });
    const relevance = logit === null ? 0 : relevanceOf(logit);
    return relevance >= MEANT ? [[label, relevance] as const] : [];
  });
  return new Map(meant.sort((a, b) => b[1] - a[1]).slice(0, MOST_LABELS));
}

/** A label may itself be one of the background's words. */
const SAME = 0.98;

/** Whether the label stands in the text as words of its own: "a cat on a sofa" holds cat, "catalogue" does not. */
function holds(text: string, label: string): boolean {
  const words = (of: string): string =>
    ` ${
      of
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu)
        ?.join(' ') ?? ''
    } `;
  // Several names of one class stand in one label: "screen door, screen".
  return label.split(',').some((name) => name.trim() !== '' && words(text).includes(words(name)));
}
