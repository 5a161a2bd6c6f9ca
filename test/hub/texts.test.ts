import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchHubText, listHubFiles } from '#lib/hub/download.js';
import { type Handler, hashOf, ownRoom, quick, serve, type TestServer } from './hub-server.js';

let room: ReturnType<typeof ownRoom>;
let hub: TestServer;
beforeEach(() => {
  room = ownRoom();
});
afterEach(async () => {
  room.clear();
  await hub.close();
});

async function hubThat(handler: Handler): Promise<void> {
  await hub?.close().catch(() => undefined);
  hub = await serve(handler);
  vi.stubEnv('HF_ENDPOINT', hub.url);
}

const config = { repository: 'owner/name', revision: 'main', path: 'config.json' };
const limits = quick;

describe('a small text of a repository', () => {
  it('comes as it is, after trouble too', async () => {
    await hubThat((request, response, turn) => {
      if (turn === 1) response.writeHead(503).end();
      else if (turn === 2)
        response.writeHead(200, { 'content-length': 9 }).write('{"a"', () => request.socket.destroy());
      else response.end('{"a":"ü"}');
    });
    expect(await fetchHubText(config, { limits })).toBe('{"a":"ü"}');
  });

  it('that a repository does not have is null; a repository or revision that is not there is an error', async () => {
    let code = 'EntryNotFound';
    await hubThat((_, response) => response.writeHead(404, { 'x-error-code': code }).end());
    expect(await fetchHubText(config, { limits })).toBe(null);
    for (code of ['RepoNotFound', 'RevisionNotFound']) {
      await expect(fetchHubText(config, { limits })).rejects.toThrow(
        `404 for owner/name@main, config.json (${code})`,
      );
    }
  });

  it('is bounded, announced or not', async () => {
    await hubThat((_, response) => {
      const more = (): unknown =>
        !response.destroyed && response.write(Buffer.alloc(50_000), () => setImmediate(more));
      more();
    });
    await expect(fetchHubText(config, { limits })).rejects.toThrow(/too large.*got more than 1048576 bytes/);
    await expect(fetchHubText(config, { limits, maxBytes: 10 })).rejects.toThrow('more than 10 bytes');
  });

  it('that is none, or not the one that the hub speaks of, is refused', async () => {
    await hubThat((_, response) => response.end(Buffer.from([0xff, 0xfe, 0x00])));
    await expect(fetchHubText(config, { limits })).rejects.toThrow('3 bytes that are not UTF-8');
    await hubThat((_, response) =>
      response.writeHead(200, { 'x-linked-etag': `"${hashOf(Buffer.from('a'))}"` }).end('b'),
    );
    await expect(fetchHubText(config, { limits })).rejects.toThrow(`got sha256 ${hashOf(Buffer.from('b'))}`);
  });

  it('of a stalled hub ends in an error that names the network', async () => {
    await hubThat(() => undefined);
    await expect(fetchHubText(config, { limits: { ...limits, stallMs: 250, tries: 2 } })).rejects.toThrow(
      /config.json does not come: got no byte came in time after 2 tries.*HTTPS_PROXY/,
    );
  });

  it('is given up at once when the signal fires', async () => {
    await hubThat(() => undefined);
    const leaving = new AbortController();
    const refused = fetchHubText(config, { signal: leaving.signal });
    setTimeout(() => leaving.abort(new Error('enough')), 50);
    await expect(refused).rejects.toThrow('enough');
  });
});

describe('the files of a repository', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const sha256 = 'e'.repeat(64);

  it('come with sizes and hashes, and with the commit that the revision stands for', async () => {
    await hubThat((_, response) =>
      response.end(
        JSON.stringify({
          sha: commit,
          siblings: [
            {
              rfilename: 'onnx/model.onnx',
              size: 9,
              blobId: 'x',
              lfs: { sha256, size: 9, pointerSize: 130 },
            },
            { rfilename: 'config.json', size: 2, blobId: 'y' },
          ],
        }),
      ),
    );
    expect(await listHubFiles('owner/name', 'refs/pr/1', { limits })).toEqual({
      commit,
      files: [
        { path: 'config.json', bytes: 2, sha256: null },
        { path: 'onnx/model.onnx', bytes: 9, sha256 },
      ],
    });
    expect(hub.seen[0]!.url).toBe('/api/models/owner/name/revision/refs%2Fpr%2F1?blobs=true');
  });

  it('are refused with every fault when the answer is none of a hub', async () => {
    const siblings = [
      { rfilename: '../evil', size: 1 },
      { rfilename: 'a' },
      { rfilename: 'b', size: 1, lfs: { sha256: 'x' } },
      {},
    ];
    await hubThat((_, response) => response.end(JSON.stringify({ sha: 'main', siblings })));
    await expect(listHubFiles('owner/name', 'main', { limits })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [hub] the listing of owner/name@main cannot be used: got no commit in "sha"; "../evil", which is outside of the repository; a without a size; b with a sha256 that is none; a file without a name, expected a commit and its files with their sizes. Check HF_ENDPOINT: a mirror must answer as the hub does.]`,
    );
    await hubThat((_, response) => response.end('<html>Log in</html>'));
    await expect(listHubFiles('owner/name', 'main', { limits })).rejects.toThrow(/Unexpected token/);
  });

  it('are not asked of names that are none, nor offline, nor without a repository', async () => {
    await hubThat((_, response) => response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end());
    await expect(listHubFiles('owner', 'main')).rejects.toThrow('[hub] this names no file');
    vi.stubEnv('HF_HUB_OFFLINE', 'true');
    await expect(listHubFiles('owner/name', 'main')).rejects.toThrow('Unset HF_HUB_OFFLINE');
    expect(hub.seen).toEqual([]);
    vi.stubEnv('HF_HUB_OFFLINE', '0');
    await expect(listHubFiles('owner/name', 'main')).rejects.toThrow(
      '404 for owner/name@main (RepoNotFound)',
    );
  });
});
