/** What an answer of the hub means: go on, try again, or an error that says what to do. */
import { LookbookError, reasonOf } from '../errors.js';
import { type HubPlace, placeInWords } from './names.js';
import { retryAfterMs, type Trouble } from './retry.js';
import type { HubSettings } from './settings.js';
import type { HubAnswer } from './transport.js';

const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The trouble of an answer that may be better next time, else undefined. */
export function passingTrouble(answer: HubAnswer): Trouble | undefined {
  if (!passing.has(answer.status)) return undefined;
  const afterMs = retryAfterMs(answer.header('retry-after'));
  return {
    trouble: `the hub answered ${answer.status}`,
    ...(afterMs === undefined ? {} : { afterMs }),
  };
}

/** The error of an answer that stays as it is. */
export function refusalOf(answer: HubAnswer, place: HubPlace, settings: HubSettings): LookbookError {
  const got = `${answer.status} for ${placeInWords(place)}${codeOf(answer)}`;
  const page = new URL(place.repository, settings.endpoint).href;
  if (answer.status === 401 || answer.status === 403) {
    return new LookbookError('hub', {
      what: 'the hub does not give a file out',
      got: `${got}, ${settings.token === null ? 'asked without a token' : 'asked with HF_TOKEN'}`,
      expected: 'a public repository, or a token that may read it',
      mend: `Look at ${page}: check the name, accept its terms there, and set HF_TOKEN to a token that may read it.`,
    });
  }
  if (answer.status === 404 || answer.status === 410) {
    return new LookbookError('hub', {
      what: 'the hub has no such file',
      got,
      expected: 'a repository, a revision and a path that exist',
      mend: `Look at ${page}, then correct repository, revision or path.`,
    });
  }
  return new LookbookError('hub', {
    what: 'the hub gives an answer that cannot be used',
    got,
    expected: '200 or 206',
    mend: 'Check HF_ENDPOINT and the proxy.',
  });
}

/** The hub says in a header which of repository, revision and path is missing. */
function codeOf(answer: HubAnswer): string {
  const code = answer.header('x-error-code');
  return code && /^\w{1,40}$/.test(code) ? ` (${code})` : '';
}

/** Whether the repository and its revision are there, and only the file is not. */
export function isMissingFile(answer: HubAnswer): boolean {
  return answer.status === 404 && !/^(Repo|Revision)NotFound$/.test(answer.header('x-error-code') ?? '');
}

/** Words for what was thrown on the way, or undefined where no further try can mend it. */
export function networkTrouble(thrown: unknown): Trouble | undefined {
  const code = codesOf(thrown);
  if (
    thrown instanceof LookbookError ||
    code.some((each) => /CERT|LEAF_SIGNATURE|^ERR_TLS|^ERR_SSL/.test(each))
  )
    return undefined;
  const stalled = code.some((each) => /^UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT$/.test(each));
  const words = stalled ? 'no byte came in time' : reasonOf(deepest(thrown));
  const alone = code.some((each) => /^(ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)$/.test(each));
  return { trouble: words, cause: thrown, ...(alone ? { alone } : {}) };
}

/** The error for trouble that does not pass: patience at its end, or a connection that cannot be. */
export function unreachable(
  trouble: Trouble,
  place: HubPlace,
  facts: { tries: number; mend?: string },
): LookbookError {
  const pauseS = Math.ceil((trouble.afterMs ?? 0) / 1000);
  const asked = pauseS > 0 ? ` and asks for ${pauseS} s of patience` : '';
  const tries = facts.tries > 1 ? ` after ${facts.tries} tries` : '';
  return new LookbookError('hub', {
    what: `${placeInWords(place)} does not come`,
    got: `${trouble.trouble}${asked}${tries}`,
    expected: 'an answer of the hub',
    mend:
      facts.mend ??
      'Check the network, HF_ENDPOINT and HTTPS_PROXY, then run again: it goes on from where it was.',
    cause: trouble.cause,
  });
}

function codesOf(thrown: unknown): string[] {
  const codes: string[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') codes.push(error.code);
  }
  return codes;
}

/** The first cause of all; several addresses of one host may each have failed. */
function deepest(thrown: unknown): unknown {
  let error = thrown;
  for (;;) {
    if (error instanceof AggregateError && error.errors.length > 0) error = error.errors[0];
    else if (error instanceof Error && error.cause instanceof Error) error = error.cause;
    else return error;
  }
}

/** The error of a connection that no further try can make: a certificate that is not trusted, above all. */
export function unusable(thrown: unknown, place: HubPlace): LookbookError {
  return unreachable({ trouble: reasonOf(deepest(thrown)), cause: thrown }, place, {
    tries: 1,
    mend: 'Behind a proxy that opens connections, name its certificate in NODE_EXTRA_CA_CERTS.',
  });
}
