/** The table of the attacks: each of the long run adds a line, of which the README's reliability section is made. */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { derivedPath } from '#lib/paths.js';

/** What one attack came to. */
export interface Attack {
  attack: string;
  tries: number;
  /** What was lost, wrong or left behind. */
  losses: number;
  /** Tries that passed their time limit. */
  hangs: number;
  /** The longest single try. */
  worst_s: number;
  note?: string;
}

/** Adds a line to attacks.jsonl in the derived folder. */
export async function record(attack: Attack): Promise<void> {
  const path = derivedPath('attacks.jsonl');
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${JSON.stringify({ ...attack, worst_s: Number(attack.worst_s.toFixed(2)) })}\n`);
}
