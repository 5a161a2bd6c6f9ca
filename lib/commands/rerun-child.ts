/** The process of benchmarks/rerun.ts that indexes what is indexed already. Argument: the config. */
import type { LookbookConfig } from '../config.js';
import { openLookbook } from '../lookbook.js';
import { secondsOf } from './interleaved.js';
import { peakMb } from './own-memory.js';

/** Megabytes of 2²⁰: the whole process at most, and before the run began. */
export interface Rerun {
  kept: number;
  seconds: number;
  mostMb: number;
  beforeMb: number;
  stages: Record<string, number>;
}

const config: LookbookConfig = JSON.parse(process.argv[2] ?? '');
const book = await openLookbook(config);
const beforeMb = peakMb();
let told: Rerun | undefined;
const seconds = await secondsOf(async () => {
  const { kept, stages } = await book.index();
  told = { kept, seconds: 0, mostMb: 0, beforeMb, stages: { ...stages } };
});
const answer: Rerun = { ...told!, seconds, mostMb: peakMb() };
await book.close();
process.send?.(answer, () => process.exit(0));
