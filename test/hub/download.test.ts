import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DownloadProgress, downloadFile } from '#lib/hub/download.js';
import { takeLock } from '#lib/process-lock.js';
import {
  type Arrivals,
  fileOf,
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
let hub: TestServer;
let arrivals: Arrivals;
const servers: TestServer[] = [];
beforeEach(() => {
  room = ownRoom();
  arrivals = watchArrivals();
});
afterEach(async () => {
  room.clear();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function hubThat(handler: Handler): Promise<void> {
  hub = await serve(handler);
  servers.push(hub);
  vi.stubEnv('HF_ENDPOINT', hub.url);
}

const content = (): Buffer => readFileSync(room.target);
const left = async (): Promise<string[]> => (await readdir(dirname(room.target))).sort();
const put = (name: string, bytes: Uint8Array | string): void => {
  mkdirSync(dirname(room.target), { recursive: true });
  writeFileSync(`${room.target}${name}`, bytes);
};

describe('a file of a hub', () => {
  it('comes whole, and leaves nothing beside it', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes }));
    const facts = await downloadFile(file, room.target, { limits: quick });
    expect(facts).toEqual({ path: room.target, bytes: bytes.length, sha256: file.sha256 });
    expect(content().equals(bytes)).toBe(true);
    expect(await left()).toEqual(['model.onnx']);
    expect(hub.seen.map(({ url }) => url)).toEqual(['/owner/name/resolve/main/onnx/model.onnx']);
  });

  it('is asked for with every part of its name escaped', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes }));
    await downloadFile({ ...file, revision: 'refs/pr/1', path: 'a b/c?d#e%2f.onnx' }, room.target);
    expect(hub.seen[0]!.url).toBe('/owner/name/resolve/refs%2Fpr%2F1/a%20b/c%3Fd%23e%252f.onnx');
  });

  it('that is there and right is not fetched, with or without a known sha256', async () => {
    const { bytes, file } = weights();
    await hubThat((_, response) => response.writeHead(500).end());
    put('', bytes);
    const facts = { path: room.target, bytes: bytes.length, sha256: file.sha256 };
    expect(await downloadFile(file, room.target)).toEqual(facts);
    expect(await downloadFile({ ...file, sha256: null, bytes: null }, room.target)).toEqual(facts);
    expect(hub.seen).toEqual([]);
  });

  it('that is there and right is not waited for, whoever holds its lock', async () => {
    const { bytes, file } = weights();
    put('', bytes);
    const lock = await takeLock(`${room.target}.lock`);
    const waits: string[] = [];
    await downloadFile(file, room.target, { onWait: (sentence) => waits.push(sentence) });
    expect(waits).toEqual([]);
    if (typeof lock !== 'number') await lock.release();
  });

  it('that is there and tampered with is refused, and stays as it is', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes }));
    const tampered = Buffer.from(bytes);
    tampered[1000]! ^= 1;
    put('', tampered);
    await expect(downloadFile(file, room.target)).rejects.toThrow(
      `got ${room.target} with sha256 ${hashOf(tampered)}, expected sha256 ${file.sha256}`,
    );
    put('', bytes.subarray(0, 10));
    await expect(downloadFile(file, room.target)).rejects.toThrow('with 10 bytes, expected 300000 bytes');
    expect(content()).toHaveLength(10);
    expect(hub.seen).toEqual([]);
  });

  it('is fetched once when two ask at once, and both are told how far it is', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes }));
    const told: [DownloadProgress[], DownloadProgress[]] = [[], []];
    const both = told.map((list) =>
      downloadFile(file, room.target, { onProgress: (progress) => list.push(progress), limits: quick }),
    );
    const [one, two] = await Promise.all(both);
    expect(one).toEqual(two);
    expect(hub.seen).toHaveLength(1);
    expect(told[1]).toEqual(told[0]);
    expect(told[0].at(-1)).toMatchObject({ path: file.path, doneBytes: 300_000, totalBytes: 300_000 });
    const steps = told[0].map(({ doneBytes }) => doneBytes);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  it('of which two are asked for under one name comes one after the other, and the second is told of the clash', async () => {
    const [one, two] = [weights(), weights()];
    await hubThat((request, response) => send(request, response, { bytes: one.bytes }));
    const first = downloadFile(one.file, room.target, { limits: quick });
    const second = downloadFile(two.file, room.target, { limits: quick });
    await expect(second).rejects.toThrow(
      `with sha256 ${one.file.sha256}, expected sha256 ${two.file.sha256}`,
    );
    await expect(first).resolves.toMatchObject({ sha256: one.file.sha256 });
    expect(hub.seen).toHaveLength(1);
  });

  it('goes on for one caller when another leaves, and is stopped and resumable when the last has left', async () => {
    const { bytes, file } = weights();
    let stay = true;
    await hubThat((request, response, turn) => {
      if (turn === 1 || !stay) send(request, response, { bytes: bytes });
      else {
        response.writeHead(200, { etag: '"held"', 'content-length': bytes.length });
        response.write(bytes.subarray(0, 1000));
      }
    });
    const leaving = new AbortController();
    const gone = downloadFile(file, room.target, { signal: leaving.signal, limits: quick });
    const kept = downloadFile(file, room.target, { limits: quick });
    leaving.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    await expect(kept).resolves.toMatchObject({ sha256: file.sha256 });

    const last = new AbortController();
    const second = `${room.target}2`;
    await expect(
      downloadFile(file, second, {
        signal: last.signal,
        onProgress: ({ doneBytes }) => doneBytes >= 1000 && last.abort(new Error('stop')),
        limits: quick,
      }),
    ).rejects.toThrow('stop');
    expect(await left()).toEqual(['model.onnx', 'model.onnx2.part', 'model.onnx2.part.json']);
    stay = false;
    await expect(downloadFile(file, second, { limits: quick })).resolves.toMatchObject({
      bytes: bytes.length,
    });
  });
});

