/** A style that was never trained on: what a training run that held it out wrote down. */
import { readFile } from 'node:fs/promises';
import { projectPath } from '../../paths.js';
import type { Figures } from '../figures.js';
import { percents } from '../ranks.js';

interface Recalls {
  recallAt1: number;
  recallAt5: number;
  recallAt10: number;
}

/** As training/evaluate.py writes it. */
export interface Unseen {
  run: { pictures: number; minutes: number; seed: number; sets: string[] };
  /** By the style that was held out. */
  unseen: Record<string, { concepts: number; clean: Recalls; hardBackgrounds: Recalls }>;
}

const FILE = 'models/pictoclip/training/unseen.json';
/** The style whose clean icons are the figure; others are told beside it. */
const STYLE = 'fluent-emoji-flat';

/** The figures of the file; none, and a loud word, where no such run has been made. */
export async function readUnseen(say: (line: string) => void): Promise<Figures> {
  const text = await readFile(projectPath(FILE), 'utf8').catch(() => null);
  if (text !== null) return unseenFigures(JSON.parse(text), say);
  say(
    `!!! NO FIGURES OF AN UNSEEN STYLE: there is no ${FILE}; a training run that holds styles out writes it.`,
  );
  return {};
}

/** R@1, R@5 and R@10 of the style's clean icons, 0..1; none, and a loud word, where the run held out others. */
export function unseenFigures({ run, unseen }: Unseen, say: (line: string) => void): Figures {
  const { pictures, minutes, seed, sets } = run;
  say(`held out by a run of ${pictures} pictures, ${minutes} minutes, seed ${seed}, on ${sets.join(', ')}:`);
  for (const [style, { concepts, clean, hardBackgrounds }] of Object.entries(unseen))
    say(
      `  ${style}, ${concepts} concepts: R@1/5/10 ${shown(clean)}, on hard grounds ${shown(hardBackgrounds)}`,
    );
  const clean = unseen[STYLE]?.clean;
  if (!clean || sets.includes(STYLE)) {
    say(`!!! NO FIGURES OF AN UNSEEN STYLE: that run did not hold out ${STYLE}.`);
    return {};
  }
  return {
    'embedded.unseen.r1': clean.recallAt1,
    'embedded.unseen.r5': clean.recallAt5,
    'embedded.unseen.r10': clean.recallAt10,
  };
}

function shown({ recallAt1, recallAt5, recallAt10 }: Recalls): string {
  return [recallAt1, recallAt5, recallAt10].map(percents).join('/');
}
