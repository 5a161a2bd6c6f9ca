import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { LookbookError, reasonOf } from './errors.js';
import { isPrivateAddress } from './hub/private-addresses.js';

export interface FetchOptions {
  /** Lets URLs lead to this machine and to private networks. */
  allowPrivate: boolean;
  timeoutMs?: number;
  maxBytes?: number;
  signal?: AbortSignal;
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
  try {
    let address = new URL(url);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      await refuseUnsafe(address, options.allowPrivate);
      const response = await fetch(address, { redirect: 'manual', signal });
      const target = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && target) {
        await response.body?.cancel();
        address = new URL(target, address);
        continue;
      }
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      return await readLimited(response, options.maxBytes ?? MAX_BYTES);
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects`);
  } catch (error) {
    throw new LookbookError('fetch', {
      what: 'a URL gives no picture',
      got: `${url}: ${timeout.aborted ? 'no answer in time' : reasonOf(causeOf(error))}`,
      expected: 'a picture over http(s)',
      mend: 'Check the address, or take it out of the table.',
      cause: error,
    });
  }
}

async function refuseUnsafe(address: URL, allowPrivate: boolean): Promise<void> {
  if (!['http:', 'https:'].includes(address.protocol))
    throw new Error(`${address.protocol} is no web address`);
  if (allowPrivate) return;
  const host = address.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) ? [{ address: host }] : await lookup(host, { all: true });
  if (addresses.some((found) => isPrivateAddress(found.address))) {
    throw new Error(
      `${address.hostname} is an address of this machine or a private network (LOOKBOOK_ALLOW_PRIVATE_URLS=1 allows it)`,
    );
  }
}

async function readLimited(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`larger than ${Math.round(maxBytes / 2 ** 20)} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** fetch hides the reason of a refused connection in `cause`. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
