/**
 * The gate of undici: Node's own fetch ignores HTTPS_PROXY, and packs its answers out, so that lengths no longer fit.
 * @huggingface/hub 2.17 was tried for this work against local servers and does not serve: a cut ends its download and
 * nothing resumes; its listing follows `Link: rel=next` to any host and hands the token over; a path with ".." leaves
 * its address; a token must begin with "hf_", which mirrors' tokens do not; it has no time-out, no retry, no
 * Retry-After, no bound and no proxy of its own, and the sha256 is left to its caller. What remained of use was one
 * request for JSON, for 11 MB of packages.
 */
import { Readable } from 'node:stream';
import type { Dispatcher, EnvHttpProxyAgent } from 'undici';
import { LookbookError } from '../errors.js';
import {
  type FindAddresses,
  findAddresses,
  isPrivateHost,
  isPrivateName,
  publicOnly,
} from './private-addresses.js';
import type { HubLimits } from './retry.js';
import type { HubSettings } from './settings.js';

/** What the endpoint itself says of a file, on whichever hop; a CDN's word does not count. */
export interface HubIdentity {
  /** Tells two contents of one name apart: the hub's x-linked-etag, else a strong ETag of the file's own answer. */
  etag: string | null;
  /** Hex; null where the hub's tag is none. */
  sha256: string | null;
  bytes: number | null;
}