describe('a cut', () => {
  it('is gone on from, with a range, and the whole is right', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response, turn) =>
      turn < 3
        ? sendAndCut(request, response, { bytes, most: 100_000, arrivals })
        : send(request, response, { bytes }),
    );
    await downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress });
    expect(content().equals(bytes)).toBe(true);
    expect(hub.seen.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('that brought bytes is no failure: only tries in a row without gain end the patience', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => sendAndCut(request, response, { bytes, most: 50_000, arrivals }));
    await downloadFile(file, room.target, {
      onProgress: arrivals.onProgress,
      limits: { ...quick, gainBytes: 50_000 },
    });
    expect(hub.seen.length).toBeGreaterThanOrEqual(6);
    expect(content().equals(bytes)).toBe(true);
  });

  it('again and again ends in an error that says how far it came, and keeps the part', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => sendAndCut(request, response, { bytes, most: 1000, arrivals }));
    await expect(
      downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress }),
    ).rejects.toThrow(
      /\[hub\] owner\/name@main, onnx\/model.onnx does not come: got .*, with 3000 of 300000 bytes fetched after 3 tries/,
    );
    expect(await left()).toEqual(['model.onnx.part', 'model.onnx.part.json']);
  });

  it('by a stall is gone on from', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response, turn) => {
      if (turn > 1) return send(request, response, { bytes });
      response.writeHead(200, { etag: `"${hashOf(bytes).slice(0, 8)}"`, 'content-length': bytes.length });
      response.write(bytes.subarray(0, 70_000)); // and not a byte more, and no end
    });
    await downloadFile(file, room.target, {
      onProgress: arrivals.onProgress,
      limits: { ...quick, stallMs: 700 },
    });
    expect(content().equals(bytes)).toBe(true);
    expect(hub.seen[1]!.range).toBe('bytes=70000-');
  });

  it('is not glued to another file that took the name meanwhile', async () => {
    const { bytes } = weights();
    const swapped = randomBytes(300_000);
    await hubThat((request, response, turn) =>
      turn === 1
        ? sendAndCut(request, response, { bytes, most: 100_000, arrivals })
        : send(request, response, { bytes: swapped }),
    );
    // The sha256 is not known: only the tag tells the two apart.
    const file = { ...fileOf(bytes), sha256: null };
    const facts = await downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress });
    expect(facts.sha256).toBe(hashOf(swapped));
    expect(hub.seen.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  it('is not gone on from where the server gives no strong tag', async () => {
    const { bytes } = weights();
    await hubThat((request, response, turn) =>
      turn === 1
        ? sendAndCut(request, response, { bytes, most: 100_000, arrivals, etag: 'W/"same"' })
        : send(request, response, { bytes, etag: 'W/"same"' }),
    );
    await downloadFile({ ...fileOf(bytes), sha256: null }, room.target, {
      limits: quick,
      onProgress: arrivals.onProgress,
    });
    expect(hub.seen.map(({ range }) => range)).toEqual([undefined, undefined]);
    expect(content().equals(bytes)).toBe(true);
  });

  it('whose rest does not fit, though the tag says so, is fetched once anew', async () => {
    const { bytes, file } = weights();
    put('.part', randomBytes(100_000));
    put('.part.json', '{"etag":"same"}');
    await hubThat((request, response) => send(request, response, { bytes, etag: '"same"' }));
    await downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress });
    expect(content().equals(bytes)).toBe(true);
    expect(hub.seen.map(({ range }) => range)).toEqual(['bytes=100000-', undefined]);
  });

  it('is not gone on from where the server sends another range than was asked for', async () => {
    const { bytes } = weights();
    await hubThat((request, response, turn) => {
      if (turn === 1) return sendAndCut(request, response, { bytes, most: 100_000, arrivals });
      if (turn > 2) return send(request, response, { bytes });
      const headers = { etag: `"${hashOf(bytes).slice(0, 8)}"`, 'content-range': 'bytes 0-299999/300000' };
      return response.writeHead(206, headers).end(bytes);
    });
    const file = { ...fileOf(bytes), sha256: null };
    await downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress });
    expect(content().equals(bytes)).toBe(true);
    expect(hub.seen.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  it('that is glued wrong again and again is refused after the second time', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => {
      if (!request.headers.range)
        sendAndCut(request, response, { bytes, etag: '"same"', most: 100_000, arrivals });
      else send(request, response, { bytes: Buffer.alloc(bytes.length), etag: '"same"' });
    });
    const limits = { ...quick, gainBytes: 1000 };
    await expect(
      downloadFile(file, room.target, { limits, onProgress: arrivals.onProgress }),
    ).rejects.toThrow(/is not the expected file: got sha256/);
    expect(hub.seen).toHaveLength(4);
    expect(await left()).toEqual([]);
  });

  it('of an earlier process is gone on from; a part without its note is not', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes, etag: '"one"' }));
    put('.part', bytes.subarray(0, 120_000));
    put('.part.json', '{"etag":"one"}');
    await downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress });
    put('2.part', bytes.subarray(0, 120_000));
    await downloadFile(file, `${room.target}2`, { limits: quick, onProgress: arrivals.onProgress });
    expect(hub.seen.map(({ range }) => range)).toEqual(['bytes=120000-', undefined]);
    expect(readFileSync(`${room.target}2`).equals(bytes)).toBe(true);
  });

  it('at the very end (416) is whole when its bytes are right', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes, etag: '"one"' }));
    put('.part', bytes);
    put('.part.json', '{"etag":"one"}');
    await downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress });
    expect(hub.seen.map(({ range }) => range)).toEqual(['bytes=300000-']);
    expect(content().equals(bytes)).toBe(true);
  });

  it('with more bytes than the file has (416) is begun anew', async () => {
    const { bytes } = weights();
    await hubThat((request, response) => send(request, response, { bytes, etag: '"one"' }));
    put('.part', randomBytes(400_000));
    put('.part.json', '{"etag":"one"}');
    await downloadFile({ ...fileOf(bytes), bytes: null, sha256: null }, room.target, {
      limits: quick,
      onProgress: arrivals.onProgress,
    });
    expect(hub.seen.map(({ range }) => range)).toEqual(['bytes=400000-', undefined]);
    expect(content().equals(bytes)).toBe(true);
  });

  it('is begun anew where the server knows no ranges', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response, turn) => {
      delete request.headers.range;
      if (turn === 1) sendAndCut(request, response, { bytes, most: 100_000, arrivals });
      else send(request, response, { bytes });
    });
    await downloadFile(file, room.target, { limits: quick, onProgress: arrivals.onProgress });
    expect(hub.seen[1]!.range).toBe('bytes=100000-');
    expect(content().equals(bytes)).toBe(true);
  });
});

