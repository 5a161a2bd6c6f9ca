import { fetchBytes } from '#lib/fetching.js';
import { isPrivateName } from '#lib/hub/private-addresses.js';
import { LookbookError } from '#lib/index.js';
import { OWN_HOSTS, randomPrivateHost } from './urls-private.js';
import { EXPECTED, openBadServer, SLOW } from './urls-server.js';

export interface UrlAttack {
  tries: number;
  /** What got through, was read though it must not be, took more than its bounds, or told a password. */
  wrong: string[];
  /** Addresses that took longer than their time-out. */
  hangs: string[];
  worstMs: number;
}

/** Bytes of the buffers of two machines' sockets, beyond the most that is read of one answer. */
const IN_FLIGHT = 32e6;
const MOST = 64 * 2 ** 20;
/** For what ends by itself, also on a machine that is busy with something else. */
const PATIENCE_MS = 60_000;
/** Beyond a time-out, on such a machine. */
const LATE_MS = 10_000;

/** Asks for this machine and private networks in every writing, and a bad server for everything bad, one after another. */
export async function attackUrls({
  timeoutMs,
  addresses,
  random,
}: {
  /** Of those that never end by themselves. */
  timeoutMs: number;
  /** Random private addresses, beside those that are listed. */
  addresses: number;
  random: () => number;
}): Promise<UrlAttack> {
  const attack: UrlAttack = { tries: 0, wrong: [], hangs: [], worstMs: 0 };
  for (let n = 0; n < addresses; n++) {
    const host = randomPrivateHost(random);
    attack.tries++;
    // By its writing alone: in no case may a test open a connection to another machine.
    if (!isPrivateName(new URL(`http://${host}/`).hostname)) attack.wrong.push(`public: ${host}`);
  }
  const server = await openBadServer();
  const ask = async (
    url: string,
    allowPrivate: boolean,
    patienceMs = PATIENCE_MS,
  ): Promise<string | null> => {
    attack.tries++;
    const start = performance.now();
    try {
      await fetchBytes(url, { allowPrivate, timeoutMs: patienceMs });
      return null;
    } catch (error) {
      if (!(error instanceof LookbookError)) attack.wrong.push(`${url}: ${String(error)}`);
      return error instanceof Error ? error.message : String(error);
    } finally {
      const ms = performance.now() - start;
      attack.worstMs = Math.max(attack.worstMs, ms);
      if (ms > patienceMs + LATE_MS) attack.hangs.push(`${url}: ${Math.round(ms)} ms`);
    }
  };
  try {
    for (const host of OWN_HOSTS) {
      const said = await ask(`http://${host}:${server.port}/red.png`, false);
      if (!said?.includes('private network')) attack.wrong.push(`${host}: ${said ?? 'it was read'}`);
    }
    if (server.seen.length) attack.wrong.push(`the server was asked: ${server.seen.join(', ')}`);
    for (const [path, expected] of Object.entries({ ...EXPECTED, ...SLOW })) {
      server.sent = 0;
      const said = await ask(server.host + path, true, path in SLOW ? timeoutMs : PATIENCE_MS);
      const isRight = expected === null ? said === null : said !== null && expected.test(said);
      if (!isRight) attack.wrong.push(`${path}: ${said ?? 'it was read'}`);
      if (server.sent > MOST + IN_FLIGHT) attack.wrong.push(`${path}: ${server.sent} bytes were taken`);
    }
    const told = await ask(`http://user:secret@127.0.0.1:${server.port}/red.png`, true);
    if (!told || told.includes('secret')) attack.wrong.push(`a password: ${told ?? 'it was read'}`);
  } finally {
    await server.close();
  }
  return attack;
}
