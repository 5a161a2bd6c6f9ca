/**
 * How long does a run over 50,000 unchanged files take, and how much memory? In a process of its own, models opened before.
 * The first of all reads the rows of a store that no run of the index has filled and leaves their table; the others are counted.
 */
import { join } from 'node:path';
import { ownPath } from '../../book/own-places.js';
import { defineConfig, type LookbookConfig } from '../../config.js';
import { childAnswer } from '../child-answer.js';
import type { Measure } from '../figures.js';
import { median } from '../interleaved.js';
import { openWorkplace } from '../many-pictures.js';
import type { Rerun } from '../rerun-child.js';
import { makeUnchanged } from '../unchanged-pictures.js';

const FILES = 50_000;
const QUICK_FILES = 1000;
const ROUNDS = 3;

export const measure: Measure = async (say, { quick }) => {
  const count = quick ? QUICK_FILES : FILES;
  const place = await openWorkplace();
  try {
    const config: LookbookConfig = {
      name: 'rerun',
      images: place.pictures,
      chroma: place.chroma,
      masks: place.masks,
      encoder: 'pictoclip',
    };
    const derived = join(place.folder, 'derived');
    await makeUnchanged(config, { count, catalogue: catalogueOf(config, derived) });
    say(`${count} files, rows, masks and entries of the catalogue stand`);
    const runs: Rerun[] = [];
    for (let round = 0; round <= (quick ? 1 : ROUNDS); round++)
      runs.push(await childAnswer<Rerun>('rerun-child', config, { LOOKBOOK_DERIVED: derived }));
    const [first, ...counted] = runs;
    for (const { kept, seconds, stages, mostMb, beforeMb } of runs) {
      if (kept !== count) throw new Error(`${kept} of ${count} files were kept`);
      say(
        `${seconds.toFixed(2)} s (scan and survey ${stages.scan?.toFixed(2)}), ${mostMb.toFixed(0)} MB at most, ${beforeMb.toFixed(0)} before`,
      );
    }
    return {
      'index.rerun_50k_s': median(counted.map(({ seconds }) => seconds)),
      'index.rerun_50k_mb': median(counted.map(({ mostMb }) => mostMb)),
      'index.rerun_50k.first_s': first!.seconds,
    };
  } finally {
    await place.remove();
  }
};

/** As the run itself will name it, below derived files of its own. */
function catalogueOf(config: LookbookConfig, derived: string): string {
  const before = process.env.LOOKBOOK_DERIVED;
  process.env.LOOKBOOK_DERIVED = derived;
  try {
    return ownPath(defineConfig(config), 'catalogue', '.jsonl');
  } finally {
    if (before === undefined) delete process.env.LOOKBOOK_DERIVED;
    else process.env.LOOKBOOK_DERIVED = before;
  }
}
