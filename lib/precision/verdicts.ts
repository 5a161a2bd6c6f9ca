/** What trials came to: kept, so that each model is tried once on the pictures of a lookbook. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { machine } from '../calibration.js';
import { derivedPath } from '../paths.js';
import { REWRITE_VERSION } from '../quantising/rewrite.js';
import { keepForLater } from '../whole-file.js';
import { counted } from '../words.js';
import { LEAST_AGREEMENT, LEAST_COSINE, LEAST_GAIN, type TrialResult } from './trial.js';

/** Raised when the demands change: models are tried anew then. */
const EDITION = 1;

/** What a verdict holds for: an encoder's weights, these pictures, this machine. */
export interface VerdictOf {
  weights: string;
  images: readonly string[];
}

/** The kept results of both towers, if this machine has tried these weights on these pictures. */
export async function knownTrials(of: VerdictOf): Promise<TrialResult[] | undefined> {
  const kept = await readKept();
  const key = keyOf(of);
  return Object.hasOwn(kept, key) ? kept[key]?.trials : undefined;
}

export async function keepTrials(of: VerdictOf, name: string, trials: TrialResult[]): Promise<void> {
  const entry: KeptTrials = { name, images: of.images, at: new Date().toISOString(), trials };
  const kept = { ...(await readKept()), [keyOf(of)]: entry };
  await keepForLater(keptPath(), `${JSON.stringify(kept, null, 1)}\n`);
}

/** One sentence: what was tried, how it went, and what overrules it. */
export function sentenceOf(
  name: string,
  { role, count, isTaken, agreement, gain, reason }: TrialResult,
): string {
  const [part, things] = role === 'text' ? ['words', 'word'] : ['pictures', 'picture'];
  const head = `${name} reads ${part} in ${isTaken ? '8 bits' : 'fp32'}`;
  if (!agreement || gain === undefined) return `${head}: ${reason ?? 'nothing was tried'}.`;
  const { k, neighbours, least } = agreement;
  const figures = [
    `${(100 * neighbours).toFixed(1)} % of their ${k} nearest are the same (at least ${100 * LEAST_AGREEMENT} %)`,
    `the lowest cosine is ${Math.floor(1e4 * least) / 1e4} (at least ${LEAST_COSINE})`,
    `8 bits are ${gain.toFixed(2)} times as fast (at least ${LEAST_GAIN})`,
  ];
  const overrule = isTaken ? "'fp32'" : "'int8'";
  return `${head}: of ${counted(count, things)} encoded both ways ${figures.join(', ')}; dtype ${overrule} overrules it.`;
}

interface KeptTrials {
  name: string;
  images: readonly string[];
  /** ISO date. */
  at: string;
  trials: TrialResult[];
}

function keyOf({ weights, images }: VerdictOf): string {
  const facts = [EDITION, REWRITE_VERSION, weights, [...images].sort(), machine()];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}

function keptPath(): string {
  return derivedPath('int8', 'verdicts.json');
}

async function readKept(): Promise<Record<string, KeptTrials>> {
  try {
    return JSON.parse(await readFile(keptPath(), 'utf8'));
  } catch {
    return {}; // none yet, or torn: a trial that is lost is made again
  }
}
