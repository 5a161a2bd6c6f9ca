import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { downloadFile, fetchHubText } from '#lib/hub/download.js';
import { isPrivateAddress, isPrivateHost, isPrivateName, publicOnly } from '#lib/hub/private-addresses.js';
import { defaultLimits } from '#lib/hub/retry.js';
import { hubSettings } from '#lib/hub/settings.js';
import { openTransport, redirectTarget } from '#lib/hub/transport.js';
import {
  type Handler,
  hashOf,
  ownRoom,
  quick,
  send,
  sendAndCut,
  serve,
  type TestServer,
  watchArrivals,
  weights,
} from './hub-server.js';

let room: ReturnType<typeof ownRoom>;
const servers: TestServer[] = [];
beforeEach(() => {
  room = ownRoom();
});
afterEach(async () => {
  room.clear();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function server(handler: Handler): Promise<TestServer> {
  const made = await serve(handler);
  servers.push(made);
  return made;
}

async function hubThat(handler: Handler): Promise<TestServer> {
  const hub = await server(handler);
  vi.stubEnv('HF_ENDPOINT', hub.url);
  return hub;
}

describe('the token', () => {
  it('goes to the endpoint and not to the CDN that it redirects to, at the first try or a later one', async () => {
    const { bytes, file } = weights();
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    const arrivals = watchArrivals();
    const cdn = await server((request, response, turn) =>
      turn === 1
        ? sendAndCut(request, response, { bytes, most: 100_000, arrivals })
        : send(request, response, { bytes }),
    );
    const hub = await hubThat((request, response) => {
      if (request.headers.authorization !== 'Bearer hf_secret') return response.writeHead(401).end();
      const linked = { 'x-linked-etag': `"${file.sha256}"`, 'x-linked-size': String(file.bytes) };
      return response.writeHead(302, { ...linked, location: `${cdn.url}/blob?signature=1` }).end();
    });
    const unknown = { ...file, bytes: null, sha256: null };
    const { onProgress } = arrivals;
    const facts = await downloadFile(unknown, room.target, { limits: quick, onProgress });
    expect(facts.sha256).toBe(hashOf(bytes));
    expect(hub.seen.map(({ authorization }) => authorization)).toEqual([
      'Bearer hf_secret',
      'Bearer hf_secret',
    ]);
    expect(cdn.seen).toEqual([
      { url: '/blob?signature=1', range: undefined, authorization: undefined },
      { url: '/blob?signature=1', range: 'bytes=100000-', authorization: undefined },
    ]);
  });

  it('is asked for where it is lacking', async () => {
    const { file } = weights();
    await hubThat((_, response) => response.writeHead(401).end());
    await expect(downloadFile(file, room.target)).rejects.toThrow(/asked without a token.*set HF_TOKEN/);
    vi.stubEnv('HF_TOKEN', 'hf_other');
    await expect(downloadFile(file, room.target)).rejects.toThrow(/asked with HF_TOKEN/);
    await expect(downloadFile(file, room.target)).rejects.not.toThrow(/hf_other/);
  });

  it('that no header can carry is refused before it is sent', async () => {
    const { file } = weights();
    const hub = await hubThat((_, response) => response.end());
    vi.stubEnv('HF_TOKEN', 'hf_a\nx-evil: 1');
    await expect(downloadFile(file, room.target)).rejects.toThrow('[hub] HF_TOKEN cannot be sent');
    expect(hub.seen).toEqual([]);
  });

  it("stays on the way through the endpoint's own redirects", async () => {
    const { bytes, file } = weights();
    vi.stubEnv('HF_TOKEN', 'mirror-token');
    const hub = await hubThat((request, response) =>
      request.url?.startsWith('/mirror/renamed/')
        ? send(request, response, { bytes })
        : response.writeHead(307, { location: '/mirror/renamed/name' }).end(),
    );
    vi.stubEnv('HF_ENDPOINT', `${hub.url}/mirror`);
    await downloadFile(file, room.target, { limits: quick });
    expect(hub.seen.map(({ url, authorization }) => `${url} ${authorization}`)).toEqual([
      '/mirror/owner/name/resolve/main/onnx/model.onnx Bearer mirror-token',
      '/mirror/renamed/name Bearer mirror-token',
    ]);
  });
});

describe('a CDN', () => {
  it('does not tell what the file is: only the endpoint does', async () => {
    const { bytes, file } = weights();
    const forged = Buffer.alloc(bytes.length, 7);
    const claims = { 'x-linked-etag': `"${hashOf(forged)}"`, 'x-linked-size': String(forged.length) };
    const cdn = await server((request, response) =>
      send(request, response, { bytes: forged, headers: claims }),
    );
    await hubThat((_, response) =>
      response.writeHead(302, { 'x-linked-etag': `"${file.sha256}"`, location: cdn.url }).end(),
    );
    const unknown = { ...file, bytes: null, sha256: null };
    await expect(downloadFile(unknown, room.target, { limits: quick })).rejects.toThrow(
      `got sha256 ${hashOf(forged)}, expected sha256 ${file.sha256}`,
    );
  });
});

describe('a redirect', () => {
  it.each([
    ['file:///etc/passwd', 'to file://'],
    ['ftp://127.0.0.1/x', 'to ftp://127.0.0.1'],
    ['http://user:secret@127.0.0.1/', 'to http://127.0.0.1'],
    ['http://[', '"http://["'],
  ])('to %s is refused', async (location, words) => {
    const { file } = weights();
    const hub = await hubThat((_, response) => response.writeHead(302, { location }).end());
    const refused = downloadFile(file, room.target, { limits: quick });
    await expect(refused).rejects.toThrow('[hub] a redirect of the hub is not followed');
    await expect(refused).rejects.toThrow(words);
    expect(hub.seen).toHaveLength(1);
  });

  it('from https to http is refused, and the other way is not', () => {
    const [secure, plain] = [new URL('https://hub.example/a'), new URL('http://hub.example/a')];
    expect(() => redirectTarget('http://cdn.example/b', secure)).toThrow(
      'got one from https://hub.example to http://cdn.example, expected https://.',
    );
    expect(redirectTarget('https://cdn.example/b', plain).href).toBe('https://cdn.example/b');
    expect(redirectTarget('/b', secure).href).toBe('https://hub.example/b');
  });

  it('in a circle ends', async () => {
    const { file } = weights();
    const hub = await hubThat((_, response) => response.writeHead(302, { location: '/again' }).end());
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow('more than 5 redirects');
    expect(hub.seen).toHaveLength(6);
  });

  it('of a public hub into a private network is refused, unless that is allowed', async () => {
    const { bytes, file } = weights();
    const inner = await server((request, response) => send(request, response, { bytes }));
    // A name that nobody can look up, reached through a proxy: to this machine it is public.
    const proxy = await server((_, response) =>
      response.writeHead(302, { location: `${inner.url}/x` }).end(),
    );
    vi.stubEnv('HF_ENDPOINT', 'http://hub.invalid');
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(
      '127.0.0.1, an address of this machine or a private network',
    );
    expect(inner.seen).toEqual([]);
    vi.stubEnv('LOOKBOOK_ALLOW_PRIVATE_URLS', '1');
    await downloadFile(file, room.target, { limits: quick });
    expect(inner.seen).toHaveLength(1);
  });

  it('to a public name that gives a private address is refused at the socket', async () => {
    const inner = await server((_, response) => response.end('secret'));
    const port = inner.host.split(':')[1];
    const proxy = await server((_, response) =>
      response.writeHead(302, { location: `http://cdn.example:${port}/x` }).end(),
    );
    vi.stubEnv('HF_ENDPOINT', 'http://hub.example');
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', 'cdn.example');
    const transport = await openTransport(hubSettings(), { ...defaultLimits, ...quick }, (host, done) =>
      done(null, [{ address: host === 'cdn.example' ? '127.0.0.1' : '203.0.114.5', family: 4 }]),
    );
    await expect(transport.get(new URL('http://hub.example/x'))).rejects.toThrow(
      'cdn.example, an address of this machine or a private network',
    );
    await transport.close();
    expect(inner.seen).toEqual([]);
  });
});

describe('a private address', () => {
  it('is known in every writing', async () => {
    for (const address of [
      '127.0.0.1',
      '10.1.2.3',
      '169.254.169.254',
      '192.168.0.1',
      '172.31.0.1',
      '100.64.0.1',
      '0.0.0.0',
      '::1',
      '::',
      'fe80::1%eth0',
      'fd00::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::a00:1',
    ]) {
      expect(`${address} ${isPrivateAddress(address)}`).toBe(`${address} true`);
    }
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8']) {
      expect(`${address} ${isPrivateAddress(address)}`).toBe(`${address} false`);
    }
    for (const host of [
      'http://2130706433/',
      'http://0x7f.1/',
      'http://[::1]/',
      'http://localhost/',
      'http://a.localhost./',
    ]) {
      expect(`${host} ${isPrivateName(new URL(host).hostname)}`).toBe(`${host} true`);
    }
    expect(isPrivateName('localhost.example')).toBe(false);
    expect(
      await isPrivateHost('mirror.example', (_, done) => done(null, [{ address: '10.0.0.5', family: 4 }])),
    ).toBe(true);
    expect(await isPrivateHost('hub.example', (_, done) => done(new Error('ENOTFOUND'), []))).toBe(false);
  });

  it('among several of one name is refused, and public ones are handed on in both forms', async () => {
    const both = [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const ask = (addresses: typeof both, all: boolean): Promise<unknown[]> =>
      new Promise((done) => {
        publicOnly(
          (_, found) => found(null, addresses),
          (host) => new Error(`no ${host}`),
        )('cdn', { all }, (...results) => done(results));
      });
    expect(await ask(both, true)).toEqual([new Error('no cdn'), '']);
    expect(await ask(both.slice(0, 1), true)).toEqual([null, both.slice(0, 1)]);
    expect(await ask(both.slice(0, 1), false)).toEqual([null, '8.8.8.8', 4]);
  });
});

describe('a proxy', () => {
  it('of the environment carries every request, and NO_PROXY is left out', async () => {
    const place = { repository: 'owner/name', revision: 'main', path: 'config.json' };
    const hub = await hubThat((_, response) => response.end('{}'));
    const proxy = await server((request, response) => {
      response.end(`through the proxy: ${request.url}`);
    });
    vi.stubEnv('HTTP_PROXY', proxy.url);
    expect(await fetchHubText(place)).toBe(
      `through the proxy: ${hub.url}/owner/name/resolve/main/config.json`,
    );
    expect(hub.seen).toEqual([]);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    expect(await fetchHubText(place)).toBe('{}');
    expect(proxy.seen).toHaveLength(1);
  });

  it('that is no address is refused, without its password in the words', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://user:secret@:0:0');
    const place = { repository: 'owner/name', revision: 'main', path: 'config.json' };
    const refused = fetchHubText(place);
    await expect(refused).rejects.toThrow('[hub] the proxy of the environment cannot be used');
    await expect(refused).rejects.not.toThrow('secret');
  });

  it('is asked for a tunnel to an https hub', async () => {
    const hub = await server((_, response) => response.end());
    const proxy = await server((_, response) => response.end());
    vi.stubEnv('HF_ENDPOINT', hub.url.replace('http:', 'https:'));
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    // The hub speaks no TLS: the way to it is what is looked at.
    const place = { repository: 'owner/name', revision: 'main', path: 'config.json' };
    await expect(fetchHubText(place, { limits: quick })).rejects.toThrow(
      /does not come: got .*NODE_EXTRA_CA_CERTS/,
    );
    expect(proxy.seen.map(({ url }) => url)).toEqual([`CONNECT ${hub.host}`]);
  });
});
