/** How a call to a Chroma server is tried, tried again, and at last given up with a sentence that helps. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LookbookError, reasonOf } from '../errors.js';

/** Milliseconds before each further try: about six seconds, enough for an embedded server that starts again. */
const pauses = [50, 100, 200, 400, 800, 1600, 3000];
const passing = new Set([
  'ChromaConnectionError',
  'ChromaServerError',
  'ChromaRateLimitError',
  'TimeoutError',
]);

/** What Chroma says of files that are cut, gone or overwritten; asking again changes nothing then. */
const damage =
  /disk image is malformed|file is not a database|(loading|creating) hnsw|hnsw segment (reader|writer)|pickle|Error (finding id|getting embedding)/i;

/** So often it is asked again all the same: a collection whose first rows are just being written says so for a moment. */
const damageTries = 4;

export interface Attempts {
  /** For the error: "store pictures". */
  where: string;
  url: () => string;
  timeoutMs: number;
  /** Further tries; default all of them. */
  retries?: number;
}

/**
 * Runs a call that may be repeated without harm. Errors that are answers (not found, exists already) pass as
 * they are; everything else ends as a LookbookError.
 */
export async function withRetries<T>(act: () => Promise<T>, attempts: Attempts): Promise<T> {
  const waits = pauses.slice(0, attempts.retries ?? pauses.length);
  for (let tried = 0; ; tried++) {
    try {
      return await within(act(), attempts.timeoutMs);
    } catch (error) {
      if (isNamed(error, 'ChromaNotFoundError') || isNamed(error, 'ChromaUniqueError')) throw error;
      if (error instanceof LookbookError) throw error;
      if (tried >= damageTries && damage.test(reasonOf(error))) throw damaged(error, attempts);
      const wait = waits[tried];
      if (wait === undefined || !mayPass(error)) throw explained(error, attempts, tried + 1);
      await sleep(wait);
    }
  }
}

/** An address as an error may show it: without name and password. */
export function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}

export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // An answer that breaks off shows as "terminated" or as half a JSON text.
  return passing.has(error.name) || error.message === 'terminated' || error instanceof SyntaxError;
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const controller = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: controller.signal }).then(() => {
    const error = new Error(`no answer within ${timeoutMs / 1000} s`);
    error.name = 'TimeoutError';
    throw error;
  });
  late.catch(() => undefined); // Losing the race is no failure.
  return Promise.race([work, late]).finally(() => controller.abort());
}

/** How the store of a damaged folder is mended. */
export const mendDamage: string =
  '`npm run doctor` looks at it; `npm run doctor -- --rebuild` puts the damaged files aside and keeps what can be read of them.';

function damaged(error: unknown, { where, url }: Attempts): LookbookError {
  return new LookbookError(where, {
    what: `the files of the store that the Chroma server at ${url()} keeps are damaged`,
    got: reasonOf(error),
    expected: 'a store that gives back what it holds',
    mend: mendDamage,
    cause: error,
  });
}

function explained(error: unknown, { where, url }: Attempts, tries: number): LookbookError {
  const reason = reasonOf(error);
  if (isNamed(error, 'ChromaAuthError') || isNamed(error, 'ChromaForbiddenError'))
    return new LookbookError(where, {
      what: `the Chroma server at ${url()} wants a login`,
      got: reason,
      mend: 'Give it as http(s)://name:password@host in CHROMA, or as headers.',
      cause: error,
    });
  if (!mayPass(error))
    return new LookbookError(where, {
      what: 'the Chroma server refuses the call',
      got: reason,
      mend: 'This is a fault of lookbook or of a server it does not know: please report it with this line.',
      cause: error,
    });
  const full = /no space|disk (is )?full|SQLITE_FULL/i.test(reason);
  return new LookbookError(where, {
    what: `the Chroma server at ${url()} does not do its work after ${tries} tries`,
    got: isNamed(error, 'ChromaConnectionError') ? 'no connection' : reason,
    expected: 'an answer',
    mend: full
      ? 'Free some space on the disk that holds the store, then run again: what was acknowledged is kept.'
      : 'Check that the server runs and that CHROMA names it, then run again: what was acknowledged is kept.',
    cause: error,
  });
}
