/** What a self-check came to: kept, so that each fingerprint is checked once, and told to who would use the model. */
import { readFile } from 'node:fs/promises';
import { LookbookError } from '../errors.js';
import { derivedPath } from '../paths.js';
import { writeWhole } from '../whole-file.js';
import type { Manifest } from './manifest.js';

export interface SelfCheck {
  passed: boolean;
  /** How many of the questions were answered rightly. */
  right: number;
  of: number;
  /** So many are demanded. */
  least: number;
  /** What was asked, in a few words. */
  asked: string;
  /** What went wrong, for a person who looks for the fault; at most a few entries. */
  wrong: string[];
  /** How far the right answer lies before the best wrong one, mean of all questions, as a difference of cosines. */
  margin?: number;
}

/** Raised when pictures, captions or demands change: models are checked anew then. */
const EDITION = 1;

/** Whether LOOKBOOK_SELF_CHECK=off leaves the check out: models of random weights answer nothing rightly. */
export function isCheckOff(): boolean {
  return /^(0|off|no|false)$/i.test(process.env.LOOKBOOK_SELF_CHECK?.trim() ?? '');
}

/** "20 of 20 right (at least 18), margin 0.287: ten drawings find …". */
export function describeCheck({ right, of, least, asked, margin }: SelfCheck): string {
  const ahead = margin === undefined ? '' : `, margin ${margin.toFixed(3)}`;
  return `${right} of ${of} right (at least ${least})${ahead}: ${asked}`;
}

/** Where to look when a model does not do what it was made for. */
const FIELDS: Partial<Record<Manifest['family'], string>> = {
  semantic: 'resize, size, mean, std, output, labels and background',
  layout: 'resize, size, mean, std, output, labels and background',
  instance: 'resize, size, mean, std, output, queries and labels',
  everything: 'resize, size, mean, std, pixels, prompts, leastIou and leastStability',
  prompted: 'size, mean, std, output, threshold and the tokenizer with its rules',
};
const ENCODER_FIELDS =
  'resize, size, interpolation, mean, std, output, pooling and, where it reads words, the tokenizer and its rules';

/** @throws LookbookError with the figure and what could be wrong when the check was not passed. */
export function refuseFailed(check: SelfCheck, manifest: Manifest): void {
  if (check.passed) return;
  const fields = FIELDS[manifest.family] ?? ENCODER_FIELDS;
  throw new LookbookError('models', {
    what: `${manifest.name} does not pass its self-check`,
    got: [describeCheck(check), ...check.wrong].join('; '),
    expected: `at least ${check.least} of ${check.of}, as of a model that is fed as it was trained`,
    mend: `Its files are whole, so look in its manifest at ${fields}. A changed manifest is checked anew; LOOKBOOK_SELF_CHECK=off opens it as it is.`,
  });
}

/** The kept result of a model's fingerprint, if it was checked with these pictures. */
export async function knownCheck(fingerprint: string): Promise<SelfCheck | undefined> {
  const kept = await readKept();
  const known = Object.hasOwn(kept, fingerprint) ? kept[fingerprint] : undefined;
  return known?.edition === EDITION ? known : undefined;
}

/** Keeps a result, so that a model is checked once. */
export async function keepCheck(fingerprint: string, name: string, check: SelfCheck): Promise<void> {
  const entry: KeptCheck = { ...check, name, edition: EDITION, at: new Date().toISOString() };
  const kept = { ...(await readKept()), [fingerprint]: entry };
  await writeWhole(keptPath(), `${JSON.stringify(kept, null, 1)}\n`);
}

interface KeptCheck extends SelfCheck {
  name: string;
  edition: number;
  /** ISO date. */
  at: string;
}

function keptPath(): string {
  return derivedPath('self-checks.json');
}

async function readKept(): Promise<Record<string, KeptCheck>> {
  try {
    return JSON.parse(await readFile(keptPath(), 'utf8'));
  } catch {
    return {}; // none yet, or torn: a check that is lost is made again
  }
}