export interface WebAnswer {
  status: number;
  header(name: string): string | null;
  /** Read it to the end, or discard the answer. */
  body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Its bytes are as they were sent. */
export interface HubAnswer extends WebAnswer {
  identity: HubIdentity;
}

export interface Transport {
  /** @throws LookbookError for a redirect that is refused; anything else thrown is trouble on the way. */
  get(address: URL, options?: GetOptions): Promise<HubAnswer>;
  close(): Promise<void>;
}

export interface GetOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const redirectsMost = 6;
const connectMs = 15_000;
const agentName = 'lookbook';

/** Opens connections to the hub of these settings and to where it redirects, through the environment's proxies. */
export async function openTransport(
  settings: HubSettings,
  limits: HubLimits,
  find: FindAddresses = findAddresses,
): Promise<Transport> {
  const { request } = await import('undici');
  const timeout = Math.min(connectMs, limits.stallMs);
  const shared = {
    headersTimeout: limits.stallMs,
    bodyTimeout: limits.stallMs,
    proxyTunnel: false, // http through a proxy in the plain form; https is tunnelled in any case
    proxyTls: { timeout },
  };
  const free = await openAgent({ ...shared, connect: { timeout } });
  const guarded = await openAgent({
    ...shared,
    connect: { timeout, lookup: publicOnly(find, privateRedirect) },
  });
  const { endpoint, token } = settings;
  let endpointIsPrivate: Promise<boolean> | undefined;

  async function mayBePrivate(): Promise<boolean> {
    endpointIsPrivate ??= isPrivateHost(endpoint.hostname, find);
    return settings.allowPrivate || (await endpointIsPrivate);
  }

  async function dispatcherFor(address: URL): Promise<Dispatcher> {
    if (address.origin === endpoint.origin || (await mayBePrivate())) return free;
    if (isPrivateName(address.hostname)) throw privateRedirect(address.hostname);
    return guarded;
  }

  async function getOnce(address: URL, { headers, signal }: GetOptions): Promise<Dispatcher.ResponseData> {
    const own = address.origin === endpoint.origin;
    return request(address, {
      dispatcher: await dispatcherFor(address),
      signal: signal ?? null,
      headers: {
        'user-agent': agentName,
        'accept-encoding': 'identity', // a range of a packed file is of no use
        ...headers,
        ...(own && token !== null ? { authorization: `Bearer ${token}` } : {}),
      },
    });
  }

  return {
    async get(address, options = {}) {
      let linked: HubIdentity = { etag: null, sha256: null, bytes: null };
      for (let hops = 0; hops < redirectsMost; hops++) {
        const answer = await getOnce(address, options).catch(throwRefusal);
        if (address.origin === endpoint.origin) linked = { ...linked, ...linkedIdentity(answer) };
        const location = header(answer, 'location');
        if (answer.statusCode < 300 || answer.statusCode >= 400 || location === null) {
          return answerOf(answer, { ...linked, etag: linked.etag ?? strongEtag(answer) });
        }
        discard(answer.body);
        address = redirectTarget(location, address);
      }
      throw refusedRedirect(`more than ${redirectsMost - 1} redirects`, 'a file at the end of a few');
    },
    async close() {
      await Promise.all([free.destroy(), guarded.destroy()]);
    },
  };
}

const webAgents = new Map<FindAddresses | null, Dispatcher>();

/**
 * What an address from anybody answers, without the hub's ways: no proxy, no token, redirects left to the caller. Its
 * host's addresses are looked at when the connection is made: a name that changes between check and use reaches nothing.
 * @param find null: addresses of this machine and of private networks too.
 * @throws Error with the reason as its own message or its cause's.
 */
export async function getFromWeb(
  address: URL,
  { find, signal }: { find: FindAddresses | null; signal: AbortSignal },
): Promise<WebAnswer> {
  const { Agent, fetch } = await import('undici');
  if (find && isPrivateName(address.hostname)) throw privateAddress(address.hostname);
  const connect = { timeout: connectMs, ...(find ? { lookup: publicOnly(find, privateAddress) } : {}) };
  const dispatcher = webAgents.get(find) ?? new Agent({ connect });
  webAgents.set(find, dispatcher);
  const headers = { 'user-agent': agentName };
  const {
    status,
    headers: heads,
    body,
  } = await fetch(address, { redirect: 'manual', signal, dispatcher, headers });
  return {
    status,
    header: (name) => heads.get(name),
    body: body ?? Readable.from([]),
    // What is not wanted any more may have broken already.
    discard: () => void body?.cancel().catch(() => undefined),
  };
}

function privateAddress(hostname: string): Error {
  return new Error(
    `${hostname} is an address of this machine or a private network (LOOKBOOK_ALLOW_PRIVATE_URLS=1 allows it)`,
  );
}

/** @throws LookbookError when the environment names a proxy that is none. */
async function openAgent(options: EnvHttpProxyAgent.Options): Promise<Dispatcher> {
  const undici = await import('undici');
  try {
    return new undici.EnvHttpProxyAgent(options);
  } catch (cause) {
    throw new LookbookError('hub', {
      what: 'the proxy of the environment cannot be used',
      got: 'no address in HTTPS_PROXY or HTTP_PROXY', // which may hold a password
      expected: 'an address as http://proxy:3128',
      mend: 'Correct it or unset it.',
      cause,
    });
  }
}

function answerOf(answer: Dispatcher.ResponseData, identity: HubIdentity): HubAnswer {
  return {
    status: answer.statusCode,
    header: (name) => header(answer, name),
    identity,
    body: answer.body,
    discard: () => discard(answer.body),
  };
}

/** The headers by which a hub tells of a file before it redirects to a CDN. */
function linkedIdentity(answer: Dispatcher.ResponseData): Partial<HubIdentity> {
  const etag = bare(header(answer, 'x-linked-etag'));
  const size = header(answer, 'x-linked-size');
  return {
    ...(etag ? { etag, sha256: /^[0-9a-f]{64}$/i.test(etag) ? etag.toLowerCase() : null } : {}),
    ...(size !== null && /^\d+$/.test(size) ? { bytes: Number(size) } : {}),
  };
}

/** A weak tag promises the same meaning, not the same bytes: nothing can be resumed on it. */
function strongEtag(answer: Dispatcher.ResponseData): string | null {
  const etag = header(answer, 'etag');
  return etag === null || etag.startsWith('W/') ? null : bare(etag);
}

function bare(etag: string | null): string | null {
  return etag?.replace(/^W\//, '').replace(/^"|"$/g, '') || null;
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** Destroying a body before its end is told as an error, which nobody waits for. */
function discard(body: Readable): void {
  body.on('error', () => undefined);
  body.destroy();
}

/** @throws LookbookError for what is no web address, hides a password or leaves https. */
export function redirectTarget(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw refusedRedirect(JSON.stringify(location), 'a web address');
  const target = new URL(location, from);
  const allowed = from.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
  if (!allowed.includes(target.protocol) || target.username || target.password) {
    throw refusedRedirect(
      `one from ${from.protocol}//${from.host} to ${target.protocol}//${target.host}`,
      allowed.map((protocol) => `${protocol}//`).join(' or '),
    );
  }
  return target;
}

function privateRedirect(hostname: string): LookbookError {
  return refusedRedirect(
    `${hostname}, an address of this machine or a private network`,
    'a public address, as the hub has one itself',
    'If that is meant, set LOOKBOOK_ALLOW_PRIVATE_URLS=1.',
  );
}

function refusedRedirect(
  got: string,
  expected: string,
  mend = 'Check HF_ENDPOINT and the proxy.',
): LookbookError {
  return new LookbookError('hub', { what: 'a redirect of the hub is not followed', got, expected, mend });
}

/** A refusal that comes out of a socket's look-up may be wrapped. */
function throwRefusal(error: unknown): never {
  const inner = error instanceof Error && error.cause instanceof LookbookError ? error.cause : error;
  throw inner;
}
