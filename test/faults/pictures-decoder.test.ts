import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decode } from '#lib/decoders/image.js';
import { perform } from '#lib/decoders/tasks.js';
import { imageIdOfBytes } from '#lib/picture-bytes.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { hostile } from './pictures-hostile.js';
import { originals } from './pictures-originals.js';
import { decodersOf, WANTED } from './pictures-watched.js';

const script = fileURLToPath(new URL('./decode-once.mjs', import.meta.url));
const PICTURES = 12;

// Half a second of CPU and a small memory, so that the limits are met soon. Read when the first is decoded.
process.env.LOOKBOOK_DECODE_SECONDS = '0.5';
process.env.LOOKBOOK_DECODE_MB = '160';
process.env.HF_TOKEN = 'hf_secret';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.clear());

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 600; tries++) await sleep(50);
  expect(holds()).toBe(true);
}

/** Stops the decoder that the next picture goes to, as if it hung. */
async function stopped(): Promise<number> {
  const [one] = await originals();
  await decode(one!.bytes, WANTED);
  for (const pid of decodersOf(process.pid).slice(1)) process.kill(pid, 'SIGKILL');
  await until(() => decodersOf(process.pid).length === 1);
  const [pid] = decodersOf(process.pid);
  process.kill(pid!, 'SIGSTOP');
  return pid!;
}

const find = async (name: string): Promise<Buffer> =>
  hostile(await originals(), { url: '', file: '' }).find((file) => file.name === name)!.bytes;

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe.skipIf(process.platform !== 'linux')('a decoder process (looked at in /proc: on Linux only)', () => {
  /** Mutation: where decoder.ts does not listen for the end of its process, the run waits for ever. */
  it('that is killed in the middle costs one picture, and the next run reads that one too', async () => {
    const pid = await stopped();
    for (let n = 0; n < PICTURES; n++) await room.draw(`${n}.png`, `hsl(${n * 30}, 70%, 50%)`);
    const run = room.index();
    await sleep(500); // the stopped decoder holds a picture as soon as the run begins to read
    await until(
      () =>
        decodersOf(process.pid).length > 1 ||
        readFileSync('/proc/cpuinfo', 'utf8').split('processor').length < 3,
    );
    process.kill(pid, 'SIGKILL');
    const report = await run;
    expect(report.failed).toHaveLength(1);
    expect(report.failed[0]!.reason).toMatchInlineSnapshot(
      `"[decode] the picture cannot be read: got the end of its decoder (SIGKILL). Leave it out with EXCLUDE if it comes again."`,
    );
    expect(report.added).toBe(PICTURES - 1);
    expect(await room.index()).toMatchObject({ added: 1, kept: PICTURES - 1, failed: [] });
  });

  /** Mutation: without the clock in decoder.ts the stopped process is waited for for ever. */
  it('that does not answer is ended by the clock, and another takes its place', async () => {
    const pid = await stopped();
    const [one] = await originals();
    await expect(decode(one!.bytes, WANTED)).rejects.toThrow('more than 0.5 s of work');
    expect(isAlive(pid)).toBe(false);
    expect((await decode(one!.bytes, WANTED)).facts.format).toBe('jpeg');
  });

  /** Mutation: with a guard that never looks, the first burns four times its time and the second swells to 1 GB. */
  it('ends itself when a picture takes too much work or too much memory', async () => {
    await expect(decode(await find('svg-filtered-uses.svg'), WANTED)).rejects.toThrow(
      'more than 0.5 s of work',
    );
    const wide = await sharp({ create: { width: 3600, height: 3600, channels: 4, background: '#1238' } })
      .toColourspace('rgb16')
      .png({ progressive: true, compressionLevel: 1 })
      .toBuffer();
    await expect(decode(wide, WANTED)).rejects.toThrow('more than 88 MB of memory');
  });

  /** Mutation: without the death on `close` in decoder-child.ts they work on for ever. */
  it('does not outlive its owner, however busy', async () => {
    const path = join(room.folder, 'endless.svg');
    await writeFile(path, await find('svg-filtered-uses.svg'));
    const owner: ChildProcess = spawn(process.execPath, [script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LOOKBOOK_DECODE_SECONDS: '600' },
    });
    await once(owner.stdout!, 'data');
    await until(() => decodersOf(owner.pid!).length > 0);
    await sleep(1500); // at work on threads of libvips
    const decoders = decodersOf(owner.pid!);
    expect(decoders.every(isAlive)).toBe(true);
    owner.kill('SIGKILL');
    await until(() => !decoders.some(isAlive));
  });

  /** Mutation: with `env: process.env` the token is there. */
  it('knows no secret of its owner', async () => {
    const [one] = await originals();
    await decode(one!.bytes, WANTED);
    const environments = decodersOf(process.pid).map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'));
    expect(environments.length).toBeGreaterThan(0);
    expect(environments.filter((text) => /HF_TOKEN|hf_secret/.test(text))).toEqual([]);
    expect(environments.every((text) => text.includes('PATH='))).toBe(true);
  });

  /** Mutation: with a slate that is not read to its end the last rows differ. */
  it('gives the same pixels and words as this process would', async () => {
    for (const { name, ending, bytes } of await originals()) {
      const here = await perform({ kind: 'read', wanted: WANTED }, bytes, async () => undefined);
      const { facts, inputs, working } = await decode(bytes, WANTED);
      expect(facts, `${name}.${ending}`).toEqual(here.read!.facts);
      const [got, expected] = [[...inputs, working!], here.parts].map((parts) =>
        parts.map(({ data, width, height }) => ({ width, height, sha: imageIdOfBytes(data) })),
      );
      expect(got, name).toEqual(expected);
    }
  });

  it('is not kept when nobody waits: a process that has decoded ends by itself', async () => {
    const path = join(room.folder, 'one.jpg');
    await writeFile(path, (await originals())[0]!.bytes);
    const owner = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [code] = await once(owner, 'close');
    expect(code).toBe(0);
  });
});

/** Mutation: as a picture's own fault it would be told once for each picture, and remembered. */
describe('without decoder processes', () => {
  it('the run stops and says what to do', async () => {
    const node = process.execPath;
    for (const pid of decodersOf(process.pid)) process.kill(pid, 'SIGKILL');
    await until(() => decodersOf(process.pid).length === 0);
    await room.draw('a.png', 'red');
    const book = await room.open();
    process.execPath = '/bin/false';
    try {
      await expect(book.index()).rejects.toThrow(
        '[decoder] no process for decoding pictures can be started: got exit code 1, expected a process. Allow it, or set LOOKBOOK_DECODERS=0',
      );
    } finally {
      process.execPath = node;
    }
    expect(await book.index()).toMatchObject({ added: 1, failed: [] });
    await book.close();
  });
});
