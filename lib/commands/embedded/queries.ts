/** What is asked of the embedded model beyond its labels; the file is as old as the training that it judges, or older. */
import { readFile } from 'node:fs/promises';
import { projectPath } from '../../paths.js';
import type { Concept } from '../scenes/icons.js';

export interface Queries {
  /** Word for a kind → what its things are sorted under or called; both must fit where both are there. */
  kinds: Record<string, { subgroup?: string; label?: string }>;
  /** Words or a paraphrase → labels that a person would accept. */
  synonyms: Record<string, string>;
  /** What no drawing answers: made up, or things that nobody draws. Fixed before anything was measured. */
  nonsense: string[];
}

/** @throws when the training folder lacks its queries. */
export async function readQueries(): Promise<Queries> {
  return JSON.parse(await readFile(projectPath('models/pictoclip/training/queries.json'), 'utf8'));
}

/** The synonyms that hold a word which stands in no name, tag or subgroup of any concept: what the labels cannot teach. */
export function unknownSynonyms(
  synonyms: Queries['synonyms'],
  concepts: readonly Concept[],
): [text: string, meant: RegExp][] {
  const terms = concepts.flatMap(({ names, tags, subgroup }) => [...names, ...tags, subgroup]);
  const known = new Set(terms.flatMap(wordsIn));
  return Object.entries(synonyms)
    .filter(([text]) => wordsIn(text).some((word) => !known.has(word)))
    .map(([text, meant]) => [text, new RegExp(meant)]);
}

/** Whether a concept is of the kind. */
export function isOfKind({ subgroup, label }: Concept, kind: Queries['kinds'][string]): boolean {
  return (
    new RegExp(kind.subgroup ?? '').test(subgroup) && new RegExp(kind.label ?? '').test(label.toLowerCase())
  );
}

/** The label as texts and patterns have it. */
export function labelOf({ names }: Concept): string {
  return names[0]!;
}

/** fox → a fox, apple → an apple */
export function withArticle(words: string): string {
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}

/** One letter dropped, doubled, or exchanged with the next; never the first or the last. The rule of the training. */
export function misspell(text: string, random: () => number): string {
  if (text.length < 4) return text;
  const at = 1 + Math.floor(random() * (text.length - 2));
  const [before, letter, rest] = [text.slice(0, at), text[at]!, text.slice(at + 1)];
  const how = Math.floor(random() * 3);
  if (how === 0) return before + rest;
  if (how === 1) return before + letter + letter + rest;
  return before + rest[0] + letter + rest.slice(1);
}

function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
