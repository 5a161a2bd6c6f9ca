import { LookbookError, reasonOf } from './errors.js';
import { type FindAddresses, findAddresses } from './hub/private-addresses.js';
import { getFromWeb, type WebAnswer } from './hub/transport.js';

export interface FetchOptions {
  /** Lets URLs lead to this machine and to private networks. */
  allowPrivate: boolean;
  /** From the first look-up to the last byte (default 20,000). */
  timeoutMs?: number;
  /** After unpacking (default 64 MB). */
  maxBytes?: number;
  signal?: AbortSignal;
  /** Finds the addresses of a name (default: this machine's way). */
  find?: FindAddresses;
}

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 64 * 2 ** 20;
const MAX_REDIRECTS = 5;

/**
 * Reads what an http(s) URL gives, with a time-out and a size limit; each redirect is checked like the first address.
 * @throws LookbookError with the reason, for a report.
 */
export async function fetchBytes(url: string, options: FetchOptions): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  const find = options.allowPrivate ? null : (options.find ?? findAddresses);
  try {
    let address = new URL(url);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      refuseUnsafe(address);
      const answer = await getFromWeb(address, { find, signal });
      const target = answer.header('location');
      if (answer.status >= 300 && answer.status < 400 && target !== null) {
        answer.discard();
        address = new URL(target, address);
        continue;
      }
      return await readLimited(answer, options.maxBytes ?? MAX_BYTES);
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects`);
  } catch (error) {
    throw new LookbookError('fetch', {
      what: 'a URL gives no picture',
      got: `${withoutPassword(url)}: ${timeout.aborted ? 'no answer in time' : reasonOf(causeOf(error))}`,
      expected: 'a picture over http(s)',
      mend: 'Check the address, or take it out of the table.',
      // What went wrong below may quote the address as it is.
      ...(withoutPassword(url) === url ? { cause: error } : {}),
    });
  }
}

/** The address with its user and password left out, for a report that may be shown around. */
export function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/*)[^/?#]*@/i, '$1…@');
}

function refuseUnsafe({ protocol, username, password }: URL): void {
  if (!['http:', 'https:'].includes(protocol)) throw new Error(`${protocol} is no web address`);
  if (username || password) throw new Error('an address with a user or password in it is not asked');
}

async function readLimited(answer: WebAnswer, maxBytes: number): Promise<Uint8Array> {
  const refuse = (reason: string): never => {
    answer.discard();
    throw new Error(reason);
  };
  const tooLarge = `larger than ${Math.round(maxBytes / 2 ** 20)} MB`;
  if (answer.status < 200 || answer.status > 299) refuse(`the server answered ${answer.status}`);
  if (Number(answer.header('content-length')) > maxBytes) refuse(tooLarge);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop lets go of the rest.
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(tooLarge);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** fetch hides the reason of a refused connection in `cause`. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
