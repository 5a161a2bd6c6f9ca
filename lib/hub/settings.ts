import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { LookbookError } from '../errors.js';

/** Where models come from on this machine. Proxies (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) are read by the transport. */
export interface HubSettings {
  /** HF_ENDPOINT, with one slash at its end. */
  endpoint: URL;
  /** HF_TOKEN; goes to the endpoint's own origin and nowhere else. */
  token: string | null;
  /** HF_HUB_OFFLINE: nothing is asked over the network. */
  offline: boolean;
  /** LOOKBOOK_ALLOW_PRIVATE_URLS: a public hub may redirect into a private network. */
  allowPrivate: boolean;
}

const defaultEndpoint = 'https://huggingface.co';

/** @throws LookbookError when HF_ENDPOINT is no web address or HF_TOKEN cannot be sent. */
export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  return {
    endpoint: endpointOf(env.HF_ENDPOINT?.trim() || defaultEndpoint),
    token: tokenOf(env.HF_TOKEN),
    offline: /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE?.trim() ?? ''),
    allowPrivate: env.LOOKBOOK_ALLOW_PRIVATE_URLS === '1',
  };
}

/** The folder in which Hugging Face's libraries keep what they downloaded, in their order of precedence. */
export function hubCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const direct = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE;
  if (direct) return homePath(direct);
  if (env.HF_HOME) return join(homePath(env.HF_HOME), 'hub');
  return join(homePath(env.XDG_CACHE_HOME || '~/.cache'), 'huggingface', 'hub');
}

function homePath(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(path);
}

function endpointOf(text: string): URL {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (!address || !['http:', 'https:'].includes(address.protocol) || address.username || address.password) {
    throw new LookbookError('hub', {
      what: 'HF_ENDPOINT is no hub',
      // Without what may be a password.
      got: JSON.stringify(text.replace(/\/\/[^/]*@/, '//…@')),
      expected: 'an http(s) address without a user name',
      mend: `Set it to a mirror's address, or unset it for ${defaultEndpoint}.`,
    });
  }
  address.search = '';
  address.hash = '';
  if (!address.pathname.endsWith('/')) address.pathname += '/';
  return address;
}

function tokenOf(text: string | undefined): string | null {
  const token = text?.trim() ?? '';
  if (token === '') return null;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new LookbookError('hub', {
    what: 'HF_TOKEN cannot be sent',
    got: 'spaces or characters outside ASCII in it',
    expected: 'the token as the hub shows it',
    mend: 'Copy it again, or unset it.',
  });
}