describe('a wrong file', () => {
  it('is refused before a byte of it is fetched, where the hub tells its sha256 or size', async () => {
    const { bytes, file } = weights();
    const other = randomBytes(300_001);
    let sent = 0;
    await hubThat((_, response) => {
      sent++;
      response.writeHead(200, {
        'x-linked-etag': `"${hashOf(other)}"`,
        'x-linked-size': String(other.length),
        'content-length': other.length,
      });
      response.write(other.subarray(0, 10));
    });
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(
      `[hub] owner/name@main, onnx/model.onnx is not the expected file: got 300001 bytes and sha256 ${hashOf(other)}, ` +
        `expected ${bytes.length} bytes and sha256 ${file.sha256}.`,
    );
    expect(sent).toBe(1);
    expect(existsSync(room.target)).toBe(false);
  });

  it('is refused by its bytes where the hub tells nothing, and is not kept', async () => {
    const { file } = weights();
    const swapped = randomBytes(300_000);
    await hubThat((request, response) => send(request, response, { bytes: swapped }));
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(
      `got sha256 ${hashOf(swapped)}, expected sha256 ${file.sha256}`,
    );
    expect(await left()).toEqual([]);
    expect(hub.seen).toHaveLength(1);
  });

  it('is held against the sha256 that the hub itself gives, where the manifest knows none', async () => {
    const { bytes } = weights();
    const tampered = Buffer.from(bytes);
    tampered[7]! ^= 1;
    const headers = { 'x-linked-etag': `"${hashOf(bytes)}"`, 'x-linked-size': String(bytes.length) };
    await hubThat((request, response) => send(request, response, { bytes: tampered, headers }));
    const file = { ...fileOf(bytes), bytes: null, sha256: null };
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(
      `got sha256 ${hashOf(tampered)}, expected sha256 ${hashOf(bytes)}`,
    );
  });

  it.each([
    ['announces too little', { 'content-length': 200_000 }, /200000 bytes announced, expected 300000 bytes/],
    ['announces too much', { 'content-length': 400_000 }, /400000 bytes announced, expected 300000 bytes/],
  ])('is refused when the server %s', async (_, headers, message) => {
    const { bytes, file } = weights();
    await hubThat((_request, response) => {
      response.writeHead(200, headers);
      response.write(bytes.subarray(0, 200_000));
    });
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(message);
  });

  it('that never ends is bounded: by its size, or without one by a limit', async () => {
    let flowing = 0;
    await hubThat((_, response) => {
      response.writeHead(200, { etag: '"endless"' });
      const more = (): void => {
        flowing += 65_536;
        if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(more));
      };
      more();
    });
    const { file } = weights();
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(
      /got more than 300000 bytes/,
    );
    const unknown = { ...file, bytes: null, sha256: null };
    const limits = { ...quick, maxBytes: 500_000 };
    await expect(downloadFile(unknown, room.target, { limits })).rejects.toThrow(
      /got more than 500000 bytes/,
    );
    await sleep(50);
    const stopped = flowing;
    await sleep(100);
    expect(flowing).toBe(stopped);
    expect(await left()).toEqual([]);
  });

  it('of unknown size that ends short of what was announced is no file', async () => {
    const { bytes } = weights();
    await hubThat((request, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': bytes.length });
      if (request.headers.range) request.socket.destroy();
      else response.write(bytes.subarray(0, 1000), () => setTimeout(() => request.socket.destroy(), 20));
    });
    const file = { ...fileOf(bytes), bytes: null, sha256: null };
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow('does not come');
    expect(existsSync(room.target)).toBe(false);
  });
});

