import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LookbookError } from '#lib/errors.js';
import { withRetries } from '#lib/stores/chroma-retry.js';
import { openStore } from '#lib/stores/open-store.js';
import { tempFolder } from './server-kit.js';

let folder: string;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('knows each kind of store by the form of its name', async () => {
  const forms = ['memory:', ` flat:${join(folder, 'flat')} `];
  const stores = await Promise.all(forms.map((form) => openStore(form)));
  expect(stores.map(({ kind, capabilities }) => [kind, capabilities.persistent])).toEqual([
    ['flat', false],
    ['flat', true],
  ]);
  for (const store of stores) await store.close();
});

it('refuses a form that it does not know, naming those that it does', async () => {
  for (const form of ['', 'flat:', 'ftp://host/store', 'postgres://host', 'http://', 'http://host:8000/path'])
    await expect(openStore(form)).rejects.toThrow(
      /not understood: got ".*", expected a folder, http\(s\):\/\/host:port, flat:<folder> or memory:/,
    );
});

it('says where nobody answers, after a few tries', async () => {
  await expect(openStore('http://127.0.0.1:1')).rejects.toThrow(LookbookError);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  server.close();
  await once(server, 'close');
  await expect(openStore(`http://127.0.0.1:${port}`)).rejects.toThrow(
    new RegExp(
      `Chroma server at http://127.0.0.1:${port} does not do its work after 4 tries: got no connection`,
    ),
  );
});

it('tells a server that wants a login from one that is no Chroma', async () => {
  let status = 401;
  const server = createServer((_, answer) => answer.writeHead(status).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://me:secret@127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const refusal = await openStore(url).catch((error: Error) => error.message);
  expect(refusal).toMatch(/wants a login: got Unauthorized\. Give it as/);
  expect(refusal).not.toContain('secret');
  status = 404;
  await expect(openStore(url)).rejects.toThrow(/is no Chroma server of this kind/);
  server.close();
});

it('sends the login and the headers that a server behind a gate wants', async () => {
  const heard: (string | undefined)[] = [];
  const server = createServer((request, answer) => {
    heard.push(request.headers.authorization, request.headers['x-key']?.toString());
    answer.setHeader('content-type', 'application/json').end('{"nanosecond heartbeat": 1}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const store = await openStore(`http://me:p%40ss@127.0.0.1:${port}`, { headers: { 'x-key': 'k' } });
  await store.close();
  expect(heard).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`, 'k']);
  server.close();
});

const attempts = { where: 'store', url: () => 'http://host:1', timeoutMs: 40, retries: 2 };
const failure = (name: string, message = 'said') => Object.assign(new Error(message), { name });

it('tries again what may pass, and gives up with the last reason', async () => {
  for (const error of [
    failure('ChromaConnectionError'),
    failure('ChromaServerError'),
    new TypeError('terminated'),
  ]) {
    let tries = 0;
    const answer = await withRetries(async () => {
      if (++tries < 3) throw error;
      return tries;
    }, attempts);
    expect(answer).toBe(3);
  }
  const down = withRetries(
    () => Promise.reject(failure('ChromaServerError', 'database or disk is full')),
    attempts,
  );
  await expect(down).rejects.toThrow(/after 3 tries: got database or disk is full.* Free some space/);
  const silent = withRetries(() => new Promise(() => undefined), attempts);
  await expect(silent).rejects.toThrow(/got no answer within 0.04 s/);
});

it('does not try again what will never pass', async () => {
  let tries = 0;
  const refuse = (name: string) => () => {
    tries++;
    return Promise.reject(failure(name));
  };
  await expect(withRetries(refuse('ChromaClientError'), attempts)).rejects.toThrow(
    /refuses the call: got said/,
  );
  await expect(withRetries(refuse('ChromaNotFoundError'), attempts)).rejects.toThrow(/^said$/);
  expect(tries).toBe(2);
});
