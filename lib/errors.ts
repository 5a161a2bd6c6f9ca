import { cutMiddle, visible } from './visible.js';

/** What one error says: where it happened, what was found and wanted, and how a person mends it. */
export interface ErrorFacts {
  /** What happened, in a few words without a full stop: "the picture folder is missing". */
  what: string;
  got?: string;
  expected?: string;
  /** A whole sentence: "Put pictures into images/ or set IMAGES in the config cell." */
  mend: string;
  cause?: unknown;
}

/** Of what was found: a query or a label may hold a megabyte. */
const MOST_CHARACTERS = 2000;

/**
 * The one error class of lookbook: `[where] what: got X, expected Y. How to mend.` Whatever it names may come from outside
 * (file names, queries, answers of servers): the message shows it on one line, safe for a terminal; `facts` keep it as it is.
 */
export class LookbookError extends Error {
  readonly where: string;
  readonly facts: ErrorFacts;

  constructor(where: string, facts: ErrorFacts) {
    const found = [
      facts.got === undefined ? '' : `got ${shown(facts.got)}`,
      facts.expected === undefined ? '' : `expected ${shown(facts.expected)}`,
    ].filter(Boolean);
    const middle = found.length ? `: ${found.join(', ')}` : '';
    super(
      `[${where}] ${shown(facts.what)}${middle}. ${shown(facts.mend)}`,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.name = 'LookbookError';
    this.where = where;
    this.facts = facts;
  }
}

/** The first line of whatever was thrown, for a line in a report; safe for a terminal. */
export function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return shown(text.split('\n')[0]?.trim() || 'unknown reason');
}

function shown(text: string): string {
  return visible(cutMiddle(text, MOST_CHARACTERS));
}
