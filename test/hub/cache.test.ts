import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findInHubCache } from '#lib/hub/cache.js';
import { downloadFile, fetchHubText } from '#lib/hub/download.js';
import { type Handler, ownRoom, quick, send, serve, type TestServer, weights } from './hub-server.js';

const commit = 'a'.repeat(40);
let room: ReturnType<typeof ownRoom>;
let hub: TestServer;
beforeEach(async () => {
  room = ownRoom();
  await hubThat((_, response) => response.writeHead(500).end());
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

/** Lays a file down as Hugging Face's libraries do: a blob by its hash, a link in the snapshot, a ref. */
function lay(folder: string, path: string, content: { bytes: Buffer | string; blob: string }): string {
  const repository = join(folder, 'models--owner--name');
  const [blob, link] = [join(repository, 'blobs', content.blob), join(repository, 'snapshots', commit, path)];
  for (const file of [blob, link, join(repository, 'refs', 'refs', 'pr', '1')]) {
    mkdirSync(dirname(file), { recursive: true });
  }
  writeFileSync(blob, content.bytes);
  symlinkSync(relative(dirname(link), blob), link);
  writeFileSync(join(repository, 'refs', 'main'), commit);
  writeFileSync(join(repository, 'refs', 'refs', 'pr', '1'), `${commit}\n`);
  return link;
}

const stateOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((file) => `${file} ${statSync(join(folder, file)).mtimeMs}`);

describe('an existing Hugging Face cache', () => {
  it('gives a file by commit, branch and pull request, wherever the environment puts it', async () => {
    const { bytes, file } = weights();
    const places: [string, Record<string, string>][] = [
      ['direct', { HF_HUB_CACHE: join(room.folder, 'direct'), HF_HOME: '/nowhere' }],
      ['old', { HUGGINGFACE_HUB_CACHE: join(room.folder, 'old') }],
      ['home/hub', { HF_HOME: join(room.folder, 'home') }],
      ['xdg/huggingface/hub', { HF_HOME: '', XDG_CACHE_HOME: join(room.folder, 'xdg') }],
    ];
    for (const [place, env] of places) {
      const link = lay(join(room.folder, place), file.path, { bytes, blob: file.sha256! });
      for (const [name, value] of Object.entries({ HF_HUB_CACHE: '', HUGGINGFACE_HUB_CACHE: '', ...env })) {
        vi.stubEnv(name, value);
      }
      for (const revision of [commit, 'main', 'refs/pr/1']) {
        expect(await findInHubCache({ ...file, revision })).toBe(link);
      }
      expect(await findInHubCache({ ...file, revision: 'dev' })).toBe(null);
      expect(await findInHubCache({ ...file, path: 'other.onnx' })).toBe(null);
      expect(await findInHubCache({ ...file, repository: 'owner/other' })).toBe(null);
    }
  });

  it('gives no file of another size, another hash, or whose blob is gone', async () => {
    const { bytes, file } = weights();
    const link = lay(join(room.folder, 'hf', 'hub'), file.path, { bytes, blob: file.sha256! });
    expect(await findInHubCache({ ...file, sha256: null, bytes: null })).toBe(link);
    expect(await findInHubCache({ ...file, bytes: 5 })).toBe(null);
    expect(await findInHubCache({ ...file, sha256: 'b'.repeat(64) })).toBe(null);
    symlinkSync('../../blobs/gone', join(dirname(link), 'gone.onnx'));
    expect(await findInHubCache({ ...file, path: 'onnx/gone.onnx', bytes: null })).toBe(null);
    await expect(findInHubCache({ ...file, path: '../../../x' })).rejects.toThrow('[hub] this names no file');
  });

  it('is copied from in place of a download, offline too, and left as it was', async () => {
    const { bytes, file } = weights();
    const folder = join(room.folder, 'hf', 'hub');
    lay(folder, file.path, { bytes, blob: file.sha256! });
    const before = stateOf(folder);
    await expect(downloadFile(file, room.target)).resolves.toMatchObject({
      path: room.target,
      sha256: file.sha256,
    });
    expect(readFileSync(room.target).equals(bytes)).toBe(true);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await downloadFile({ ...file, sha256: null }, `${room.target}2`);
    expect(readFileSync(`${room.target}2`).equals(bytes)).toBe(true);
    expect(stateOf(folder)).toEqual(before);
    expect(readdirSync(dirname(room.target))).toEqual(['model.onnx', 'model.onnx2']);
    expect(hub.seen).toEqual([]);
  });

  it('with spoilt bytes is passed over', async () => {
    const { bytes, file } = weights();
    lay(join(room.folder, 'hf', 'hub'), file.path, { bytes: Buffer.alloc(bytes.length), blob: file.sha256! });
    await hubThat((request, response) => send(request, response, { bytes }));
    await downloadFile(file, room.target, { limits: quick });
    expect(readFileSync(room.target).equals(bytes)).toBe(true);
  });

  it('of a branch without a known sha256 may be old: the hub is asked', async () => {
    const { bytes, file } = weights();
    lay(join(room.folder, 'hf', 'hub'), file.path, { bytes: Buffer.alloc(300_000), blob: 'c'.repeat(64) });
    await hubThat((request, response) => send(request, response, { bytes }));
    await downloadFile({ ...file, sha256: null }, room.target, { limits: quick });
    expect(readFileSync(room.target).equals(bytes)).toBe(true);
    await downloadFile({ ...file, sha256: null, revision: commit }, `${room.target}2`, { limits: quick });
    expect(readFileSync(`${room.target}2`).equals(Buffer.alloc(300_000))).toBe(true);
    expect(hub.seen).toHaveLength(1);
  });

  it('gives texts of a commit, and of a branch when offline', async () => {
    lay(join(room.folder, 'hf', 'hub'), 'config.json', { bytes: '{"cached":1}', blob: 'd'.repeat(40) });
    const place = { repository: 'owner/name', path: 'config.json' };
    expect(await fetchHubText({ ...place, revision: commit })).toBe('{"cached":1}');
    await hubThat((_, response) => response.end('{"asked":1}'));
    expect(await fetchHubText({ ...place, revision: 'main' })).toBe('{"asked":1}');
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await fetchHubText({ ...place, revision: 'main' })).toBe('{"cached":1}');
    await expect(fetchHubText({ ...place, revision: 'dev' })).rejects.toThrow(
      /no owner\/name@dev, config.json at the Hugging Face cache .*Unset HF_HUB_OFFLINE/,
    );
    expect(hub.seen).toHaveLength(1);
  });
});
