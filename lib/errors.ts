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

/** The one error class of lookbook: `[where] what: got X, expected Y. How to mend.` */
export class LookbookError extends Error {
  readonly where: string;
  readonly facts: ErrorFacts;

  constructor(where: string, facts: ErrorFacts) {
    const found = [
      facts.got === undefined ? '' : `got ${facts.got}`,
      facts.expected === undefined ? '' : `expected ${facts.expected}`,
    ].filter(Boolean);
    const middle = found.length ? `: ${found.join(', ')}` : '';
    super(
      `[${where}] ${facts.what}${middle}. ${facts.mend}`,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.name = 'LookbookError';
    this.where = where;
    this.facts = facts;
  }
}

/** The first line of whatever was thrown, for a line in a report. */
export function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0]?.trim() || 'unknown reason';
}
