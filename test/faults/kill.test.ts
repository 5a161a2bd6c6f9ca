import { type ChildProcess, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexReport } from '#lib/index.js';
import { openRoom, type Room, stateOf } from '../indexing/pictures.js';

const script = fileURLToPath(new URL('./index-once.mjs', import.meta.url));
const PICTURES = 160;
const BATCH = 8;
const KILLS = 4;

let undisturbed: Room;
let killed: Room;
beforeEach(async () => {
  [undisturbed, killed] = await Promise.all([openRoom('chroma'), openRoom('chroma')]);
  for (let n = 0; n < PICTURES; n++) {
    const colour = `hsl(${(n * 137) % 360}, ${40 + (n % 5) * 12}%, ${30 + (n % 7) * 7}%)`;
    await Promise.all([undisturbed.draw(`${n}.png`, colour), killed.draw(`${n}.png`, colour)]);
  }
});
afterEach(() => Promise.all([undisturbed.clear(), killed.clear()]));

function start(room: Room): ChildProcess {
  const config = JSON.stringify({ ...room.config, batchSize: BATCH });
  return spawn(process.execPath, [script, config], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The report of a run that is left alone. */
async function finish(room: Room): Promise<IndexReport> {
  const child = start(room);
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  const line = text.split('\n').find((row) => row.startsWith('report '));
  if (!line) throw new Error(`the run gave no report: ${text}`);
  return JSON.parse(line.slice('report '.length));
}

/** Kills the run without warning, a while after it has begun to store. */
async function killAfter(room: Room, milliseconds: number): Promise<void> {
  const child = start(room);
  const closed = new Promise((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      if (/done [1-9]/.test(chunk.toString())) setTimeout(resolve, milliseconds);
    });
    child.once('close', () => resolve());
  });
  child.kill('SIGKILL');
  await closed;
}

async function rowsOf(room: Room): Promise<number[]> {
  const book = await room.open();
  const counts = (await book.collections()).map(({ count }) => count);
  await book.close();
  return counts;
}

describe('kill -9 in the middle of indexing', () => {
  it('leaves what the next run completes to the state of an undisturbed run, writing at most one batch twice', async () => {
    const whole = await finish(undisturbed);
    expect(whole).toMatchObject({ added: PICTURES, failed: [] });
    let done = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await killAfter(killed, 40 + kill * 130);
      const [pictures = 0] = await rowsOf(killed);
      expect(pictures).toBeGreaterThanOrEqual(done); // nothing acknowledged was lost
      done = pictures;
    }
    expect(done).toBeGreaterThan(0);
    const rest = await finish(killed);
    expect(rest.failed).toEqual([]);
    // A row that stands is not encoded again, and whatever lacked its row had at most its segments written.
    expect(rest.added + rest.kept).toBe(PICTURES);
    expect(rest.added).toBeLessThanOrEqual(PICTURES - done + BATCH);
    const [expected, got] = [await stateOf(undisturbed), await stateOf(killed)];
    const nameless = (state: { collections: unknown; hits: unknown }, room: Room): unknown =>
      JSON.parse(JSON.stringify(state).replaceAll(room.images, '').replaceAll(room.config.name!, ''));
    expect(nameless(got, killed)).toEqual(nameless(expected, undisturbed));
    expect(await maskFiles(killed)).toEqual(await maskFiles(undisturbed));
  }, 180_000);
});

async function maskFiles(room: Room): Promise<string[]> {
  const files = await readdir(join(room.folder, 'masks'), { recursive: true });
  return files.filter((file) => file.endsWith('.json')).sort();
}
