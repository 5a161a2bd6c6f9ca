import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChroma } from '#lib/stores/chroma-child.js';
import { openChromaServer } from '#lib/stores/chroma-server.js';
import { openStore } from '#lib/stores/open-store.js';
import { dataPath, readServer, type ServerFacts, serverPath, TABLES } from '#lib/stores/server-file.js';
import { openServerLog } from '#lib/stores/server-log.js';
import type { VectorStore } from '#lib/types.js';
import { randomRows, seeded, unit } from '../contracts/store.js';
import { Client, removeFolder, serversOf, tempFolder, until, watchdogsOf } from './server-kit.js';

const graceMs = 250;
let folder: string;
let clients: Client[];

beforeEach(() => {
  folder = tempFolder();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.process.kill('SIGKILL');
  await removeFolder(folder);
});

function clientOf(path = folder): Client {
  const client = new Client(path, graceMs);
  clients.push(client);
  return client;
}

async function factsOf(): Promise<ServerFacts> {
  const facts = await readServer(folder);
  if (!facts) throw new Error('no server.json');
  return facts;
}

const spec = { name: 'shared', dimension: 2, fingerprint: 'f'.repeat(32) };
const rowsOf = (store: VectorStore) => store.open(spec);
const row = (id: string) => ({ id, vector: unit(1, 1), metadata: { id } });
const openFolder = () => openStore(folder, { graceMs });

