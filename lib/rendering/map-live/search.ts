import type { Points } from './points.js';

/** Paths as they are compared; made when first asked for, because 100,000 take a tenth of a second. */
const foldedTitles = new WeakMap<Points, string[]>();

/** The points whose path or label holds the words, capitals or not; of no words, none. */
export function matches(points: Points, words: string): number[] {
  const wanted = folded(words.trim());
  if (!wanted) return [];
  const titles = foldedTitles.get(points) ?? points.titles.map(folded);
  foldedTitles.set(points, titles);
  const labels = points.labels.map((label) => folded(label).includes(wanted));
  const found: number[] = [];
  for (let index = 0; index < points.count; index++) {
    if (points.number[index]! < 0) continue; // the query is no answer to itself
    if (labels[points.label[index]!] || titles[index]!.includes(wanted)) found.push(index);
  }
  return found;
}

function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