describe('an answer', () => {
  it.each([500, 502, 503, 429])('%i is asked again', async (status) => {
    const { bytes, file } = weights();
    await hubThat((request, response, turn) =>
      turn < 3 ? response.writeHead(status).end('later') : send(request, response, { bytes }),
    );
    await downloadFile(file, room.target, { limits: quick });
    expect(hub.seen).toHaveLength(3);
  });

  it('429 is waited for as long as it asks, and told where it asks for too much', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response, turn) =>
      turn === 1 ? response.writeHead(429, { 'retry-after': '1' }).end() : send(request, response, { bytes }),
    );
    const begun = performance.now();
    await downloadFile(file, room.target, { limits: quick });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(990);
    await hubThat((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    await expect(downloadFile(file, `${room.target}2`, { limits: quick })).rejects.toThrow(
      /the hub answered 429, with 0 of 300000 bytes fetched and asks for 3600 s of patience/,
    );
    expect(hub.seen).toHaveLength(1);
  });

  it.each([
    [
      401,
      /401 for owner\/name@main, onnx\/model.onnx \(GatedRepo\), asked without a token.*accept its terms.*HF_TOKEN/,
    ],
    [
      403,
      /403 for owner\/name@main, onnx\/model.onnx \(GatedRepo\), asked without a token.*accept its terms.*HF_TOKEN/,
    ],
    [
      404,
      /no such file: got 404 for owner\/name@main, onnx\/model.onnx \(GatedRepo\).*correct repository, revision or path/,
    ],
    [418, /an answer that cannot be used: got 418/],
  ])('%i is final', async (status, message) => {
    const { file } = weights();
    await hubThat((_, response) => response.writeHead(status, { 'x-error-code': 'GatedRepo' }).end());
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(message);
    expect(hub.seen).toHaveLength(1);
  });

  it('never comes from a hub that is not there', async () => {
    const { file } = weights();
    await hubThat((_, response) => response.end());
    await servers.pop()!.close();
    await expect(downloadFile(file, room.target, { limits: quick })).rejects.toThrow(
      /ECONNREFUSED.*after 3 tries/,
    );
  });
});

