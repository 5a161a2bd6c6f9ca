import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Metric, PublishedScore } from '../../types.js';

/** What lies beside pictures that others have scored: { mean_scores: { model: { metric: { layer: score } } } }. */
const FILE = 'published-scores.json';

/**
 * The best score that others have published of the pictures of some folders, for each metric.
 * @returns nothing where no folder holds such a file, and a sentence where one holds something else.
 */
export async function publishedBeside(
  folders: readonly string[],
  metrics: readonly Metric[],
): Promise<{ published: PublishedScore[]; notes: string[] }> {
  const published: PublishedScore[] = [];
  const notes: string[] = [];
  for (const folder of folders) {
    const text = await readFile(join(folder, FILE), 'utf8').catch(() => null); // most folders have none
    if (text === null) continue;
    try {
      const scores: unknown = JSON.parse(text);
      published.push(...metrics.flatMap((metric) => bestOf(scores, metric) ?? []));
    } catch {
      notes.push(`The ${FILE} of ${basename(folder)} is not one, so that nothing published is shown.`);
    }
  }
  return { published, notes };
}

/** Whatever is no number from 0 to 100 is passed over. */
function bestOf(scores: unknown, metric: Metric): PublishedScore | undefined {
  const all = entriesOf(fieldOf(scores, 'mean_scores')).flatMap(([model, metrics]) =>
    entriesOf(fieldOf(metrics, metric)).flatMap(([layer, score]) =>
      typeof score === 'number' && score >= 0 && score <= 100 ? [{ model, layer, score }] : [],
    ),
  );
  const [best] = all.sort((a, b) => b.score - a.score);
  return best && { title: `published best (${best.model} ${best.layer})`, score: best.score, metric };
}

function fieldOf(value: unknown, name: string): unknown {
  return entriesOf(value).find(([key]) => key === name)?.[1];
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
