/** The process of benchmarks/start.ts that asks one question of a lookbook. Argument: the config. */
import type { LookbookConfig } from '../config.js';
import { openLookbook } from '../lookbook.js';

/** Seconds from openLookbook to the answer, from there to the open lookbook, and of the process before openLookbook. */
export interface FirstAnswer {
  seconds: number;
  open: number;
  before: number;
  hits: number;
}

const config: LookbookConfig = JSON.parse(process.argv[2] ?? '');
const before = process.uptime();
const start = performance.now();
const book = await openLookbook(config);
const open = (performance.now() - start) / 1000;
const { hits } = await book.search('red car');
const answer: FirstAnswer = { seconds: (performance.now() - start) / 1000, open, before, hits: hits.length };
await book.close();
process.send?.(answer, () => process.exit(0));