describe('without leave', () => {
  it('nothing is asked of names that are none', async () => {
    await hubThat((_, response) => response.end());
    const { file } = weights();
    for (const wrong of [
      { path: '../../etc/passwd' },
      { path: '/etc/passwd' },
      { path: 'a//b' },
      { path: 'a\\..\\b' },
      { path: 'C:/x' },
      { path: 'a\u001b[2J' },
      { path: '' },
      { repository: 'name' },
      { repository: 'a/b/c' },
      { repository: '../b' },
      { repository: 'a/..' },
      { revision: '../main' },
      { revision: '' },
      { revision: 'a?b' },
    ]) {
      await expect(downloadFile({ ...file, sha256: null, ...wrong }, room.target)).rejects.toThrow(
        '[hub] this names no file',
      );
    }
    expect(hub.seen).toEqual([]);
    await expect(
      downloadFile({ ...file, repository: 'x', revision: '..', path: '..' }, room.target),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [hub] this names no file of a model hub: got repository "x", revision "..", path "..", expected a repository as owner/name; a commit, tag or branch as revision; a path inside the repository, with forward slashes and without "..". Correct it in the manifest or in the config cell.]`,
    );
  });

  it('HF_HUB_OFFLINE refuses to fetch, and says what is missing and how to go on', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes }));
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(downloadFile(file, room.target)).rejects.toThrow(
      `no owner/name@main, onnx/model.onnx at ${room.target} nor in the Hugging Face cache ${room.folder}/hf/hub, ` +
        `expected the file with sha256 ${file.sha256}. Unset HF_HUB_OFFLINE`,
    );
    expect(hub.seen).toEqual([]);
    put('', bytes);
    await expect(downloadFile(file, room.target)).resolves.toMatchObject({ bytes: bytes.length });
  });

  it('an endpoint that is no web address is refused', async () => {
    const { file } = weights();
    for (const endpoint of ['ftp://hub', 'hub', 'http://user:secret@hub/']) {
      vi.stubEnv('HF_ENDPOINT', endpoint);
      const refused = downloadFile(file, room.target);
      await expect(refused).rejects.toThrow('[hub] HF_ENDPOINT is no hub');
      await expect(refused).rejects.not.toThrow('secret');
    }
  });

  it('a file larger than the room on the disk is not begun', async () => {
    const { file } = weights();
    const huge = 2 ** 52;
    await hubThat((_, response) => {
      response.writeHead(200, { 'content-length': huge });
      response.write('x');
    });
    await expect(
      downloadFile({ ...file, bytes: huge, sha256: null }, room.target, { limits: quick }),
    ).rejects.toThrow(
      /^\[disk\] there is no room for owner\/name@main, onnx\/model.onnx: got \d+ bytes free/,
    );
  });
});
