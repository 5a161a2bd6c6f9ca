import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Summary } from '../rendering/summary.js';
import type { IndexReport, SearchResult } from '../types.js';

/** What a lookbook leaves behind after a run and after a search (lookbook.ts). */
interface LastIndex {
  report: IndexReport;
  pictures: number;
  segments: number;
}
type LastSearch = Pick<SearchResult, 'query' | 'title' | 'hits'>;

/** Collects, from a lookbook's own files, what the notebooks of this run did. */
export interface RunFacts {
  /** To be called after each cell: a later search overwrites an earlier one's file. */
  look(): void;
  /** Nothing where no indexing has ended. */
  summary(): Summary | undefined;
}

/** `folder` is where last-index.json and last-search.json are written; those of earlier runs are removed. */
export function createRunFacts(folder: string): RunFacts {
  const indexPath = join(folder, 'last-index.json');
  const searchPath = join(folder, 'last-search.json');
  for (const path of [indexPath, searchPath]) rmSync(path, { force: true });
  let index: LastIndex | undefined;
  let search: LastSearch | undefined;

  return {
    look() {
      index = readJson<LastIndex>(indexPath) ?? index;
      const found = readJson<LastSearch>(searchPath);
      if (found && (!search || tells(found) > tells(search))) search = found;
    },
    summary() {
      if (!index) return undefined;
      const { report, pictures, segments } = index;
      const { imagesPerSecond, stages } = report;
      return {
        pictures,
        segments,
        imagesPerSecond,
        stages,
        query: search?.title ?? '',
        hits: search?.hits ?? [],
      };
    },
  };
}

/** How much a summary wants to tell of it: answers to words, answers to a picture, no answers; the first of equals. */
function tells({ query, hits }: LastSearch): number {
  if (hits.length === 0) return 0;
  return query.text === undefined ? 1 : 2;
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // not written yet
  }
}
