import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { defineConfig } from '#lib/config.js';
import { doctor } from '#lib/health/doctor.js';
import { projectPath } from '#lib/paths.js';
import { doctor as doctorTable } from '#lib/rendering/doctor.js';
import { openStore } from '#lib/stores/open-store.js';
import type { Finding } from '#lib/types.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-health-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }));

async function find(config: Parameters<typeof defineConfig>[0], name: string): Promise<Finding> {
  const findings: Finding[] = [];
  for await (const finding of doctor(defineConfig({ masks: join(folder, 'masks'), ...config })))
    findings.push(finding);
  return findings.find((finding) => finding.name === name)!;
}

/** Three rows in a store of this folder. */
async function collectionIn(chroma: string): Promise<void> {
  const store = await openStore(chroma);
  const spec = { name: 'mine.pictures.abc', dimension: 4, fingerprint: 'abc' };
  const collection = await store.open({
    ...spec,
    facts: { lookbook: 'mine', encoder: 'pictoclip', of: 'pictures' },
  });
  const one = (at: number): Float32Array => Float32Array.from({ length: 4 }, (_, i) => Number(i === at));
  await collection.upsert([0, 1, 2].map((at) => ({ id: `${at}`, vector: one(at), metadata: {} })));
  await store.close();
}

describe('the doctor', () => {
  it('tells what each collection of this lookbook holds, and of which models', async () => {
    const chroma = join(folder, 'chroma');
    await collectionIn(chroma);
    const { state, says } = await find({ name: 'mine', chroma }, 'Collections');
    expect({ state, says }).toEqual({
      state: 'well',
      says: ['3 pictures as pictoclip sees them, 4 numbers each, fingerprint abc'],
    });
    expect((await find({ name: 'another', chroma }, 'Collections')).says).toEqual([
      'none of this lookbook yet',
    ]);
  });

  it('names the file that is not the one of its manifest', async () => {
    const models = join(folder, 'models');
    const drawings = join(models, 'drawings');
    await mkdir(drawings, { recursive: true });
    await copyFile(projectPath('models/pictoclip.json'), join(models, 'drawings.json'));
    for (const file of ['image.onnx', 'text.onnx', 'settle.onnx', 'words.txt'])
      await copyFile(projectPath(`models/pictoclip/${file}`), join(drawings, file));
    vi.stubEnv('LOOKBOOK_MODELS', models);
    const settings = { encoder: 'drawings', chroma: 'memory:' };
    expect(await find(settings, 'Weights')).toMatchObject({ state: 'well' });
    const words = await readFile(join(drawings, 'words.txt'));
    words[0]! ^= 1;
    await writeFile(join(drawings, 'words.txt'), words);
    const { state, says } = await find(settings, 'Weights');
    expect(state).toBe('wrong');
    expect(says[0]).toMatch(/drawings\/words\.txt: got sha256 [0-9a-f]{64}, expected [0-9a-f]{64}$/);
  });

  it('what is wrong stands first in its table, and nothing that it says is markup', () => {
    const table = doctorTable([
      { name: 'Disk', state: 'well', says: ['9 GB free at <img src=x onerror=alert(1)>'] },
      { name: 'Store', state: 'wrong', says: ['[store] nothing answers'] },
    ]);
    expect(table).toContain('1 thing to mend');
    expect(table.indexOf('Store')).toBeLessThan(table.indexOf('Disk'));
    expect(table).not.toContain('<img');
  });
});
