import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '#lib/stores/open-store.js';
import { topK } from '#lib/stores/top-k.js';
import type { VectorStore } from '#lib/types.js';
import { seeded, unit } from '../contracts/store.js';
import { tempFolder } from './server-kit.js';

let folder: string;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const spec = { name: 'rows', dimension: 2, fingerprint: 'f'.repeat(32) };
const open = (): Promise<VectorStore> => openStore(`flat:${folder}`);
const row = (id: string, n = 0) => ({ id, vector: unit(1, n), metadata: { n } });
const file = (): string => join(folder, readdirSync(folder).find((name) => name.endsWith('.flat')) ?? 'none');

async function idsOf(): Promise<string[]> {
  const store = await open();
  const rows = await store.open(spec);
  const ids: string[] = [];
  for await (const page of rows.pages()) ids.push(...page.map(({ id }) => id));
  await store.close();
  return ids;
}

it('loses nothing acknowledged and nothing later, wherever the last write was torn', async () => {
  const store = await open();
  const rows = await store.open(spec);
  await rows.upsert([row('a')]);
  const one = statSync(file()).size;
  await rows.upsert([row('b', 1)]);
  await store.close();
  const whole = readFileSync(file());
  for (const cut of [one + 1, one + 9, whole.length - 1]) {
    writeFileSync(file(), whole);
    truncateSync(file(), cut);
    expect(await idsOf()).toEqual(['a']);
    const again = await open();
    await (await again.open(spec)).upsert([row('c', 2)]);
    await again.close();
    expect(await idsOf()).toEqual(['a', 'c']);
  }
  writeFileSync(file(), whole);
  appendFileSync(file(), Buffer.alloc(64, 7));
  expect(await idsOf()).toEqual(['a', 'b']);
});

it('keeps every acknowledged row of a process killed with -9', async () => {
  const script = `
    import { openStore } from '#lib/stores/open-store.js';
    const rows = await (await openStore('flat:' + ${JSON.stringify(folder)})).open(${JSON.stringify(spec)});
    for (let n = 0; ; n++) {
      await rows.upsert([{ id: 'r' + n, vector: Float32Array.of(1, 0), metadata: { n } }]);
      process.stdout.write('r' + n + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: new URL('../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
    if (said.length > 400) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const told = said.split('\n').slice(0, -1);
  expect(told.length).toBeGreaterThan(50);
  // Its lock is stale and does not bar the way.
  const kept = await idsOf();
  expect(kept.slice(0, told.length)).toEqual(told);
});

it('is held by one process at a time, and shared within it', async () => {
  const [first, second] = await Promise.all([open(), open()]);
  const [mine, yours] = [await first.open(spec), await second.open(spec)];
  await mine.upsert([row('a')]);
  expect(await yours.count()).toBe(1);
  await first.close();
  await yours.upsert([row('b')]);
  // What another process would meet: a lock held by a living process that is not this one.
  await second.close();
  const [closing, opening] = [second.close(), open()];
  await closing;
  await (await opening).close();
  const other = spawn(process.execPath, ['--eval', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(join(folder, 'flat.lock'), JSON.stringify({ pid: other.pid, started, token: 't' }));
  await expect(open()).rejects.toThrow(`held by another process: got process ${other.pid}`);
  other.kill('SIGKILL');
  await once(other, 'close');
  expect(await idsOf()).toEqual(['a', 'b']);
});

it('shrinks a file that holds mostly rows of the past', async () => {
  const store = await open();
  const rows = await store.open(spec);
  const batch = Array.from({ length: 500 }, (_, n) => row(`r${n}`, n));
  for (let round = 0; round < 9; round++) await rows.upsert(batch);
  await rows.remove(['r0']);
  await rows.setMetadata([{ id: 'r1', metadata: { late: true } }]);
  await store.close();
  const before = statSync(file()).size;
  expect(await idsOf()).toHaveLength(499);
  expect(statSync(file()).size).toBeLessThan(before / 5);
  const again = await open();
  expect(await (await again.open(spec)).get(['r1', 'r499'])).toEqual([
    { id: 'r1', metadata: { n: 1, late: true } },
    { id: 'r499', metadata: { n: 499 } },
  ]);
  await again.close();
});

it('refuses a file that is not its own or damaged in the middle, and leaves it as it is', async () => {
  writeFileSync(join(folder, 'other.flat'), 'something else');
  await expect(open()).rejects.toThrow(/other\.flat is damaged or none of ours: got no frame of ours/);
  expect(readFileSync(join(folder, 'other.flat'), 'utf8')).toBe('something else');
  rmSync(join(folder, 'other.flat'));
  const store = await open();
  const rows = await store.open(spec);
  for (const id of ['a', 'b', 'c']) await rows.upsert([row(id)]);
  await store.close();
  const bytes = readFileSync(file());
  bytes[bytes.length - 150]! ^= 1;
  writeFileSync(file(), bytes);
  await expect(open()).rejects.toThrow(/wrong checksum, and more behind it/);
  expect(readFileSync(file())).toEqual(bytes);
});

it('picks the same k best as a full sort does', () => {
  const random = seeded(2);
  for (const k of [1, 2, 7, 50, 80]) {
    const scores = Array.from({ length: 50 }, () => Math.floor(random() * 10));
    const isWorse = (a: number, b: number): boolean =>
      scores[a] === scores[b] ? a > b : (scores[a] ?? 0) < (scores[b] ?? 0);
    const all = [...scores.keys()].sort((a, b) => (isWorse(a, b) ? 1 : -1));
    expect(topK(scores.keys(), k, isWorse)).toEqual(all.slice(0, k));
  }
});
