import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { fetchBytes } from '#lib/fetching.js';
import { isPrivateAddress } from '#lib/hub/private-addresses.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { attackUrls } from './urls-attack.js';
import { type BadServer, openBadServer } from './urls-server.js';

describe('addresses in a table or a query', () => {
  /**
   * Mutations: without isPrivateName in getFromWeb of hub/transport.ts the addresses of this machine are read; without a
   * form in INNER of hub/private-addresses.ts some of the random ones are public; without the limit in readLimited of
   * fetching.ts the endless ones and the bombs; without refuseUnsafe the redirects to file: and to a password.
   */
  it('that lead to this machine, never end, burst, lie or loop are refused or bounded', {
    timeout: 120_000,
  }, async () => {
    const attack = await attackUrls({ timeoutMs: 1500, addresses: 5000, random: seeded(1) });
    expect(attack.wrong).toEqual([]);
    expect(attack.hangs).toEqual([]);
  });
});

describe('a name', () => {
  let server: BadServer;
  beforeEach(async () => {
    server = await openBadServer();
  });
  afterEach(() => server.close());

  /** Mutation: where fetching.ts looks a name up itself and the socket once more, the second answer is the one used. */
  it('is looked up once, and what was looked at is what is connected to', async () => {
    const asked: string[] = [];
    const url = `http://changing.example:${server.port}/red.png`;
    const answers = ['127.0.0.1', '::1', '10.0.0.1', '64:ff9b::7f00:1'];
    for (const address of answers) {
      const family = address.includes(':') ? 6 : 4;
      const refused = fetchBytes(url, {
        allowPrivate: false,
        find: (host, done) => {
          asked.push(host);
          done(null, [{ address, family }]);
        },
      });
      await expect(refused).rejects.toThrow('changing.example is an address of this machine');
    }
    expect(asked).toEqual(answers.map(() => 'changing.example'));
    expect(server.seen).toEqual([]);
  });

  it('of which one address is private is refused whole', async () => {
    const refused = fetchBytes(`http://both.example:${server.port}/red.png`, {
      allowPrivate: false,
      find: (_, done) =>
        done(null, [
          { address: '203.0.114.5', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ]),
    });
    await expect(refused).rejects.toThrow('private network');
    expect(server.seen).toEqual([]);
  });

  it('that is public stays public: neighbours of private networks are none', () => {
    for (const address of [
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '192.169.0.0',
      '198.20.0.0',
      '223.255.255.255',
      '2001:4860:4860::8888',
      '2606:4700::1111',
      '::ffff:8.8.8.8',
      '64:ff9b::8.8.8.8',
    ])
      expect(`${address} ${isPrivateAddress(address)}`).toBe(`${address} false`);
  });
});

describe('a table of bad addresses', () => {
  let room: Room;
  let server: BadServer;
  beforeEach(async () => {
    [room, server] = await Promise.all([openRoom(), openBadServer()]);
  });
  afterEach(() => Promise.all([room.clear(), server.close()]));

  it('costs a line each, the good ones are indexed, and no line tells a password', {
    timeout: 60_000,
  }, async () => {
    const bad = ['/html.png', '/empty.png', '/gone.png', '/gigabyte', '/bomb', '/cut', '/loop', '/to-file'];
    const urls = ['/red.png', ...bad].map((path) => server.host + path);
    const secret = `http://user:secret@127.0.0.1:${server.port}/red.png`;
    await room.write('list.csv', ['path', ...urls, secret].join('\n'));
    const report = await room.index({ images: `${room.images}/list.csv`, allowPrivateUrls: true });
    expect(report.added).toBe(1);
    const named = [...bad.map((path) => server.host + path), `http://…@127.0.0.1:${server.port}/red.png`];
    expect(report.failed.map(({ path }) => path).sort()).toEqual(named.sort());
    expect(JSON.stringify(report)).not.toContain('secret');
    const closed = await room.index({ images: `${room.images}/list.csv` });
    expect(closed.failed.filter(({ reason }) => reason.includes('private network'))).toHaveLength(bad.length);
  });
});