describe('the embedded server of a folder', () => {
  it('is one for all processes, even those that start at the same instant, by whatever path', async () => {
    const link = join(folder, 'link');
    const real = join(folder, 'real');
    mkdirSync(real);
    symlinkSync(real, link);
    const all = [real, link, join(real, '..', 'real'), `${link}/`].map((path) => clientOf(path));
    const urls = await Promise.all(all.map(async (client) => (await client.hear()).url));
    expect(new Set(urls).size).toBe(1);
    expect(urls[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(watchdogsOf(folder)).toHaveLength(1);
    expect(serversOf(folder)).toHaveLength(1);
  });

  it('lives as long as one lease and ends with the last', async () => {
    const [first, second] = [clientOf(), clientOf()];
    await Promise.all([first.hear(), second.hear()]);
    first.say('close');
    await sleep(2 * graceMs);
    second.say('count');
    expect(await second.hear()).toEqual({ count: 0 });
    expect(serversOf(folder)).toHaveLength(1);
    second.say('close');
    await until(() => watchdogsOf(folder).length + serversOf(folder).length === 0);
    expect(await readServer(folder)).toBeUndefined();
    first.say('leave');
    second.say('leave');
  });

  it('lets a process end that never closed it, and ends after it', async () => {
    const client = clientOf();
    await client.hear();
    client.say('leave');
    expect(await client.ended()).toBe(0);
    await until(() => serversOf(folder).length === 0);
  });

  it('does not hear an interrupt of the process group that opened it', async () => {
    const client = clientOf();
    await client.hear();
    const before = [...watchdogsOf(folder), ...serversOf(folder)];
    process.kill(-client.pid, 'SIGINT');
    expect(await client.hear()).toEqual({ interrupted: true });
    // Even one that is meant for it.
    for (const pid of watchdogsOf(folder)) for (const word of ['SIGINT', 'SIGHUP']) process.kill(pid, word);
    await sleep(graceMs);
    client.say('count');
    expect(await client.hear()).toEqual({ count: 0 });
    expect([...watchdogsOf(folder), ...serversOf(folder)]).toEqual(before);
  });

  it('ends after a client that was killed with -9', async () => {
    const client = clientOf();
    await client.hear();
    process.kill(-client.pid, 'SIGKILL');
    await until(() => watchdogsOf(folder).length + serversOf(folder).length === 0);
    expect(await readServer(folder)).toBeUndefined();
  });

  it('survives the short time between two steps of one script', async () => {
    await (await openStore(folder, { graceMs: 2000 })).close();
    const [server] = serversOf(folder);
    await sleep(100);
    const store = await openFolder();
    expect(serversOf(folder)).toEqual([server]);
    await store.close();
  });

  it('keeps its token to its owner and drops who does not know it', async () => {
    const store = await openFolder();
    const { leasePort, token } = await factsOf();
    expect(statSync(serverPath(folder)).mode & 0o777).toBe(0o600);
    const stranger = connect(leasePort, '127.0.0.1');
    stranger.write(`${token.replaceAll(/[0-9]/g, 'x')}\n`);
    await once(stranger, 'close');
    const silent = connect(leasePort, '127.0.0.1');
    await once(silent, 'connect');
    await store.close();
    // Neither of the two was a lease.
    await until(() => serversOf(folder).length === 0);
    silent.destroy();
  });
});

describe('after an accident', () => {
  it('a stale server.json is replaced, whatever answers at its port now', async () => {
    const foreign = createServer((socket) => socket.end('220 welcome to another program\r\n'));
    foreign.listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    const address = foreign.address();
    const leasePort = typeof address === 'object' && address ? address.port : 0;
    const stale = {
      format: 1,
      pid: 99_999_999,
      chromaPid: process.pid,
      port: 40_123,
      token: 'x',
      host: hostname(),
    };
    for (const port of [leasePort, 1]) {
      writeFileSync(serverPath(folder), JSON.stringify({ ...stale, leasePort: port }));
      const store = await openFolder();
      expect((await factsOf()).token).not.toBe('x');
      await store.close();
      await until(() => watchdogsOf(folder).length === 0);
    }
    writeFileSync(serverPath(folder), '{ half of a');
    await (await openFolder()).close();
    foreign.close();
  });

  it('a lock of a process that is gone is taken over, also where its number lives again', async () => {
    for (const pid of [99_999_999, process.pid]) {
      writeFileSync(join(folder, 'server.lock'), JSON.stringify({ pid, started: '1', token: 'old' }));
      await (await openFolder()).close();
      await until(() => watchdogsOf(folder).length === 0);
    }
  });

  it('a folder that another machine serves is refused until that machine is silent', async () => {
    const away = { format: 1, pid: 1, chromaPid: 1, port: 1, leasePort: 1, token: 'x', host: 'elsewhere' };
    writeFileSync(serverPath(folder), JSON.stringify(away));
    await expect(openFolder()).rejects.toThrow(/is served by another machine: got "elsewhere"/);
  });

  it('a server killed with -9 comes back under its clients, with every row', async () => {
    const store = await openFolder();
    const rows = await rowsOf(store);
    await rows.upsert([row('a'), row('b')]);
    const [server] = serversOf(folder);
    process.kill(server ?? 0, 'SIGKILL');
    expect(await rows.count()).toBe(2);
    await rows.upsert([row('c')]);
    expect((await rows.get(['c', 'a'])).map(({ id }) => id)).toEqual(['c', 'a']);
    expect(serversOf(folder)).not.toEqual([server]);
    expect(serversOf(folder)).toHaveLength(1);
    await store.close();
  });

  it('a watchdog killed with -9 takes its server with it, and clients go on with new ones', async () => {
    const store = await openFolder();
    const rows = await rowsOf(store);
    await rows.upsert([row('a')]);
    const before = await factsOf();
    process.kill(before.pid, 'SIGKILL');
    await until(() => !serversOf(folder).includes(before.chromaPid));
    expect(await rows.count()).toBe(1);
    const after = await factsOf();
    expect(after.pid).not.toBe(before.pid);
    process.kill(after.pid, 'SIGTERM');
    await until(() => watchdogsOf(folder).length + serversOf(folder).length === 0);
    expect((await rows.get(['a'])).length).toBe(1);
    await store.close();
  });

  it('a folder deleted under an open store is an empty store soon, and says so', async () => {
    const root = join(folder, 'store');
    const store = await openStore(root, { graceMs });
    const rows = await rowsOf(store);
    await rows.upsert([row('a')]);
    rmSync(root, { recursive: true });
    await until(() => watchdogsOf(root).length === 0);
    await expect(rows.count()).rejects.toThrow(
      /the collection is gone: .* open the lookbook again and index/,
    );
    expect(await (await rowsOf(store)).count()).toBe(0);
    await store.close();
  });

  it('tables deleted under an open store are named', async () => {
    const store = await openFolder();
    await rowsOf(store);
    rmSync(join(dataPath(folder), TABLES));
    await expect(rowsOf(store).finally(() => store.close())).rejects.toThrow(
      /\[store\] the store has lost its tables while it is served: .* npm run doctor/,
    );
  });

  it('finds more than a thousand rows again after a restart and after kill -9', async () => {
    const wide = { name: 'wide', dimension: 16, fingerprint: 'f'.repeat(32) };
    const records = randomRows(1500, 16, seeded(11));
    const first = await openFolder();
    await (await first.open(wide)).upsert(records);
    await first.close();
    await until(() => serversOf(folder).length === 0);
    const store = await openFolder();
    const rows = await store.open(wide);
    const found = async (): Promise<number> => {
      let hits = 0;
      for (const { id, vector } of records.filter((_, n) => n % 25 === 0))
        if ((await rows.query(vector, 1))[0]?.id === id) hits++;
      return hits;
    };
    expect([await rows.count(), await found()]).toEqual([1500, 60]);
    process.kill((await factsOf()).chromaPid, 'SIGKILL');
    expect([await rows.count(), await found()]).toEqual([1500, 60]);
    await store.close();
  });
});

describe('a start that cannot be plain', () => {
  it('takes another port where another Chroma has the one it wants', async () => {
    const log = openServerLog(join(folder, 'server.log'));
    const start = { log, startMs: 10_000 };
    const first = await startChroma({ ...start, data: join(folder, 'a'), port: 0 });
    const second = await startChroma({ ...start, data: join(folder, 'b'), port: first.port });
    expect(second.port).not.toBe(first.port);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('says what is wrong with a folder that cannot be used', async () => {
    writeFileSync(join(folder, 'file'), '');
    const refused = openStore(join(folder, 'file', 'store'));
    await expect(refused).rejects.toThrow(
      /the store folder cannot be used: got ENOTDIR.* Choose another folder/,
    );
  });

  it('tells the last lines of a server that dies at its start', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'chroma.sqlite3'), 'this is no database '.repeat(50));
    const refused = openFolder();
    await expect(refused).rejects.toThrow(
      /the server ended while it started: got .*not a database.* Check that/s,
    );
    expect(readFileSync(join(folder, 'server.log'), 'utf8')).toContain('not a database');
  });

  it('keeps its log small, and of it the lines that explain', () => {
    const path = join(folder, 'server.log');
    const log = openServerLog(path);
    for (let n = 0; n < 300; n++) log.write(`${'x'.repeat(9999)}\n`);
    expect(statSync(path).size).toBeLessThan(1_100_000);
    log.write(
      'Saving data to: here\nthread panicked: disk I/O error\n  12: tokio::run\n    at /src/lib.rs:1\n',
    );
    expect(log.tail()).toMatch(/x \| thread panicked: disk I\/O error$/);
  });

  it('gives up on a server that does not answer in time', async () => {
    await expect(openChromaServer(folder, { graceMs, startMs: 1 })).rejects.toThrow(
      /the server does not answer within 0.001 s/,
    );
  });
});
