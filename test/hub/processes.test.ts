import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { downloadFile, type HubFile } from '#lib/hub/download.js';
import { type Handler, ownRoom, quick, send, serve, type TestServer, weights } from './hub-server.js';

const script = fileURLToPath(new URL('./download-once.mjs', import.meta.url));

let room: ReturnType<typeof ownRoom>;
let hub: TestServer;
const children: ChildProcess[] = [];
beforeEach(() => {
  room = ownRoom();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  room.clear();
  await hub.close();
});

async function hubThat(handler: Handler): Promise<void> {
  hub = await serve(handler);
  vi.stubEnv('HF_ENDPOINT', hub.url);
}

interface Client {
  child: ChildProcess;
  /** Settles when a line begins so. */
  says(beginning: string): Promise<string>;
  lines: string[];
}

function start(file: HubFile, shell?: string): Client {
  const order = JSON.stringify({ file, target: room.target });
  const child = shell
    ? spawn('bash', ['-c', shell, 'bash', process.execPath, script, order], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    : spawn(process.execPath, [script, order], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines: string[] = [];
  const waiting: { beginning: string; found: (line: string) => void }[] = [];
  let rest = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    for (const line of parts) {
      for (const { beginning, found } of waiting) if (line.startsWith(beginning)) found(line);
    }
  });
  return {
    child,
    lines,
    says: (beginning) =>
      new Promise((found, failed) => {
        const said = lines.find((line) => line.startsWith(beginning));
        if (said) found(said);
        waiting.push({ beginning, found });
        child.once('close', () => failed(new Error(`ended without "${beginning}": ${lines.join(' | ')}`)));
      }),
  };
}

describe('two processes', () => {
  it('download one file once: the second waits, says so, tells how far it is, and finds it done', async () => {
    const { bytes, file } = weights();
    let letGo = (): void => undefined;
    await hubThat((_, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': bytes.length });
      response.write(bytes.subarray(0, 100_000));
      letGo = () => response.end(bytes.subarray(100_000));
    });
    const first = start(file);
    await first.says('at 100000');
    const second = start(file);
    expect(await second.says('wait')).toBe(
      `wait Process ${first.child.pid} is downloading onnx/model.onnx: waiting for it.`,
    );
    await second.says('at 100000');
    await sleep(150); // it looks several times
    letGo();
    const facts = await first.says('facts');
    expect(await second.says('facts')).toBe(facts);
    expect(second.lines.filter((line) => line.startsWith('wait'))).toHaveLength(1);
    expect(hub.seen).toHaveLength(1);
    expect(await readdir(dirname(room.target))).toEqual(['model.onnx']);
  });

  it('kill -9 in the middle: the next one takes the lock over and goes on from the bytes that stand', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response, turn) => {
      if (turn > 1) return send(request, response, { bytes, etag: '"one"' });
      response.writeHead(200, { etag: '"one"', 'content-length': bytes.length });
      response.write(bytes.subarray(0, 150_000));
    });
    const killed = start(file);
    await killed.says('at 150000');
    killed.child.kill('SIGKILL');
    await once(killed.child, 'close');
    expect(existsSync(`${room.target}.lock`)).toBe(true);
    expect(existsSync(room.target)).toBe(false);
    await downloadFile(file, room.target, { limits: quick });
    expect(hub.seen.map(({ range }) => range)).toEqual([undefined, 'bytes=150000-']);
    expect(readFileSync(room.target).equals(bytes)).toBe(true);
    expect(await readdir(dirname(room.target))).toEqual(['model.onnx']);
  });
});

describe.skipIf(process.platform === 'win32')('a full disk (not on Windows: no limit to set)', () => {
  it('is said clearly, and what stands is gone on from when there is room', async () => {
    const { bytes, file } = weights();
    await hubThat((request, response) => send(request, response, { bytes, etag: '"one"' }));
    // 100 blocks of 1,024 bytes for any file of this process; the signal that tells of it is ignored.
    const limited = start(file, `trap '' XFSZ; ulimit -f 100; exec "$@"`);
    const said = await limited.says('error');
    expect(said).toContain(`[disk] the disk is full: got ${room.target}.part: EFBIG`);
    expect(said).toContain('run again: it goes on from where it was');
    const standing = statSync(`${room.target}.part`).size;
    expect(standing).toBe(102_400);
    await downloadFile(file, room.target, { limits: quick });
    expect(hub.seen.map(({ range }) => range)).toEqual([undefined, 'bytes=102400-']);
    expect(readFileSync(room.target).equals(bytes)).toBe(true);
  });
});
